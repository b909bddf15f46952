package playbook

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/diag"
	"github.com/firebreak/firebreak/internal/plan"
)

// DescriptionSchema names the JSON form of Description.
const DescriptionSchema = "firebreak.playbook/1"

// Description is a playbook for readers: what it wants, what it would do, and what
// that needs. It is made without an inventory, so a loop stands for its elements.
type Description struct {
	Schema      string             `json:"schema"`
	Playbook    string             `json:"playbook"`
	Title       string             `json:"title"`
	Description string             `json:"description,omitempty"`
	Digest      string             `json:"digest"` // SHA-256 of the file, hex
	Inputs      []DescribedInput   `json:"inputs"`
	Gates       []plan.Condition   `json:"gates,omitempty"`
	Steps       []DescribedStep    `json:"steps"`
	Permissions []DescribedPermits `json:"permissions"`
}

// DescribedInput is an input; Type is as in the file, "[workflow]" for a list.
type DescribedInput struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Required bool   `json:"required"`
	Default  any    `json:"default,omitempty"`
	Flag     string `json:"flag"` // how to give it on the command line
	Doc      string `json:"doc,omitempty"`
}

// DescribedStep is one of the seven steps.
type DescribedStep struct {
	Step  plan.Step       `json:"step"`
	Tasks []DescribedTask `json:"tasks"`
}

// DescribedTask is one task. Effect, Role and Proof are "" where they depend on what
// is found (rotate) or on people.
type DescribedTask struct {
	ID      string      `json:"id,omitempty"`
	Line    int         `json:"line"`
	Does    string      `json:"does"` // the action's name, "rotate", "manual" or "notify"
	Summary string      `json:"summary"`
	For     string      `json:"for,omitempty"`
	When    string      `json:"when,omitempty"`
	Gates   []string    `json:"gates,omitempty"`
	Effect  plan.Effect `json:"effect,omitempty"`
	Role    plan.Role   `json:"role,omitempty"`
	Proof   plan.Proof  `json:"proof,omitempty"` // the best it can show
}

// DescribedPermits is what one provider must allow for the actions the playbook names.
// What rotations need comes with the plan.
type DescribedPermits struct {
	Provider    string   `json:"provider"`
	Permissions []string `json:"permissions"`
}

// Describe never fails: p was checked by Parse with the same catalogue.
func Describe(p *Playbook, c Catalogue) Description {
	d := Description{
		Schema: DescriptionSchema, Playbook: p.Name, Title: p.Title, Description: strings.TrimSpace(p.Description), Digest: p.Digest,
		Inputs: []DescribedInput{}, Steps: []DescribedStep{}, Permissions: []DescribedPermits{},
	}
	for _, in := range p.Inputs {
		t := string(in.Type)
		if in.List {
			t = "[" + t + "]"
		}
		d.Inputs = append(d.Inputs, DescribedInput{Name: in.Name, Type: t, Required: in.Required, Default: in.Default, Flag: flagOf(in.Name), Doc: in.Doc})
	}
	d.Gates = (&compiler{book: p}).conditions()
	permits := map[string][]string{}
	for _, s := range p.Steps {
		step := DescribedStep{Step: s.Name, Tasks: []DescribedTask{}}
		for _, t := range s.Tasks {
			step.Tasks = append(step.Tasks, describeTask(t, c, permits))
		}
		d.Steps = append(d.Steps, step)
	}
	for provider, list := range permits {
		d.Permissions = append(d.Permissions, DescribedPermits{provider, merged(list)})
	}
	slices.SortFunc(d.Permissions, func(a, b DescribedPermits) int { return strings.Compare(a.Provider, b.Provider) })
	return d
}

func describeTask(t Task, c Catalogue, permits map[string][]string) DescribedTask {
	d := DescribedTask{ID: t.ID, Line: t.at.Pos().Line, Gates: t.Gates}
	if t.For != nil {
		d.For = t.For.Name + " in " + t.For.In.Text
	}
	if t.When != nil {
		d.When = t.When.Text
	}
	use := t.Use
	switch {
	case t.Rotate != nil:
		d.Does, d.Summary = "rotate", "Kill the old value, make a new one, put it into every store, test it, destroy the old"
	case t.Notify != nil:
		d.Does, d.Summary = "notify", t.Notify.source()
	case t.Manual != nil:
		d.Does, d.Summary = "manual", t.Manual.Instructions.source()
		if t.Manual.Verify != nil {
			use = t.Manual.Verify.Use
		}
	}
	spec, ok := c.Spec(use)
	if !ok {
		return d
	}
	d.Effect, d.Role, d.Proof = spec.Effect, spec.Role, spec.Proof
	if d.Does == "" {
		d.Does, d.Summary = spec.Name, spec.Summary
	}
	if provider, _, _ := strings.Cut(spec.Name, "."); len(spec.Permissions) > 0 {
		permits[provider] = append(permits[provider], spec.Permissions...)
	}
	return d
}

// source is a template as the file has it.
func (t Template) source() string {
	switch {
	case t.Whole != nil:
		return "${{ " + t.Whole.Text + " }}"
	case t.Parts != nil:
		var b strings.Builder
		for _, p := range t.Parts {
			if p.Expr != nil {
				b.WriteString("${{ " + p.Expr.Text + " }}")
			} else {
				b.WriteString(p.Text)
			}
		}
		return b.String()
	}
	s, ok := t.Const.(string)
	if !ok {
		return ""
	}
	return s
}

// All reads every playbook (*.yaml) at the top of a file system, sorted by name. The
// error is a diag.List with the mistakes of all of them, or that of reading.
func All(files fs.FS, c Catalogue) ([]*Playbook, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list playbooks: %w", err)
	}
	var out []*Playbook
	var problems diag.List
	for _, name := range names {
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read playbook %s: %w", name, err)
		}
		p, err := Parse(path.Base(name), b, c)
		var l diag.List
		switch {
		case errors.As(err, &l):
			problems = append(problems, l...)
		case err != nil:
			return nil, err
		default:
			out = append(out, p)
		}
	}
	if len(problems) > 0 {
		return nil, problems.Err()
	}
	slices.SortFunc(out, func(a, b *Playbook) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}
