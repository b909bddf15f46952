package playbook

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
)

var (
	// Owner names have no dot; repository names may. Source: GitHub's own checks when
	// creating them.
	repositoryText = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$`)
	workflowText   = regexp.MustCompile(`^\.github/workflows/[^/\s]+\.ya?ml$`)
)

// qualified takes a workflow with its repository apart: owner/name and the path. It
// is for incidents of several repositories.
func qualified(workflow string) (repository, path string, is bool) {
	repository, rest, is := strings.Cut(workflow, "/.github/")
	return repository, ".github/" + rest, is && repositoryText.MatchString(repository)
}

// checkValue says in a sentence why v is no value of the type, "" when it is.
func checkValue(v any, t plan.Type) string {
	switch x := v.(type) {
	case string:
		if problem := constFits(x, t); problem != "" {
			return problem
		}
		return checkText(x, t)
	case bool, int64:
		return constFits(x, t)
	case []string:
		if t == plan.List {
			return ""
		}
	case map[string]string:
		if t == plan.Map {
			return ""
		}
	}
	return fmt.Sprintf("it must be %s", wanted(t))
}

func checkText(s string, t plan.Type) string {
	switch t {
	case plan.Repository:
		if !repositoryText.MatchString(s) {
			return fmt.Sprintf("%q is not a repository; write owner/name", s)
		}
	case plan.Workflow:
		path := s
		if _, p, is := qualified(s); is {
			path = p
		}
		if !workflowText.MatchString(path) {
			return fmt.Sprintf("%q is not a workflow's path; write .github/workflows/FILE.yml", s)
		}
	case plan.Timestamp:
		if _, err := time.Parse(time.RFC3339, s); err != nil {
			return fmt.Sprintf("%q is not a time; write it like 2026-01-31T12:00:00Z", s)
		}
	}
	return ""
}

// normal brings what a responder types into the form everything else uses.
func normal(s string, t plan.Type, owner string) string {
	switch t {
	case plan.Repository:
		if owner != "" && s != "" && !strings.Contains(s, "/") {
			return owner + "/" + s
		}
	case plan.Workflow:
		if s != "" && !strings.Contains(s, "/") {
			return ".github/workflows/" + s
		}
	case plan.Timestamp:
		if at, err := time.Parse(time.RFC3339, s); err == nil {
			return at.UTC().Format(time.RFC3339Nano)
		}
	}
	return s
}
