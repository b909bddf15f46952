package github

import (
	"fmt"
	"slices"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// repository finds a repository in a snapshot.
func repository(in adapters.Inputs, s *snapshot.Snapshot) (*snapshot.Repository, error) {
	name := in.Text("repository")
	if name == "" {
		return nil, fmt.Errorf("input repository is missing; give it as owner/name")
	}
	for i := range s.Repositories {
		if s.Repositories[i].FullName == name {
			return &s.Repositories[i], nil
		}
	}
	return nil, &adapters.Missing{What: "repository " + name, Scope: adapters.Scope{Repositories: []string{name}}}
}

// workflow finds a workflow in a snapshot by its path.
func workflow(in adapters.Inputs, s *snapshot.Snapshot) (*snapshot.Repository, *snapshot.Workflow, error) {
	r, err := repository(in, s)
	if err != nil {
		return nil, nil, err
	}
	path := in.Text("workflow")
	if path == "" {
		return nil, nil, fmt.Errorf("input workflow is missing; give it as .github/workflows/NAME")
	}
	for i := range r.Workflows {
		if r.Workflows[i].Path == path {
			return r, &r.Workflows[i], nil
		}
	}
	return nil, nil, &adapters.Missing{What: "workflow " + path + " of " + r.FullName, Scope: adapters.Scope{Repositories: []string{r.FullName}}}
}

// leftOut says that a survey did not ask for something that comes and goes.
func leftOut(r *snapshot.Repository, what string) []plan.Gap {
	if !slices.Contains(r.Left, what) {
		return nil
	}
	return []plan.Gap{{What: what + " of " + r.FullName, Why: "the survey of its organization leaves them out; they are listed when the plan is carried out"}}
}

// door is the key under which gates know a workflow.
func door(repository, path string) string { return "workflow:" + repository + "/" + path }
