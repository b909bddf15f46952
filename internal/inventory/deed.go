package inventory

import (
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/workflow"
)

// deed is one thing a job is known to do: a known action, or a known command of a
// script.
type deed struct {
	kind   workflow.Kind
	system string
	step   *InstanceStep
	// env and with are the variables and inputs it takes a credential from; line is the
	// script's line it stands on, from 0, -1 for an action.
	env, with []string
	line      int
	// place is the registry a login names.
	place string
	inner bool              // in a composite action
	known *workflow.Known   // of an action
	use   *workflow.Command // of a command
}

// deeds lists what a job does, in the order of its steps.
func deeds(in *Instance) []deed {
	var out []deed
	for i := range in.Steps {
		s := &in.Steps[i]
		inner := s.Path != in.File.Path
		if k := s.Fitting(); k != nil {
			d := deed{kind: k.Kind, system: k.System, step: s, env: k.Env, with: k.Secrets, line: -1, known: k, inner: inner}
			if k.Kind == workflow.Login && k.System == "oci" && len(k.Secrets) > 0 {
				d.place = registryOf(s)
			}
			out = append(out, d)
		}
		for _, u := range s.Commands() {
			out = append(out, deed{kind: u.Kind, system: u.System, step: s, env: u.Env, line: u.Line, use: u.Command, inner: inner})
		}
		for _, u := range s.Scripted() {
			out = append(out, deed{kind: u.Kind, system: u.System, step: s, env: u.Env, line: -1, use: u.Command, inner: inner})
		}
	}
	return out
}

// text is the line of the script that a command stands on, "" for an action.
func (d *deed) text() string {
	if d.line < 0 {
		return ""
	}
	n := 0
	for l := range strings.Lines(d.step.Run) {
		if n == d.line {
			return l
		}
		n++
	}
	return ""
}

// handed is takes for a step of a composite action: what the job gives the action
// stands in the inner step's own inputs, variables and script.
func (d *deed) handed(r workflow.Ref) bool {
	if r.Step < 0 {
		return r.How == workflow.HowEnv && contains(d.env, r.As)
	}
	for _, v := range d.step.With {
		if contains(d.with, v.Name) && names(v.Value, r.Name) {
			return true
		}
	}
	for _, vars := range d.step.Env {
		for _, v := range vars {
			if (contains(d.env, v.Name) || strings.Contains(d.text(), v.Name)) && names(v.Value, r.Name) {
				return true
			}
		}
	}
	return d.use != nil && d.kind != workflow.Build && names(d.text(), r.Name)
}

// names says whether a text has an expression with the secret.
func names(text, secret string) bool {
	return strings.Contains(text, "${{") && slices.Contains(workflow.SecretsIn(text), secret)
}

// registryOf names the registry of a container login.
// Source: docker/login-action README: without the input it is Docker Hub.
func registryOf(s *InstanceStep) string {
	for _, name := range []string{"registry", "login-server"} {
		if v, ok := s.Input(name); ok && v.Value != "" {
			if strings.Contains(v.Value, "${{") {
				return ""
			}
			return "registry " + v.Value
		}
	}
	return "Docker Hub"
}

// takes says whether a deed takes the credential that a reference puts in its reach.
func (d *deed) takes(r workflow.Ref) bool {
	if r.Step >= 0 && r.Step != d.step.Index {
		return false
	}
	if d.inner {
		return d.handed(r)
	}
	switch r.How {
	case workflow.HowEnv:
		return r.As != "" && (contains(d.env, r.As) || r.Step >= 0 && strings.Contains(d.text(), r.As))
	case workflow.HowWith:
		return r.Step >= 0 && contains(d.with, r.As)
	case workflow.HowRun:
		return d.use != nil && d.kind != workflow.Build && d.kind != workflow.Setup && !workflow.Addresses(d.step.Run, r.Name)
	}
	return false
}

// follows are the systems at which what one login gives is used, beyond its own.
// Containers are only among them with a login of their own that takes no value.
var follows = map[string][]string{
	"aws":   {"aws-secrets", "kubernetes", "terraform", "pulumi", "sops"},
	"gcp":   {"gcp-secrets", "kubernetes", "terraform", "pulumi", "sops"},
	"azure": {"azure-secrets", "kubernetes", "terraform", "pulumi"},
}

// later are the deeds behind a login that use what it gives.
func later(all []deed, at int) []deed {
	from := &all[at]
	bridged := from.system == "oci"
	var out []deed
	for i := at + 1; i < len(all); i++ {
		d := &all[i]
		if d.kind == workflow.Login {
			bridged = bridged || d.system == "oci" && len(d.with) == 0 && follows[from.system] != nil
			continue
		}
		if d.system == from.system || slices.Contains(follows[from.system], d.system) || bridged && d.system == "oci" {
			out = append(out, *d)
		}
	}
	return out
}
