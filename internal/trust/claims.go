package trust

import (
	"maps"
	"slices"
	"strings"
)

// Claims are those of one token, by name.
type Claims map[string]string

// ClaimSet is what the tokens of one job look like when one event starts it. Ref and
// Environment may be patterns (see workflow.Entry.Refs): every text they match can be
// the claim's value. The audience is whatever the job asks for.
// Source: GitHub Docs, "OpenID Connect reference", token claims.
type ClaimSet struct {
	Repository        string // "owner/name"
	RepositoryID      string // "" when not known
	OwnerID           string
	Visibility        string
	Event             string
	Ref               string // pattern of the full ref
	Base              string // of a pull request, its base branch; "" for others
	Environment       string // pattern, "" for none
	Workflow          string // path of the workflow that the event starts
	WorkflowName      string
	Called            string // "owner/name/path" of the called workflow the job is in; "" for none
	CalledRef         string // the ref it is called by
	Runner            string // "github-hosted", "self-hosted", "" when not known
	Subject           Subject
	Issuer            string // host and path, without scheme
	JobName, JobPlace string // for a witness
}

// Issuer is GitHub's own, which all of its users share.
const Issuer = "token.actions.githubusercontent.com"

// At gives the claims of one token of the set. What is not known is left out.
func (s *ClaimSet) At(ref, environment, audience string) Claims {
	owner, name, _ := strings.Cut(s.Repository, "/")
	c := Claims{
		"iss": "https://" + s.issuer(), "aud": audience, "repository": s.Repository, "repository_owner": owner, "event_name": s.Event,
		"ref": ref, "workflow": s.WorkflowName, "repository_id": s.RepositoryID, "repository_owner_id": s.OwnerID,
		"repository_visibility": s.Visibility, "environment": environment, "runner_environment": s.Runner, "base_ref": s.Base,
		"workflow_ref": s.Repository + "/" + s.Workflow + "@" + ref, "actor": "somebody",
	}
	switch {
	case strings.HasPrefix(ref, "refs/heads/"), strings.HasPrefix(ref, "refs/pull/"):
		c["ref_type"] = "branch"
	case strings.HasPrefix(ref, "refs/tags/"):
		c["ref_type"] = "tag"
	}
	if s.Called != "" {
		at := s.CalledRef
		if at == "" {
			at = ref // a local call: the same commit
		}
		c["job_workflow_ref"] = s.Called + "@" + at
	} else {
		c["job_workflow_ref"] = c["workflow_ref"]
	}
	c["sub"] = s.Subject.of(c, name)
	maps.DeleteFunc(c, func(_, v string) bool { return v == "" })
	return c
}

func (s *ClaimSet) issuer() string {
	if s.Issuer == "" {
		return Issuer
	}
	return s.Issuer
}

// Subject is how a repository's "sub" is made.
type Subject struct {
	// Keys of a customised subject, in order; nil for GitHub's default.
	Keys []string
	// Prefix is what GitHub says the default begins with ("repo:o@1/r@2"); "" when it did not say.
	Prefix string
	// Immutable: the ids stand beside the names.
	Immutable bool
	// Unknown: the template was not read.
	Unknown bool
}

// of makes the subject of a token.
// Source: GitHub Docs, "OpenID Connect reference", "Understanding the subject claim",
// customizing; a ":" in a value is written %3A.
func (t Subject) of(c Claims, name string) string {
	if len(t.Keys) == 0 {
		return t.repo(c, name) + ":" + context(c)
	}
	parts := make([]string, 0, len(t.Keys))
	for _, k := range t.Keys {
		switch k {
		case "repo":
			parts = append(parts, t.repo(c, name))
		case "context":
			parts = append(parts, context(c))
		default:
			parts = append(parts, k+":"+escape(c[k]))
		}
	}
	return strings.Join(parts, ":")
}

func (t Subject) repo(c Claims, name string) string {
	if t.Prefix != "" {
		return t.Prefix
	}
	owner := c["repository_owner"]
	if t.Immutable && c["repository_owner_id"] != "" && c["repository_id"] != "" {
		return "repo:" + owner + "@" + c["repository_owner_id"] + "/" + name + "@" + c["repository_id"]
	}
	return "repo:" + owner + "/" + name
}

func context(c Claims) string {
	switch {
	case c["environment"] != "":
		return "environment:" + escape(c["environment"])
	case c["event_name"] == "pull_request":
		return "pull_request"
	}
	return "ref:" + escape(c["ref"])
}

func escape(s string) string { return strings.ReplaceAll(s, ":", "%3A") }

// Demand is what a document asks of one claim: to match any of the patterns, or none.
type Demand struct {
	Claim string
	Any   []string
	Not   bool
}

// marks stand for the free parts while a set's claims are written as shapes.
const (
	refMark = "\x01"
	envMark = "\x02"
	audMark = "\x03"
)

// candidates gives values for the free parts of a set such that, if any token of it is
// let in, one of theirs is: for each way in, texts that meet all it asks of that part
// together, and some that nobody named.
func (s *ClaimSet) candidates(ways [][]Demand) (refs, envs, auds []string) {
	shapes := s.At(ifWild(s.Ref, refMark), ifWild(s.Environment, envMark), audMark)
	refs, envs = seeds(s.Ref), seeds(s.Environment)
	auds = []string{"https://github.com/" + shapes["repository_owner"]}
	for _, way := range ways {
		refs = append(refs, meets(way, shapes, refMark, s.Ref)...)
		envs = append(envs, meets(way, shapes, envMark, s.Environment)...)
		auds = append(auds, meets(way, shapes, audMark, "*")...)
	}
	// Source: git-check-ref-format(1).
	refs = slices.DeleteFunc(refs, func(ref string) bool {
		return strings.ContainsAny(ref, ":?*[\\^~ ") || (ref == "" || strings.HasSuffix(ref, "/")) && wild(s.Ref)
	})
	auds = slices.DeleteFunc(auds, func(aud string) bool { return aud == "" })
	return compact(refs), compact(envs), compact(auds)
}

// maxPicks bounds how many combinations of alternatives are tried.
const maxPicks = 512

// meets gives texts for the part of a claim set that a mark stands for, one for every
// combination of alternatives of the way in.
func meets(way []Demand, shapes Claims, mark, free string) []string {
	if !wild(free) {
		return nil
	}
	picks := [][]string{{free}}
	var unlike []string
	for _, d := range way {
		shape, ok := shapes[d.Claim]
		if !ok || !strings.Contains(shape, mark) {
			continue
		}
		before, after, _ := strings.Cut(shape, mark)
		var patterns []string
		for _, p := range d.Any {
			patterns = append(patterns, about(p, before, after)...)
		}
		if d.Not {
			unlike = append(unlike, patterns...)
			continue
		}
		var next [][]string
		for _, pick := range picks {
			for _, p := range patterns {
				if next = append(next, append(slices.Clone(pick), p)); len(next) >= maxPicks {
					break
				}
			}
		}
		picks = next
	}
	var out []string
	for _, pick := range picks {
		for _, more := range []string{"?*", "*x*", "*z-0*", "??*"} {
			if v, ok := Meet('x', append(slices.Clone(pick), more)...); ok {
				out = append(out, v)
				if len(unlike) == 0 {
					break
				}
			}
		}
	}
	return out
}

// about gives patterns for the free part of a claim, of which before and after stand
// around it, that make the claim match p. Other free parts around it match anything.
func about(p, before, after string) []string {
	if strings.ContainsAny(before, refMark+envMark+audMark) {
		return []string{"*"}
	}
	out := rests(p, before)
	if strings.ContainsAny(after, refMark+envMark+audMark) {
		return append(out, "*")
	}
	var inner []string
	for _, r := range out {
		for _, x := range rests(reversed(r), reversed(after)) {
			inner = append(inner, reversed(x))
		}
	}
	return inner
}

func reversed(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

// seeds are values of a pattern that nobody will have named, or the value itself.
func seeds(pattern string) []string {
	if !wild(pattern) {
		return []string{pattern}
	}
	return []string{
		strings.NewReplacer("*", "any", "?", "x").Replace(pattern),
		strings.NewReplacer("*", "other/0", "?", "0").Replace(pattern),
	}
}

func ifWild(pattern, mark string) string {
	if wild(pattern) {
		return mark
	}
	return pattern
}

func compact(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}
