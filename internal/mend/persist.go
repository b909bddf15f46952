package mend

import (
	"errors"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/workflow"
)

// persist tells a checkout not to leave the job's token behind in .git/config.
// Source: actions/checkout action.yml, input persist-credentials (default true).
func persist(t *target, f inventory.Finding) ([]Edit, error) {
	_, step, node, err := t.text.step(t.file, workflow.Pos{Line: f.Line, Column: f.Column})
	if err != nil {
		return nil, err
	}
	if k, known := workflow.KnownAction(step.Uses); !known || k.Kind != workflow.Checkout {
		return nil, errGone
	}
	return t.text.set(node, "persist-credentials", "false")
}

var errExpression = errors.New("it is an expression, which says when it holds; that is not for a program to decide")

// set gives a step's input a value.
func (t *text) set(step *yaml.Node, input, value string) ([]Edit, error) {
	uses, name := entry(step, "uses")
	with, inputs := entry(step, "with")
	switch {
	case uses == nil:
		return nil, errGone
	case with == nil && block(step):
		e, err := t.after(uses, name, "with:", "  "+input+": "+value)
		return []Edit{e}, err
	case with == nil || inputs.Kind != yaml.MappingNode:
		return nil, errLayout
	}
	if err := t.alone(inputs); err != nil {
		return nil, err
	}
	if _, was := entry(inputs, input); was != nil {
		start, end, err := t.scalar(was)
		if strings.HasPrefix(was.Value, "${{") {
			return nil, errExpression
		}
		return []Edit{{Start: start, End: end, New: value}}, err
	}
	if block(inputs) {
		return []Edit{t.before(inputs.Content[0], input+": "+value)}, nil
	}
	open := t.at(inputs)
	if len(inputs.Content) == 0 || !strings.HasPrefix(t.src[open:], "{") {
		return nil, errLayout
	}
	return []Edit{{Start: open + 1, End: open + 1, New: " " + input + ": " + value + ","}}, nil
}
