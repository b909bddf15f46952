package boundary

import (
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/workflow"
)

// selfHostedForOutsiders: a machine of one's own keeps what a run leaves on it.
//
// Source: GitHub Docs, "Security hardening for GitHub Actions", hardening for self-hosted runners.
var selfHostedForOutsiders = Rule{
	ID:   "self-hosted-for-outsiders",
	Why:  "An outsider's code runs on a machine of your own, and what it leaves there meets the next job.",
	Fix:  "run outsiders' pull requests on GitHub's runners, or on machines that live for one job",
	Gate: true,
	judge: func(r *run) []hit {
		if r.Model.Visibility == "private" || !slices.ContainsFunc(r.Job.Runner.Labels, func(l string) bool { return strings.EqualFold(l, "self-hosted") }) {
			return nil
		}
		var events []string
		for _, e := range r.Entries {
			if e.Trust == workflow.Untrusted && (e.Name == "pull_request" || e.Authority) {
				events = append(events, e.Name)
			}
		}
		own := slices.Contains(events, "pull_request") && r.buildsTree()
		found, _ := r.foreign(r.outsiders)
		if !own && len(found) == 0 {
			return nil
		}
		severity := High
		if r.Model.Visibility == "" {
			severity = Unknown
		}
		message := "job " + r.Job.ID + " runs an outsider's code on a self-hosted runner, on " + strings.Join(events, ", ")
		if severity == Unknown {
			message += ", if the repository is public, which was not read"
		}
		return []hit{{Pos: r.Job.Runner.Pos, severity: severity, events: events, message: message}}
	},
}
