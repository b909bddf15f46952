package github

import (
	"net/http"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/adapters"
)

// routes names every read this adapter makes. What is not here is not sent by a
// plan, a dry run, a survey or a verification.
func routes() []adapters.Route {
	const repo = "/repos/*/*"
	get := func(name, pattern string) adapters.Route {
		return adapters.Route{Name: name, Method: http.MethodGet, Pattern: pattern}
	}
	return append(slices.Concat(storeRoutes(get), liveRoutes(get), guardRoutes(get)), []adapters.Route{
		get("who we are", "/user"),
		get("whether GitHub takes our token", "/rate_limit"),
		get("repository", repo),
		get("branches", repo+"/branches"),
		get("tree", repo+"/git/trees/*"),
		get("blob", repo+"/git/blobs/*"),
		get("workflows", repo+"/actions/workflows"),
		get("workflow", repo+"/actions/workflows/*"),
		get("runs of a workflow", repo+"/actions/workflows/*/runs"),
		get("runs", repo+"/actions/runs"),
		get("run", repo+"/actions/runs/*"),
		get("jobs", repo+"/actions/runs/*/jobs"),
		get("logs", repo+"/actions/runs/*/attempts/*/logs"),
		get("artifacts of a run", repo+"/actions/runs/*/artifacts"),
		get("artifacts", repo+"/actions/artifacts"),
		get("artifact", repo+"/actions/artifacts/*/zip"),
		get("caches", repo+"/actions/caches"),
		get("secrets", repo+"/actions/secrets"),
		get("secret, or the key to seal with", repo+"/actions/secrets/*"),
		get("organization secrets", repo+"/actions/organization-secrets"),
		get("variables", repo+"/actions/variables"),
		get("organization variables", repo+"/actions/organization-variables"),
		get("environments", repo+"/environments"),
		get("environment", repo+"/environments/*"),
		get("branches of an environment", repo+"/environments/*/deployment-branch-policies"),
		get("secrets of an environment", repo+"/environments/*/secrets"),
		get("secret of an environment, or the key to seal with", repo+"/environments/*/secrets/*"),
		get("variables of an environment", repo+"/environments/*/variables"),
		get("whether Actions is on", repo+"/actions/permissions"),
		get("allowed actions", repo+"/actions/permissions/selected-actions"),
		get("default permissions", repo+"/actions/permissions/workflow"),
		get("runners", repo+"/actions/runners"),
		get("deploy keys", repo+"/keys"),
		get("hooks", repo+"/hooks"),
		get("hook", repo+"/hooks/*"),
		get("deliveries of a hook", repo+"/hooks/*/deliveries"),
		get("subject template", repo+"/actions/oidc/customization/sub"),
	}...)
}

// storeRoutes are the reads of secrets outside of Actions' own, and of an organization.
func storeRoutes(get func(name, pattern string) adapters.Route) []adapters.Route {
	const repo, org = "/repos/*/*", "/orgs/*"
	all := []adapters.Route{
		get("organization hooks", org+"/hooks"),
		get("organization hook", org+"/hooks/*"),
		get("deliveries of an organization hook", org+"/hooks/*/deliveries"),
		get("organization runners", org+"/actions/runners"),
		get("organization variables", org+"/actions/variables"),
		get("repositories of a variable", org+"/actions/variables/*/repositories"),
		get("where Actions is on", org+"/actions/permissions"),
		get("repositories in which Actions is on", org+"/actions/permissions/repositories"),
		get("allowed actions of an organization", org+"/actions/permissions/selected-actions"),
		get("organization default permissions", org+"/actions/permissions/workflow"),
		get("organization subject template", org+"/actions/oidc/customization/sub"),
		get("audit log", org+"/audit-log"),
		get("installed Apps", org+"/installations"),
	}
	for _, at := range []string{repo + "/dependabot", repo + "/codespaces", org + "/actions", org + "/dependabot", org + "/codespaces"} {
		all = append(all, get("secrets", at+"/secrets"), get("secret, or the key to seal with", at+"/secrets/*"))
		if strings.HasPrefix(at, org) {
			all = append(all, get("repositories of a secret", at+"/secrets/*/repositories"))
		}
	}
	return all
}
