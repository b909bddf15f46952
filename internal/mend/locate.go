package mend

import (
	"errors"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/firebreak/firebreak/internal/workflow"
)

var errGone = errors.New("its place in the file was not found again")

// job gives the key and mapping of a job.
func (t *text) job(id string) (key, job *yaml.Node, err error) {
	_, jobs := entry(t.root, "jobs")
	key, job = entry(jobs, id)
	switch {
	case job == nil:
		return nil, nil, errGone
	case job.Kind == yaml.AliasNode:
		return nil, nil, errAliased
	case job.Kind != yaml.MappingNode:
		return nil, nil, errGone
	}
	return key, job, nil
}

// steps gives the mappings of a job's steps, or of a composite action's.
func (t *text) steps(of *yaml.Node) []*yaml.Node {
	_, steps := entry(of, "steps")
	if steps == nil || steps.Kind != yaml.SequenceNode {
		return nil
	}
	return steps.Content
}

// step gives the job and step in whose text a place lies: the last step of the file
// that begins at or before it.
func (t *text) step(f *workflow.File, at workflow.Pos) (*workflow.Job, *workflow.Step, *yaml.Node, error) {
	var job *workflow.Job
	var step *workflow.Step
	for i := range f.Jobs {
		j := &f.Jobs[i]
		if before(j.Pos, at) {
			job, step = j, nil
			for n := range j.Steps {
				if s := &j.Steps[n]; before(s.Pos, at) {
					step = s
				}
			}
		}
	}
	if step == nil {
		return nil, nil, nil, errGone
	}
	_, node, err := t.job(job.ID)
	if err != nil {
		return nil, nil, nil, err
	}
	all := t.steps(node)
	if step.Index >= len(all) {
		return nil, nil, nil, errGone
	}
	n := all[step.Index]
	if n.Kind == yaml.AliasNode {
		return nil, nil, nil, errAliased
	}
	return job, step, n, t.alone(n)
}

func before(a, b workflow.Pos) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Column <= b.Column
}

// plain is a value as it is written behind a key: bare where YAML reads it as the
// same text, else in single quotes.
func plain(value string) string {
	if strings.HasPrefix(value, "${{") && !strings.Contains(value, " #") && !strings.Contains(value, ": ") && strings.TrimSpace(value) == value && !strings.Contains(value, "\n") {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", "''") + "'"
}
