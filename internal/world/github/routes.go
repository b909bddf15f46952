package github

import (
	"net/http"
	"strconv"
)

// route is one operation: the name scenarios and the log use for it, the
// permission it needs, and its handler.
type route struct {
	pattern    string
	call       string
	permission string // "actions=write"; "any" wants only a valid token; "" wants none
	handle     func(*http.Request) answer
}

func (s *Server) routes() {
	const repo = "/repos/{owner}/{repo}"
	const runs = repo + "/actions/runs/{run}"
	const env = repo + "/environments/{environment}"
	all := []route{
		{"GET /user", "GET user", "any", s.user},
		{"GET /app", "GET app", "", s.getApp},
		{"GET /rate_limit", "GET rate limit", "any", s.rateLimit},
		{"POST /credentials/revoke", "POST credentials revoke", "", s.revokeCredentials},
		{"GET /_download/{key}", "GET download", "", s.download},
		{"GET " + repo, "GET repository", "metadata=read", s.repository},
		{"GET " + repo + "/branches", "GET branches", "contents=read", s.branches},
		{"GET " + repo + "/git/trees/{ref...}", "GET tree", "contents=read", s.tree},
		{"GET " + repo + "/git/blobs/{sha}", "GET blob", "contents=read", s.blob},
		{"GET " + repo + "/contents/{path...}", "GET contents", "contents=read", s.contents},

		{"GET " + repo + "/actions/workflows", "GET workflows", "actions=read", s.workflows},
		{"GET " + repo + "/actions/workflows/{workflow}", "GET workflow", "actions=read", s.getWorkflow},
		{"PUT " + repo + "/actions/workflows/{workflow}/disable", "PUT workflow disable", "actions=write", s.disable},
		{"PUT " + repo + "/actions/workflows/{workflow}/enable", "PUT workflow enable", "actions=write", s.enable},
		{"POST " + repo + "/actions/workflows/{workflow}/dispatches", "POST workflow dispatch", "actions=write", s.dispatch},
		{"GET " + repo + "/actions/workflows/{workflow}/runs", "GET workflow runs", "actions=read", s.listRuns},
		{"GET " + repo + "/actions/runs", "GET runs", "actions=read", s.listRuns},
		{"GET " + runs, "GET run", "actions=read", s.getRun},
		{"GET " + runs + "/jobs", "GET jobs", "actions=read", s.jobs},
		{"POST " + runs + "/cancel", "POST run cancel", "actions=write", s.cancel},
		{"POST " + runs + "/force-cancel", "POST run force-cancel", "actions=write", s.forceCancel},
		{"GET " + runs + "/pending_deployments", "GET pending deployments", "actions=read", s.pendingDeployments},
		{"GET " + repo + "/actions/jobs/{job}/logs", "GET job log", "actions=read", s.jobLog},
		{"GET " + runs + "/logs", "GET run logs", "actions=read", s.logs},
		{"GET " + runs + "/attempts/{attempt}/logs", "GET run logs", "actions=read", s.logs},
		{"GET " + runs + "/artifacts", "GET run artifacts", "actions=read", s.artifacts},
		{"GET " + repo + "/actions/artifacts", "GET artifacts", "actions=read", s.artifacts},
		{"GET " + repo + "/actions/artifacts/{artifact}/zip", "GET artifact", "actions=read", s.artifactZip},
		{"GET " + repo + "/actions/caches", "GET caches", "actions=read", s.caches},
		{"DELETE " + repo + "/actions/caches/{cache}", "DELETE cache", "actions=write", s.deleteCache},

		{"GET " + repo + "/actions/secrets/public-key", "GET secrets key", "secrets=read", s.publicKey},
		{"GET " + repo + "/actions/secrets", "GET secrets", "secrets=read", s.listSecrets},
		{"GET " + repo + "/actions/secrets/{name}", "GET secret", "secrets=read", s.getSecret},
		{"PUT " + repo + "/actions/secrets/{name}", "PUT secret", "secrets=write", s.putSecret},
		{"GET " + repo + "/actions/organization-secrets", "GET organization secrets", "secrets=read", s.organizationSecrets},
		{"GET " + env + "/secrets/public-key", "GET environment secrets key", "environments=read", s.publicKey},
		{"GET " + env + "/secrets", "GET environment secrets", "environments=read", s.listSecrets},
		{"GET " + env + "/secrets/{name}", "GET environment secret", "environments=read", s.getSecret},
		{"PUT " + env + "/secrets/{name}", "PUT environment secret", "environments=write", s.putSecret},
		{"GET " + repo + "/actions/variables", "GET variables", "variables=read", s.variables},
		{"GET " + repo + "/actions/organization-variables", "GET organization variables", "variables=read", s.organizationVariables},
		{"GET " + env + "/variables", "GET environment variables", "environments=read", s.variables},
		{"GET " + repo + "/environments", "GET environments", "actions=read", s.environments},
		{"GET " + env, "GET environment", "actions=read", s.getEnvironment},
		{"GET " + env + "/deployment-branch-policies", "GET environment branches", "actions=read", s.branchPolicies},

		{"GET " + repo + "/keys", "GET deploy keys", "administration=read", s.keys},
		{"POST " + repo + "/keys", "POST deploy key", "administration=write", s.postKey},
		{"DELETE " + repo + "/keys/{key}", "DELETE deploy key", "administration=write", s.deleteKey},
		{"GET " + repo + "/actions/oidc/customization/sub", "GET subject", "actions=read", s.subject},
	}
	all = append(all, s.storeRoutes()...)
	all = append(all, s.runnerRoutes()...)
	all = append(all, s.guardRoutes()...)
	all = append(all, s.hookRoutes()...)
	all = append(all, s.ownerActionsRoutes()...)
	all = append(all, s.organizationRoutes()...)
	s.mux, s.route = http.NewServeMux(), map[string]*route{}
	for i := range all {
		s.route[all[i].pattern] = &all[i]
		s.mux.HandleFunc(all[i].pattern, s.serve(&all[i]))
	}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.write(w, r, fail(http.StatusNotFound, "Not Found")) })
}

// paged cuts a list as ?per_page= and ?page= ask. Source: GitHub REST reference,
// "Using pagination": 30 a page, at most 100.
func paged[T any](r *http.Request, list []T) (part []T, next int) {
	per, page := number(r, "per_page", 30), number(r, "page", 1)
	per = min(max(per, 1), 100)
	from := min((max(page, 1)-1)*per, len(list))
	to := min(from+per, len(list))
	if to < len(list) {
		next = page + 1
	}
	part = list[from:to]
	if part == nil {
		part = []T{}
	}
	return part, next
}

// listing is GitHub's envelope around a page: a count and the list under its name.
func listing[T any](r *http.Request, name string, list []T) answer {
	part, next := paged(r, list)
	return answer{status: http.StatusOK, body: map[string]any{"total_count": len(list), name: part}, next: next}
}

// bare is a page of a list without an envelope.
func bare[T any](r *http.Request, list []T) answer {
	part, next := paged(r, list)
	return answer{status: http.StatusOK, body: part, next: next}
}

func number(r *http.Request, name string, otherwise int) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil {
		return otherwise
	}
	return n
}
