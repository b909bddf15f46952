package inventory

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/snapshot"
)

// Environment is a deployment environment, as far as it keeps a job waiting or out.
type Environment struct {
	Name string
	// Open says why a job on any branch gets in; "" where that is not so. Unread says
	// why it is not known.
	Open, Unread string
	// Asked: somebody must approve the job first, or a rule of another kind holds it.
	Asked bool
	// Bypass: an administrator can let it in all the same.
	Bypass bool
}

// environments gives a repository's by lower-case name; nil where the survey has a gap.
// Environment names are compared without case.
//
// Source: GitHub Docs, "Deployments and environments": branches and tags; protected
// branches only, "if no branch protection rules are defined for any branch in the
// repository, then all branches can deploy".
func environments(r *snapshot.Repository, gaps []snapshot.Gap) map[string]Environment {
	if gap(gaps, "environments of "+r.FullName) {
		return nil
	}
	out := make(map[string]Environment, len(r.Environments))
	for i := range r.Environments {
		e := &r.Environments[i]
		x := Environment{Name: e.Name, Asked: len(e.Reviewers) > 0 || otherRule(e.Raw), Bypass: e.CanBypass}
		switch e.Policy {
		case "":
			x.Open = "any branch may use it"
		case "protected":
			x.Open, x.Unread = withoutProtection(r)
		case "custom":
			switch {
			case gap(gaps, "branches that may use environment "+e.Name+" of "+r.FullName):
				x.Unread = "the branches that may use it could not be listed"
			case slices.ContainsFunc(e.Branches, anyName):
				x.Open = "a branch of any name may use it"
			}
		}
		out[strings.ToLower(e.Name)] = x
	}
	return out
}

// withoutProtection is what "protected branches only" comes to where no branch is
// protected. Whether a ruleset counts for it is not documented.
func withoutProtection(r *snapshot.Repository) (open, unread string) {
	switch {
	case len(r.Branches) == 0:
		return "", "the branches were not listed"
	case slices.ContainsFunc(r.Branches, func(b snapshot.Branch) bool { return b.Protected }):
		return "", ""
	case len(r.Rulesets) > 0:
		return "", "it is for protected branches, and there are none but those of rulesets"
	}
	return "it is for protected branches, and with none protected any branch may use it", ""
}

// anyName says whether a pattern matches names that whoever may push can choose.
func anyName(pattern string) bool { return pattern == "*" || pattern == "**" || pattern == "**/*" }

// gapsByRepository sorts GitHub's gaps by the repository whose name ends them.
func gapsByRepository(gaps []snapshot.Gap) map[string][]snapshot.Gap {
	out := map[string][]snapshot.Gap{}
	for _, g := range gaps {
		if g.Provider == "github" {
			name := g.What[strings.LastIndexByte(g.What, ' ')+1:]
			out[name] = append(out[name], g)
		}
	}
	return out
}

func gap(gaps []snapshot.Gap, what string) bool {
	return slices.ContainsFunc(gaps, func(g snapshot.Gap) bool { return g.What == what })
}

// otherRule says whether the environment has a protection rule beyond reviewers, a wait
// and branches: an App's, that may hold a job as a person would.
func otherRule(raw json.RawMessage) bool {
	var e struct {
		Rules []struct {
			Type string `json:"type"`
		} `json:"protection_rules"`
	}
	if len(raw) == 0 || json.Unmarshal(raw, &e) != nil {
		return false
	}
	for _, r := range e.Rules {
		switch r.Type {
		case "required_reviewers", "wait_timer", "branch_policy":
		default:
			return true
		}
	}
	return false
}
