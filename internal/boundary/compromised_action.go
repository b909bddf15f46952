package boundary

import (
	"strconv"
	"strings"

	"github.com/firebreak/firebreak/internal/workflow"
)

// compromised is an action of which some version was attacker's code. A row is data.
type compromised struct {
	uses    string   // lower case
	commits []string // attacker's code, whole ids
	// moved says that its tags were moved to it: only the named ones, or those of versions up
	// to last ("" for all). doubtful are branches of which nobody could say they were safe.
	moved    bool
	only     []string
	last     string
	doubtful []string
	// from and to are when (UTC), as precise as the source; to is "" where the tags had not
	// been put back when the source was written.
	from, to string
	what     string // its public name
	source   string
}

const reviewdog = "GitHub Advisory GHSA-qmg3-hpqr-gqvc; reviewdog/reviewdog issue 2079"

// knownCompromised lists only what its source supports.
var knownCompromised = []compromised{
	{
		uses: "tj-actions/changed-files", commits: []string{"0e58ed8671d6b60d0890c21b07f8835ace038e67"}, moved: true, last: "45.0.7",
		from: "2025-03-14", to: "2025-03-15", what: "CVE-2025-30066", source: "GitHub Advisories GHSA-mrrh-fwg8-r2c3 and GHSA-mw4p-6x4p-x5m5: v1 to v45.0.7",
	},
	{
		uses: "reviewdog/action-setup", commits: []string{"f0d342d24037bb11d26b9bd8496e0808ba32e9ec"}, moved: true, only: []string{"v1"},
		from: "2025-03-11 18:42", to: "2025-03-11 20:31", what: "CVE-2025-30154", source: reviewdog,
	},
	{uses: "reviewdog/action-shellcheck", moved: true, from: "2025-03-11 18:42", to: "2025-03-11 20:31", what: "CVE-2025-30154, through reviewdog/action-setup", source: reviewdog},
	{uses: "reviewdog/action-composite-template", moved: true, from: "2025-03-11 18:42", to: "2025-03-11 20:31", what: "CVE-2025-30154, through reviewdog/action-setup", source: reviewdog},
	{uses: "reviewdog/action-staticcheck", moved: true, from: "2025-03-11 18:42", to: "2025-03-11 20:31", what: "CVE-2025-30154, through reviewdog/action-setup", source: reviewdog},
	{uses: "reviewdog/action-ast-grep", moved: true, from: "2025-03-11 18:42", to: "2025-03-11 20:31", what: "CVE-2025-30154, through reviewdog/action-setup", source: reviewdog},
	{uses: "reviewdog/action-typos", moved: true, from: "2025-03-11 18:42", to: "2025-03-11 20:31", what: "CVE-2025-30154, through reviewdog/action-setup", source: reviewdog},
	{
		uses: "aquasecurity/trivy-action", commits: []string{"ddb9da4475c1cef7d5389062bdfdfbdbd1394648"}, moved: true, last: "0.34.2", doubtful: []string{"master"},
		from: "2026-03-19", to: "2026-03-20", what: "GHSA-69fq-xp46-6x23", source: "aquasecurity/trivy-action issue 541: every tag before 0.35.0; of master its maintainers could not say that it was safe",
	},
	{
		uses: "aquasecurity/setup-trivy", moved: true, last: "0.2.5",
		from: "2026-03-19", to: "2026-03-20", what: "GHSA-69fq-xp46-6x23", source: "GitHub Advisory GHSA-69fq-xp46-6x23: seven tags; v0.2.6 is the clean one",
	},
	{
		uses: "actions-cool/issues-helper", moved: true, from: "2026-05-18 19:10",
		what: "the compromise of actions-cool", source: "actions-cool/issues-helper issues 230 and 231: every tag; umijs/qiankun pull request 3209: on 2026-09-17 the tags ran the payload again, after GitHub had unblocked the repository",
	},
	{
		uses: "actions-cool/maintain-one-comment", moved: true, from: "2026-05-18 19:10",
		what: "the compromise of actions-cool", source: "apache/incubator-kie-kogito-docs issue 760: every tag",
	},
}

// compromisedAction tells of a version that is known to have been attacker's code. A
// tag points elsewhere today; what ran while it did not is a matter for the response.
//
// Source: the advisories in the rows above.
var compromisedAction = Rule{
	ID:   "compromised-action",
	Why:  "This version of the action was attacker's code, or its tag pointed at it for a time.",
	Fix:  "name the commit of a clean release in full, and treat runs of that time as an incident: firebreak contain --action OWNER/NAME@REF",
	Gate: true,
	judgeFile: func(f *file) []hit {
		var hits []hit
		for i := range f.Jobs {
			for k := range f.Jobs[i].Steps {
				s := &f.Jobs[i].Steps[k]
				if h, ok := judgeVersion("job "+f.Jobs[i].ID, s.Uses, s.UsesPos); ok {
					h.job = f.Jobs[i].ID
					hits = append(hits, h)
				}
			}
		}
		f.inner(func(action, uses string, at workflow.Pos) {
			if h, ok := judgeVersion("the action", uses, at); ok {
				h.path = action
				hits = append(hits, h)
			}
		})
		return hits
	},
}

func judgeVersion(user, uses string, at workflow.Pos) (hit, bool) {
	name, ref, ok := strings.Cut(strings.ToLower(uses), "@")
	if !ok {
		return hit{}, false
	}
	for i := range knownCompromised {
		c := &knownCompromised[i]
		if name != c.uses && !strings.HasPrefix(name, c.uses+"/") {
			continue
		}
		h := hit{Pos: at, severity: Medium}
		who := user + " uses " + short(uses) + ", "
		switch {
		case containsFold(c.commits, ref):
			h.severity, h.message = Critical, who+"which is attacker's code ("+c.what+")"
		case containsFold(c.doubtful, ref):
			h.message = who + "of which nobody could say that it was safe from " + c.from + " to " + c.to + " UTC (" + c.what + ")"
		case !c.moved || !version(ref) || c.only != nil && !containsFold(c.only, ref) || c.last != "" && later(ref, c.last):
			return hit{}, false
		case c.to == "":
			h.severity, h.message = Critical, who+"a name that points at attacker's code since "+c.from+" UTC and had not been put back when that was last looked at ("+c.what+")"
		default:
			h.message = who + "a name that pointed at attacker's code from " + c.from + " to " + c.to + " UTC (" + c.what + ")"
		}
		return h, true
	}
	return hit{}, false
}

// version says whether a ref is a version's tag: v1, 1.2.3.
func version(ref string) bool {
	ref = strings.TrimPrefix(ref, "v")
	return ref != "" && ref[0] >= '0' && ref[0] <= '9' && !isCommit(ref) && !strings.Contains(ref, "/")
}

// later says whether a version comes behind another; "v45" stands for the last of them.
func later(ref, last string) bool {
	a, b := strings.Split(strings.TrimPrefix(ref, "v"), "."), strings.Split(last, ".")
	for i := range min(len(a), len(b)) {
		x, errX := strconv.Atoi(a[i])
		y, errY := strconv.Atoi(b[i])
		if errX != nil || errY != nil {
			return false // it is not known: rather one too many
		}
		if x != y {
			return x > y
		}
	}
	return false
}
