package boundary

import (
	"strings"

	"github.com/firebreak/firebreak/internal/workflow"
)

// idTokenBesideUntrusted: no value has to be stolen here. Code in the job asks
// GitHub for a token and becomes whatever the cloud trusts the job to be.
//
// Source: GitHub Docs, "OpenID Connect", permissions settings; GitHub Security Lab,
// "Preventing pwn requests".
var idTokenBesideUntrusted = Rule{
	ID:   "id-token-beside-untrusted-code",
	Why:  "An outsider's code in a job with id-token: write becomes every cloud identity that trusts the job.",
	Fix:  "take id-token: write away from this job and log in from a job that runs no outsider's code",
	Gate: true, Order: OrderOIDC,
	judge: func(r *run) []hit {
		if r.Permissions["id-token"] != "write" {
			return nil
		}
		events := r.Outsiders()
		found, by := r.foreign(events)
		what := "checks out an outsider's code"
		if len(found) == 0 {
			if found, by = r.injected(events); len(found) == 0 {
				return nil
			}
			what = "puts an outsider's text into a script"
		}
		at, ok := workflow.IDToken(r.File.Permissions, r.Job.Permissions)
		if !ok {
			at = r.Job.Pos
		}
		return []hit{{
			Pos: at, severity: Critical, events: by[0],
			message: "job " + r.Job.ID + " has id-token: write, runs on " + strings.Join(by[0], ", ") + " and " + what + " (" + short(found[0].What) + ")",
		}}
	},
}

// injected is where an outsider's text becomes part of a script, and by which events.
func (r *run) injected(events []string) (found []workflow.Foreign, by [][]string) {
	for i := range r.Steps {
		s := &r.Steps[i]
		f, ok := s.Injects()
		if !ok {
			continue
		}
		var left []string
		for _, e := range events {
			if !workflow.Guarded(s.If, e) {
				left = append(left, e)
			}
		}
		if len(left) > 0 {
			found, by = append(found, f), append(by, left)
		}
	}
	return found, by
}
