package github

import "github.com/firebreak/firebreak/adapters"

// liveRoutes are the reads that finding live and affected runs needs beside a survey's.
func liveRoutes(get func(name, pattern string) adapters.Route) []adapters.Route {
	const repo = "/repos/*/*"
	return []adapters.Route{
		get("repositories of an organization", "/orgs/*/repos"),
		get("repositories of a user", "/users/*/repos"),
		get("repositories of the token's own user", "/user/repos"),
		get("how many repositories an organization has", "/orgs/*"),
		get("what a run waits for", repo+"/actions/runs/*/pending_deployments"),
		get("commit", repo+"/commits/*"),
		get("log of a job", repo+"/actions/jobs/*/logs"),
	}
}
