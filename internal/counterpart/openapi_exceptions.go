package counterpart

import (
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/firebreak/firebreak/internal/tally"
)

// exception is a violation that is the description's own fault: it is wrong, or
// says less than GitHub's documentation. One that nothing needs any more fails the
// tests of adapters/github.
type exception struct {
	operation string // "" for every one
	side      string
	what      string // the beginning of "MEMBER: HAS", places in lists as N
	why       string // with its source
}

// exceptions is the whole list.
var exceptions = []exception{
	{"", answer, "status: 403", "refusals are documented once for all endpoints, not per operation: REST reference, \"Troubleshooting the REST API\""},
	{"", answer, "status: 429", "\"Rate limits for the REST API\", which lists 403 and 429 for both kinds"},
	{"", answer, "status: 422", "the same, \"Validation failed\""},
	{"", answer, "status: 304", "\"Best practices for using the REST API\", use conditional requests: most endpoints give an etag and take If-None-Match"},
	{"GET /app", answer, "status: 401", "\"Authenticating as a GitHub App\": what is signed with no key of the App is refused; the description has nothing but the success"},
	{"GET /app", answer, "status: 404", "the same, for an App that is not there"},
	{"GET /orgs/{org}/repos", answer, "status: 404", "as for every organization that is not there or not to be seen"},
	{"GET /users/{username}/repos", answer, "status: 404", "the same of a user"},
	{"GET /repos/{owner}/{repo}/commits/{ref}", answer, ": ", "the media type application/vnd.github.sha of its documentation is the commit's name alone, which is no JSON"},
	{
		"GET /repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}/logs", answer, "status: 410",
		"logs that have expired are gone; the description lists 410 for artifacts, and for logs nothing but the redirect",
	},
	{
		"", request, "query parameter created: \"\\u003e=", "a filter in the syntax of searches, \">=\" and a time, as its own description says; its schema has a plain time",
	},
	{
		"GET /repos/{owner}/{repo}/environments", answer, "/environments/N/can_admins_bypass: ", "answered since 2023, and in go-github's Environment",
	},
	{"GET /repos/{owner}/{repo}/environments/{environment_name}", answer, "/can_admins_bypass: ", "the same"},
	{"PUT /repos/{owner}/{repo}/environments/{environment_name}", answer, "/can_admins_bypass: ", "the same"},
	{
		"PUT /repos/{owner}/{repo}/environments/{environment_name}", request, "/can_admins_bypass: ",
		"taken since 2023: go-github's CreateUpdateEnvironment always sends it, because without it administrators may bypass again",
	},
	{
		"PUT /repos/{owner}/{repo}/environments/{environment_name}", request, ": {\"can_admins_bypass\":", "the same",
	},
}

func (x exception) covers(v violation) bool {
	return (x.operation == "" || x.operation == v.operation) && x.side == v.side && strings.HasPrefix(places.ReplaceAllString(v.member, "/N")+": "+v.has, x.what)
}

// Judged runs tests, then tells the figures and fails when an exception was not
// needed. A run of some tests only is not judged, nor one without the description.
type Judged struct{ M interface{ Run() int } }

// Run runs the tests and gives the exit code.
func (j Judged) Run() int {
	code := j.M.Run()
	for _, name := range []string{"test.run", "test.skip", "test.list"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return code
		}
	}
	if described.d == nil {
		return code
	}
	if err := tally.Add(described.d.Figures()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	for _, x := range described.d.Unneeded() {
		fmt.Fprintf(os.Stderr, "no exchange needs the exception %q from GitHub's API description; remove it\n", x)
		code = max(code, 1)
	}
	return code
}
