package trust

import (
	"fmt"
	"slices"
	"strings"
)

// Issue is what a trust document lets in that nobody can want.
type Issue struct {
	ID        string
	Severity  string // "critical", "high", "medium", "low"
	Statement int    // from 1
	Message   string
	Fix       string
}

// Severities of the table in the rules' documentation: anybody, a whole owner or
// repository, weak, informative.
const (
	anybody = "critical"
	wide    = "high"
	weak    = "medium"
	inform  = "low"
)

// Around is what is known beside the document.
type Around struct {
	// ClientIDs are the audiences of the identity provider; nil when not read.
	ClientIDs []string
	// Changed is the day the role was last changed ("2025-05-31"), "" when not known.
	Changed string
	// Repositories are those that were surveyed, by their name in lower case.
	Repositories map[string]Repository
}

// Repository is what matters of a repository for a trust document about it.
type Repository struct {
	FullName string
	Subject  Subject
	// Protected says for each environment whether a branch policy or a reviewer stands
	// before it.
	Protected map[string]bool
}

// narrow is the form every fix points at.
const narrow = "bind sub to one repository by its ids and to a protected environment or one branch, job_workflow_ref to one file at one ref, and aud to sts.amazonaws.com"

// binding are the demands of one statement that really restrict, by claim.
type binding map[string][]Condition

// Lint looks at every Allow of a trust policy for GitHub alone: the widest one decides.
// Source of the list: AWS IAM User Guide, "Configuring a role for GitHub OIDC identity
// provider"; the rules of checkov, Datadog, Rezonate and prowler; configure-aws-credentials' README.
func (p *Policy) Lint(x Around) []Issue {
	var out []Issue
	github := false
	for i := range p.Statements {
		s := &p.Statements[i]
		if s.Effect != "Allow" {
			continue
		}
		l := &lint{policy: p, n: i + 1, s: s, around: x}
		if s.Anybody || p.federated(s) {
			github = true
			l.statement()
		}
		out = append(out, l.issues...)
	}
	if !github {
		return nil
	}
	for i := range p.Statements {
		l := &lint{policy: p, n: i + 1, s: &p.Statements[i], around: x}
		l.otherDoors()
		out = append(out, l.issues...)
	}
	if x.Changed != "" && x.Changed < "2025-06-01" {
		out = append(out, Issue{ID: "trust-old-role", Severity: inform, Statement: 1, Message: "the role was last changed on " + x.Changed + ", before AWS began to refuse open trust in shared providers", Fix: "save the trust policy again, narrowed"})
	}
	return out
}

type lint struct {
	policy *Policy
	n      int
	s      *Statement
	around Around
	issues []Issue
	b      binding
}

func (l *lint) add(id, severity, fix, format string, args ...any) {
	l.issues = append(l.issues, Issue{ID: id, Severity: severity, Statement: l.n, Message: fmt.Sprintf("statement %d: ", l.n) + fmt.Sprintf(format, args...), Fix: fix})
}

func (l *lint) statement() {
	if l.s.Anybody {
		l.add("trust-second-door", anybody, "name the identity provider as the principal", "its principal is everybody")
	}
	l.operators()
	l.values()
	l.owner()
	l.rest()
	l.audience()
}

// operators sorts the conditions into those that restrict and those that only seem to.
func (l *lint) operators() {
	l.b = binding{}
	negative := 0
	for _, c := range l.s.Conditions {
		o := parseOperator(c.Operator)
		claim, known, global := claimOf(c.Key, l.policy.issuer)
		switch {
		case global:
			continue
		case !known:
			l.misspelt(c, o)
			continue
		case o.all:
			l.add("trust-forallvalues", anybody, "use the plain operator", "%s on %s is true for a token without the claim", c.Operator, c.Key)
		case o.ifExists:
			l.add("trust-ifexists", anybody, "use the operator without IfExists", "%s on %s is true for a token without the claim", c.Operator, c.Key)
		case o.negative || o.null:
			negative++
		default:
			l.b[claim] = append(l.b[claim], c)
		}
	}
	if negative > 0 && !l.owned() {
		l.add("trust-negative-only", anybody, narrow, "it only says who may not, so that everybody else may")
	}
}

func (l *lint) misspelt(c Condition, o operator) {
	severity, what := inform, "never holds, so that nobody gets in"
	if o.all || o.ifExists || o.negative {
		severity, what = anybody, "always holds, so that it restricts nobody"
	}
	l.add("trust-misspelt-key", severity, "write "+l.policy.issuer+":sub, or another of the keys AWS has", "no token has %s; %s on it %s", c.Key, c.Operator, what)
}

// owned says whether anything ties a token to an owner.
func (l *lint) owned() bool {
	for _, claim := range []string{"sub", "repository", "repository_id", "repository_owner_id", "enterprise_id", "job_workflow_ref"} {
		if len(l.b[claim]) > 0 {
			return true
		}
	}
	return false
}

func (l *lint) values() {
	for _, c := range l.s.Conditions {
		o := parseOperator(c.Operator)
		for _, v := range c.Values {
			switch {
			case variable(v):
				l.add("trust-variable", weak, "write the value out", "%s is compared with %s, which AWS fills in at run time", c.Key, v)
			case strings.Contains(v, "?") && o.compare != nil && strings.Contains(strings.ToLower(c.Operator), "like"):
				l.add("trust-variable", weak, "write the value out", "%s has a ? in %s, which stands for any one character", c.Key, v)
			}
		}
		if strings.HasSuffix(strings.ToLower(c.Operator), "equalsignorecase") {
			if claim, known, _ := claimOf(c.Key, l.policy.issuer); known && claim != "aud" {
				l.add("trust-case", inform, "use StringEquals with the name as GitHub writes it", "%s without case lets in branches and environments that differ by case", c.Key)
			}
		}
	}
}

// owner judges how tightly a statement is bound to an owner and a repository. The
// widest value of every claim decides, and the tightest claim of the statement.
func (l *lint) owner() {
	if !l.owned() {
		if !slices.ContainsFunc(l.issues, func(i Issue) bool { return i.ID == "trust-negative-only" }) {
			if len(l.b["actor"])+len(l.b["actor_id"]) > 0 {
				l.add("trust-actor-only", weak, narrow, "only who triggers the run is asked for; a re-run and a bot count as somebody else")
			}
			l.add("trust-unbound", anybody, narrow, "nothing ties a token to an owner or a repository: every GitHub user gets in")
		}
		return
	}
	by := l.byID()
	for _, c := range l.b["sub"] {
		for _, v := range c.Values {
			if !by {
				l.subject(c, v)
			}
		}
	}
	if len(l.b["sub"]) == 0 && !by {
		l.claims()
	}
	if by && len(l.b["sub"]) == 0 {
		l.only("repository_id")
	}
}

// byID says whether a repository's id, which nobody else can have, is asked for.
func (l *lint) byID() bool {
	for _, c := range l.b["repository_id"] {
		if !slices.ContainsFunc(c.Values, wild) {
			return true
		}
	}
	return false
}

// claims judges a statement that is bound by GitHub's claims and not by the subject.
func (l *lint) claims() {
	switch {
	case len(l.b["repository"]) > 0:
		for _, c := range l.b["repository"] {
			for _, v := range c.Values {
				l.repository(v, v, strings.Contains(strings.ToLower(c.Operator), "like"))
			}
		}
		l.only("repository")
	case len(l.b["repository_owner_id"])+len(l.b["enterprise_id"]) > 0:
		l.add("trust-whole-owner", wide, narrow, "every repository of the owner gets in, those yet to be made included")
	}
}

func (l *lint) only(claim string) {
	if len(l.b["ref"])+len(l.b["environment"])+len(l.b["sub"]) == 0 {
		l.add("trust-whole-repository", wide, narrow, "only %s is asked for: any branch, tag, pull request and workflow of the repository gets in", claim)
	}
}
