package boundary

import (
	"strings"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/workflow"
)

// deployOutsideProtected: an environment is only a name until somebody gives it rules.
// Its rules are in the survey, never in the files, so of a folder nothing is told.
//
// Source: GitHub Docs, "Deployments and environments", deployment protection rules;
// "Managing environments for deployment": a workflow that names an environment that does
// not exist makes it.
var deployOutsideProtected = Rule{
	ID:   "deploy-outside-protected-environment",
	Why:  "An environment without rules lets every branch deploy, with nobody asked.",
	Fix:  "give the environment the branches that may deploy and people who must approve, and do not let administrators pass by them",
	Gate: true,
	judge: func(r *run) []hit {
		e := r.Job.Environment
		if e == nil || r.Model.Environments == nil || len(r.Entries) == 0 || r.Start.OnlyCalled() {
			return nil
		}
		does, at := r.ships(e.Value)
		if does == "" {
			return nil
		}
		h := hit{Pos: e.Pos, order: at, message: "job " + r.Job.ID + " " + does + " in environment " + short(e.Value)}
		known, ok := r.Model.Environments[strings.ToLower(e.Value)]
		switch {
		case strings.Contains(e.Value, "${{"):
			h.severity = Unknown
			h.message += "; which one that is shows only at a run"
		case !ok:
			h.severity = High
			h.message += ", which does not exist: the first run makes it, without rules"
		default:
			why := ""
			if h.severity, why = unguardedBy(known); why == "" {
				return nil
			}
			h.message += "; " + why
		}
		return []hit{h}
	},
}

// unguardedBy says what an environment's rules leave open, and how bad that is.
func unguardedBy(e inventory.Environment) (severity, why string) {
	asked := "nobody is asked"
	if e.Asked {
		asked = "somebody must approve"
		if e.Bypass {
			asked += ", but administrators can pass by that"
		}
	}
	switch {
	case e.Unread != "":
		return Unknown, e.Unread
	case e.Open != "" && !e.Asked:
		return High, e.Open + ", and " + asked
	case e.Open != "":
		return Medium, e.Open + "; " + asked
	case !e.Asked:
		return Low, "some branches may use it, and " + asked
	case e.Bypass:
		return Low, asked
	}
	return "", ""
}

// ships says what a job has to publish or deploy with in an environment, and where that
// stands in the order; "" for nothing.
func (r *run) ships(environment string) (does string, order int) {
	for _, x := range r.Refs() {
		if x.Kind != workflow.Secret || x.How == workflow.HowIf {
			continue
		}
		for _, name := range r.Real(x.Name) {
			if _, authority := r.publishes(name); authority != "" {
				return "uses " + name + ", which can " + authority + ",", removal(authority)
			}
		}
	}
	for i := range r.Steps {
		if what, _ := hands(&r.Steps[i]); what != "" && r.armed() {
			return what, removal(strings.Replace(what, "publishes", "publish", 1))
		}
	}
	if r.Permissions["id-token"] == "write" && r.needed().OIDC == "yes" {
		return "logs in by OIDC", OrderCloud
	}
	for _, x := range r.reaches {
		if c, ok := r.credentials[x.Credential]; ok && strings.EqualFold(c.Scope, "environment/"+environment) {
			return "takes " + c.Name + ", a secret of its own,", OrderRest
		}
	}
	return "", 0
}
