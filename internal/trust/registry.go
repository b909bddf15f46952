package trust

import (
	"fmt"
	"strings"
)

// PyPIPublisher is a trusted publisher of a PyPI project.
// Source: pypi/warehouse, warehouse/oidc/models/github.py: repository without case,
// owner's id, job_workflow_ref is the repository's own file at the token's ref or
// commit, never pull_request_target; the environment only where one is given. Neither
// the ref nor the repository's id is asked for.
type PyPIPublisher struct {
	Repository  string `json:"repository"` // "owner/name"
	OwnerID     string `json:"owner_id"`   // "" where it was not read
	Workflow    string `json:"workflow"`   // file name
	Environment string `json:"environment"`
}

// Demands implements Document.
func (p *PyPIPublisher) Demands() [][]Demand { return named(p.Environment) }

// Judge implements Document.
func (p *PyPIPublisher) Judge(c Claims) Answer {
	file := c["repository"] + "/.github/workflows/" + p.Workflow + "@"
	switch {
	case !strings.EqualFold(c["repository"], p.Repository):
		return Answer{Why: "the publisher is " + p.Repository}
	case p.OwnerID != "" && c["repository_owner_id"] != "" && c["repository_owner_id"] != p.OwnerID:
		return Answer{Why: "the owner of that name is another one"}
	case c["event_name"] == "pull_request_target":
		return Answer{Why: "PyPI refuses pull_request_target"}
	case !strings.HasPrefix(strings.ToLower(c["job_workflow_ref"]), strings.ToLower(file)):
		return Answer{Why: fmt.Sprintf("the job is not of the repository's %s but of %s", p.Workflow, c["job_workflow_ref"])}
	case p.Environment != "" && !strings.EqualFold(c["environment"], p.Environment):
		return Answer{Why: "the job is not in environment " + p.Environment}
	case p.OwnerID == "" || c["repository_owner_id"] == "":
		return Answer{Verdict: Unknown, Why: "whether the owner of that name is still the publisher's is not known: an id was not read"}
	}
	return Answer{Verdict: Allowed, Claims: c, Statement: 1}
}

// NPMPublisher is a trusted publisher of an npm package.
// Source: npm Docs, "Trusted publishing for npm packages": the file of the workflow that
// was started, also where a called one publishes; GitHub-hosted runners alone.
type NPMPublisher struct {
	Repository  string `json:"repository"`
	Workflow    string `json:"workflow"` // file name
	Environment string `json:"environment"`
}

// Demands implements Document.
func (p *NPMPublisher) Demands() [][]Demand { return named(p.Environment) }

func named(environment string) [][]Demand {
	if environment == "" {
		return [][]Demand{{}}
	}
	return [][]Demand{{{Claim: "environment", Any: []string{environment}}}}
}

// Judge implements Document.
func (p *NPMPublisher) Judge(c Claims) Answer {
	file := c["repository"] + "/.github/workflows/" + p.Workflow + "@"
	switch {
	case !strings.EqualFold(c["repository"], p.Repository):
		return Answer{Why: "the publisher is " + p.Repository}
	case !strings.HasPrefix(c["workflow_ref"], file):
		return Answer{Why: fmt.Sprintf("the run is not of %s but of %s", p.Workflow, c["workflow_ref"])}
	case p.Environment != "" && c["environment"] != p.Environment:
		return Answer{Why: "the job is not in environment " + p.Environment}
	case c["runner_environment"] == "self-hosted":
		return Answer{Why: "npm takes tokens of GitHub's own runners alone"}
	case c["runner_environment"] == "":
		return Answer{Verdict: Unknown, Why: "whether the job runs on one of GitHub's own runners, as npm wants, is not known"}
	}
	return Answer{Verdict: Allowed, Claims: c, Statement: 1}
}
