package github

import "github.com/firebreak/firebreak/adapters"

// guardRoutes are the reads of what narrows who may deploy, publish or start something.
func guardRoutes(get func(name, pattern string) adapters.Route) []adapters.Route {
	const repo = "/repos/*/*"
	return []adapters.Route{
		get("rulesets", repo+"/rulesets"),
		get("ruleset", repo+"/rulesets/*"),
		get("approval of pull requests from forks", repo+"/actions/permissions/fork-pr-contributor-approval"),
		get("pull requests from forks of a private repository", repo+"/actions/permissions/fork-pr-workflows-private-repos"),
	}
}
