package trust

import (
	"cmp"
	"fmt"
	"strings"
)

// Answer is what a document says to a claim set.
type Answer struct {
	Verdict Verdict
	// Claims are a token's that is let in; Statement is the number, from 1, of what lets it
	// in. Only with Allowed.
	Claims    Claims
	Statement int
	// Why is the reason of Denied, or the evidence that is missing for Unknown.
	Why string
}

// Verdict is yes, no, or not evaluable.
type Verdict int

const (
	Denied Verdict = iota
	Allowed
	Unknown
)

func (v Verdict) String() string { return [...]string{"denied", "allowed", "not evaluable"}[v] }

// Document is a trust document of any provider.
type Document interface {
	// Judge says whether it lets the token of these claims in.
	Judge(Claims) Answer
	// Demands are the ways in, each with all it asks of the claims.
	Demands() [][]Demand
}

// bound is how many tokens of a set are tried.
const bound = 4096

// Evaluate asks whether any token of the set is let in. Allowed comes with the first
// such token in a fixed order; Unknown wins over Denied.
func Evaluate(d Document, s *ClaimSet) Answer {
	refs, envs, auds := s.candidates(d.Demands())
	out := Answer{Why: "no statement lets it in"}
	tried := 0
	for _, ref := range refs {
		for _, env := range envs {
			for _, aud := range auds {
				if tried++; tried > bound {
					return Answer{Verdict: Unknown, Why: "the document has too many patterns to try"}
				}
				a := d.Judge(s.At(ref, env, aud))
				switch {
				case a.Verdict == Allowed:
					return a
				case out.Verdict == Denied:
					out = a
				}
			}
		}
	}
	if out.Verdict == Denied && s.Subject.Unknown {
		out.Verdict, out.Why = Unknown, "the repository's subject template was not read; by GitHub's default, "+out.Why
	}
	return out
}

// Shown writes the claims that matter for a witness, in a fixed order.
func (c Claims) Shown() string {
	var out []string
	for _, k := range []string{"sub", "ref", "environment", "job_workflow_ref", "event_name", "aud"} {
		if v := c[k]; v != "" {
			out = append(out, k+"="+v)
		}
	}
	return strings.Join(out, " ")
}

// Witness says in one sentence which token becomes what.
func (a Answer) Witness(s *ClaimSet, what string) string {
	return fmt.Sprintf("%s, on %s of %s, claims {%s} → %s, statement %d",
		cmp.Or(s.JobName, "a job"), s.Event, s.on(), a.Claims.Shown(), what, a.Statement)
}

func (s *ClaimSet) on() string {
	switch {
	case s.Ref == "refs/heads/*":
		return "any branch"
	case s.Ref == "refs/tags/*":
		return "any tag"
	case strings.HasPrefix(s.Ref, "refs/pull/"):
		return "any pull request"
	}
	return s.Ref
}
