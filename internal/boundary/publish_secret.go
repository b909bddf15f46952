package boundary

import (
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/workflow"
)

// publishOutsideEnvironment: a repository secret is given to any workflow on any
// branch; an environment is where reviewers and branch rules can stand in between.
//
// Source: GitHub Docs, "Deployments and environments", environment secrets.
var publishOutsideEnvironment = Rule{
	ID:   "publish-secret-outside-environment",
	Why:  "A job that publishes or deploys outside of an environment does so for everyone who can push a branch, with nobody asked.",
	Fix:  "move the secret into an environment with required reviewers and branch rules, and name the environment in this job",
	Gate: true, Order: OrderRegistry,
	judge: func(r *run) []hit {
		if r.Job.Environment != nil {
			return nil
		}
		var events []string
		for _, t := range r.Start.Triggers {
			if t.From != workflow.FromCaller {
				events = append(events, t.Name)
			}
		}
		if len(events) == 0 {
			return nil // a reusable workflow: its callers' runs are judged
		}
		var hits []hit
		done := map[string]bool{}
		for _, x := range r.Refs() {
			if x.Kind != workflow.Secret || x.How == workflow.HowIf {
				continue
			}
			for _, name := range r.Real(x.Name) {
				c, authority := r.publishes(name)
				if authority == "" || done[c.ID] {
					continue
				}
				done[c.ID] = true
				h := hit{Pos: x.Pos, order: removal(authority), severity: High, events: events, message: "job " + r.Job.ID + " uses " + name + ", which can " + authority + ", outside of any environment"}
				if r.Remote != "" {
					h.severity = Unknown
					h.message = "job " + r.Job.ID + " passes " + name + ", which can " + authority + ", to " + short(r.Remote) + "; whether that uses an environment is not known"
				}
				hits = append(hits, h)
			}
		}
		return hits
	},
}

// removal is where a credential of such an authority stands in the order.
func removal(authority string) int {
	if strings.HasPrefix(authority, "publish") {
		return OrderRegistry
	}
	return OrderCloud
}

// publishes finds the credential behind a name in this job and says in words
// which of publish and deploy it can; "" for neither.
func (r *run) publishes(name string) (inventory.Credential, string) {
	for _, x := range r.reaches {
		c, ok := r.credentials[x.Credential]
		if !ok || !strings.EqualFold(x.Name, name) {
			continue
		}
		var may []string
		for _, a := range []string{"publish", "deploy"} {
			if slices.Contains(c.Authority, a) {
				may = append(may, a)
			}
		}
		if len(may) > 0 {
			return *c, strings.Join(may, " and ")
		}
	}
	return inventory.Credential{}, ""
}
