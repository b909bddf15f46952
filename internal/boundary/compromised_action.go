package boundary

import (
	"strings"

	"github.com/firebreak/firebreak/internal/workflow"
)

// compromised is an action of which some version was attacker's code. A row is data.
type compromised struct {
	uses    string   // lower case; one that ends in "/" stands for everything below
	commits []string // attacker's code, whole ids
	// tags were moved to it, all but safe ones, between from and to (UTC).
	tags     bool
	safe     []string
	from, to string
	what     string // its public name
	source   string
}

// knownCompromised lists only what a source supports.
var knownCompromised = []compromised{
	{
		uses: "tj-actions/changed-files", commits: []string{"0e58ed8671d6b60d0890c21b07f8835ace038e67"}, tags: true,
		from: "2025-03-14 16:00", to: "2025-03-15 22:00", what: "CVE-2025-30066", source: "GitHub Advisory GHSA-mrrh-fwg8-r2c3",
	},
	{
		uses: "reviewdog/action-setup", commits: []string{"f0d342d24037bb11d26b9bd8496e0808ba32e9ec"}, tags: true, safe: []string{"v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0"},
		from: "2025-03-11 18:42", to: "2025-03-11 20:31", what: "CVE-2025-30154", source: "GitHub Advisory GHSA-qmg3-hpqr-gqvc",
	},
	{
		uses: "reviewdog/action-shellcheck", tags: true, from: "2025-03-11 18:42", to: "2025-03-11 20:31", what: "CVE-2025-30154, through reviewdog/action-setup", source: "GitHub Advisory GHSA-qmg3-hpqr-gqvc",
	},
	{
		uses: "reviewdog/action-composite-template", tags: true, from: "2025-03-11 18:42", to: "2025-03-11 20:31", what: "CVE-2025-30154, through reviewdog/action-setup", source: "GitHub Advisory GHSA-qmg3-hpqr-gqvc",
	},
	{
		uses: "reviewdog/action-staticcheck", tags: true, from: "2025-03-11 18:42", to: "2025-03-11 20:31", what: "CVE-2025-30154, through reviewdog/action-setup", source: "GitHub Advisory GHSA-qmg3-hpqr-gqvc",
	},
	{
		uses: "reviewdog/action-ast-grep", tags: true, from: "2025-03-11 18:42", to: "2025-03-11 20:31", what: "CVE-2025-30154, through reviewdog/action-setup", source: "GitHub Advisory GHSA-qmg3-hpqr-gqvc",
	},
	{
		uses: "reviewdog/action-typos", tags: true, from: "2025-03-11 18:42", to: "2025-03-11 20:31", what: "CVE-2025-30154, through reviewdog/action-setup", source: "GitHub Advisory GHSA-qmg3-hpqr-gqvc",
	},
	{
		uses: "aquasecurity/trivy-action", tags: true, safe: []string{"0.35.0", "v0.35.0"},
		from: "2026-03-19 17:00", to: "2026-03-20 06:00", what: "the compromise of Trivy's actions", source: "Aqua Security's disclosure of March 2026: the tags were moved, the release made after the first wave was not",
	},
	{
		uses: "aquasecurity/setup-trivy", tags: true,
		from: "2026-03-19 17:00", to: "2026-03-20 06:00", what: "the compromise of Trivy's actions", source: "Aqua Security's disclosure of March 2026",
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
				if h, ok := judgeVersion(f.Jobs[i].ID, s.Uses, s.UsesPos); ok {
					hits = append(hits, h)
				}
			}
		}
		return hits
	},
}

func judgeVersion(job, uses string, at workflow.Pos) (hit, bool) {
	name, ref, ok := strings.Cut(strings.ToLower(uses), "@")
	if !ok {
		return hit{}, false
	}
	for i := range knownCompromised {
		c := &knownCompromised[i]
		if name != c.uses && !strings.HasPrefix(name, c.uses+"/") {
			continue
		}
		h := hit{Pos: at, job: job}
		if containsFold(c.commits, ref) {
			h.severity, h.message = Critical, "job "+job+" uses "+short(uses)+", which is attacker's code ("+c.what+")"
			return h, true
		}
		if c.tags && !isCommit(ref) && !containsFold(c.safe, ref) {
			h.severity, h.message = Medium, "job "+job+" uses "+short(uses)+", a name that pointed at attacker's code from "+c.from+" to "+c.to+" UTC ("+c.what+")"
			return h, true
		}
	}
	return hit{}, false
}
