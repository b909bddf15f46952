package github

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/firebreak/firebreak/internal/snapshot"
)

func (v *surveyor) addSecrets(lists ...[]snapshot.Secret) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.r.Secrets = append(v.r.Secrets, slices.Concat(lists...)...)
	slices.SortFunc(v.r.Secrets, func(a, b snapshot.Secret) int {
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Name, b.Name))
	})
}

func (v *surveyor) named(ctx context.Context, scope string, path ...string) ([]snapshot.Secret, error) {
	all, _, err := list[secretWire](ctx, v.client, at(v.r.FullName, path...), "secrets", nil)
	var out []snapshot.Secret
	for _, x := range all {
		out = append(out, snapshot.Secret{Name: x.Name, Scope: scope, Created: x.Created.UTC(), Updated: x.Updated.UTC(), Visibility: x.Visibility})
	}
	return out, err
}

func (v *surveyor) variables(ctx context.Context) error {
	own, err := v.values(ctx, "repository", "actions", "variables")
	v.addVariables(own, v.sharedVariables(ctx))
	return err
}

// sharedVariables are those of the organization that reach the repository.
func (v *surveyor) sharedVariables(ctx context.Context) []snapshot.Variable {
	if !v.organizationOwned() {
		return nil
	}
	if v.house.whole {
		if all, err := v.house.variables(ctx); err == nil {
			var out []snapshot.Variable
			for _, x := range all {
				if v.reached(x.visibility, x.selected) {
					out = append(out, x.Variable)
				}
			}
			return out
		}
	}
	shared, err := v.values(ctx, "organization", "actions", "organization-variables")
	v.gap("organization variables that reach it, the list", err)
	return shared
}

func (v *surveyor) addVariables(lists ...[]snapshot.Variable) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.r.Variables = append(v.r.Variables, slices.Concat(lists...)...)
	slices.SortFunc(v.r.Variables, func(a, b snapshot.Variable) int {
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Name, b.Name))
	})
}

func (v *surveyor) values(ctx context.Context, scope string, path ...string) ([]snapshot.Variable, error) {
	all, _, err := list[variableWire](ctx, v.client, at(v.r.FullName, path...), "variables", nil)
	var out []snapshot.Variable
	for _, x := range all {
		out = append(out, snapshot.Variable{Name: x.Name, Scope: scope, Value: x.Value})
	}
	return out, err
}

// environments lists every environment with GitHub's whole object, its secrets'
// names and its variables.
func (v *surveyor) environments(ctx context.Context) error {
	all, _, err := list[json.RawMessage](ctx, v.client, at(v.r.FullName, "environments"), "environments", nil)
	if err != nil {
		return err
	}
	for _, raw := range all {
		var w environmentWire
		if err := json.Unmarshal(raw, &w); err != nil {
			return fmt.Errorf("read an environment: %w", err)
		}
		e := snapshot.Environment{Name: w.Name, CanBypass: w.CanBypass, Raw: raw, Reviewers: reviewers(w)}
		switch {
		case w.Policy != nil && w.Policy.Protected:
			e.Policy = "protected"
		case w.Policy != nil && w.Policy.Custom:
			e.Policy = "custom"
			var err error
			e.Branches, e.Patterns, err = v.patternsOf(ctx, w.Name)
			v.gap("branches that may use environment "+w.Name, err)
		}
		v.r.Environments = append(v.r.Environments, e)
		secrets, err := v.named(ctx, "environment/"+w.Name, "environments", w.Name, "secrets")
		v.gap("secrets of environment "+w.Name, err)
		v.addSecrets(secrets)
		variables, err := v.values(ctx, "environment/"+w.Name, "environments", w.Name, "variables")
		v.gap("variables of environment "+w.Name, err)
		v.addVariables(variables)
	}
	slices.SortFunc(v.r.Environments, func(a, b snapshot.Environment) int { return cmp.Compare(a.Name, b.Name) })
	return nil
}

func reviewers(w environmentWire) []string {
	var out []string
	for _, rule := range w.Rules {
		for _, r := range rule.Reviewers {
			out = append(out, cmp.Or(r.Reviewer.Login, r.Reviewer.Slug))
		}
	}
	slices.Sort(out)
	return out
}
