package github

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/snapshot"
)

// rulesets lists the repository's rulesets and those it inherits, with what lists
// leave out.
func (v *surveyor) rulesets(ctx context.Context) error {
	all, _, err := rulesetsOf(ctx, v.client, v.r.FullName, true)
	for _, x := range all {
		w, rerr := v.ruleset(ctx, x)
		if rerr != nil {
			v.gap("what ruleset "+x.Name+" says", rerr)
			w = x
		}
		v.r.Rulesets = append(v.r.Rulesets, surveyedRuleset(w))
	}
	slices.SortFunc(v.r.Rulesets, func(a, b snapshot.Ruleset) int { return cmp.Compare(a.ID, b.ID) })
	return err
}

// ruleset reads one of the repository's own, or one of its owner's once for all.
func (v *surveyor) ruleset(ctx context.Context, x rulesetWire) (rulesetWire, error) {
	if x.SourceType == "" || x.SourceType == "Repository" {
		return rulesetOf(ctx, v.client, v.r.FullName, x.ID)
	}
	return v.house.ruleset(ctx, v.r.FullName, x.ID)
}

// permissions keeps what GITHUB_TOKEN gets by default as GitHub gives it.
func (v *surveyor) permissions(ctx context.Context) error {
	var p struct {
		Default string `json:"default_workflow_permissions"`
	}
	var raw json.RawMessage
	if _, err := get(ctx, v.client, at(v.r.FullName, strings.Split(defaultToken.places(v.r.Private), "/")...), &raw); err != nil {
		return err
	}
	v.r.TokenDefaults = raw
	err := json.Unmarshal(raw, &p)
	v.r.DefaultPermissions = p.Default
	return err
}

// forkApproval keeps the policy, or a private repository's switches. A server that is
// older than the setting has none, which is no gap.
func (v *surveyor) forkApproval(ctx context.Context) error {
	var raw json.RawMessage
	_, err := get(ctx, v.client, at(v.r.FullName, strings.Split(forkApproval.places(v.r.Private), "/")...), &raw)
	if status(err) == http.StatusNotFound {
		return nil
	}
	v.r.ForkApproval = raw
	return err
}

// actionsSwitch keeps whether Actions is on, and what may run.
func (v *surveyor) actionsSwitch(ctx context.Context) error {
	now, _, err := actionsSwitchOf(ctx, v.client, v.r.FullName)
	if err == nil {
		v.r.Actions = now.image()
	}
	return err
}

// patternsOf gives the refs that may deploy to an environment, by name and whole.
func (v *surveyor) patternsOf(ctx context.Context, environment string) (names []string, all []snapshot.Pattern, err error) {
	wires, err := v.patterns(ctx, v.client, v.r.FullName, environment)
	for _, x := range wires {
		names, all = append(names, x.Name), append(all, snapshot.Pattern{Name: x.Name, Type: x.Type})
	}
	slices.Sort(names)
	return names, all, err
}
