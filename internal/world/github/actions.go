package github

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/firebreak/firebreak/internal/world"
)

// Actions is whether Actions runs in the repository, and what may run.
type Actions struct {
	Enabled bool   `json:"enabled"`
	Allowed string `json:"allowed_actions"` // "all", "local_only", "selected"
	Pinning bool   `json:"sha_pinning_required"`
}

// Selected are the actions that may run where the allowed ones are selected.
type Selected struct {
	GitHub   bool     `yaml:"github_owned" json:"github_owned_allowed"`
	Verified bool     `yaml:"verified" json:"verified_allowed"`
	Patterns []string `yaml:"patterns" json:"patterns_allowed"`
}

func actionsOf(seed Seed) (world.Eventually[Actions], world.Eventually[string]) {
	a := Actions{Enabled: !seed.ActionsOff, Allowed: "all"}
	selected := Selected{Patterns: []string{}}
	if seed.Selected != nil {
		a.Allowed, selected = "selected", *seed.Selected
	}
	b, err := json.Marshal(selected)
	if err != nil {
		panic(err) // plain data
	}
	return world.Always(a), world.Always(string(b))
}

// getActions says no more than that Actions is off where it is.
// Source: GitHub REST reference, "Get GitHub Actions permissions for a repository".
func (s *Server) getActions(*http.Request) answer {
	a := s.state.Guards.Actions.Get(s.core.Now())
	if !a.Enabled || !s.ownerSwitch().runs(s.state.ID) {
		return ok(map[string]any{"enabled": false})
	}
	out := map[string]any{"enabled": true, "allowed_actions": a.Allowed, "sha_pinning_required": a.Pinning}
	if a.Allowed == "selected" {
		out["selected_actions_url"] = s.repo("actions/permissions/selected-actions")
	}
	return ok(out)
}

func (s *Server) putActions(r *http.Request) answer {
	var in struct {
		Enabled *bool  `json:"enabled"`
		Allowed string `json:"allowed_actions"`
		Pinning *bool  `json:"sha_pinning_required"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || in.Enabled == nil || !slices.Contains([]string{"", "all", "local_only", "selected"}, in.Allowed) {
		return fail(http.StatusUnprocessableEntity, "Validation Failed")
	}
	a := s.state.Guards.Actions.Is
	if !s.ownerSwitch().runs(s.state.ID) {
		return fail(http.StatusConflict, "Conflict")
	}
	a.Enabled, a.Allowed = *in.Enabled, cmp.Or(in.Allowed, "all") // what is left out is the default, not what was there
	a.Pinning = in.Pinning != nil && *in.Pinning
	set(s, &s.state.Guards.Actions, a)
	return empty(http.StatusNoContent)
}

// ForgetSelected makes GitHub lose the selected actions, as one may who switched Actions
// off and on.
func (s *Server) ForgetSelected() {
	_, none := actionsOf(Seed{})
	s.state.Guards.Selected = none
}

// getSelected answers with a conflict where nothing is selected.
func (s *Server) getSelected(*http.Request) answer {
	if a := s.state.Guards.Actions.Get(s.core.Now()); !a.Enabled || a.Allowed != "selected" {
		return fail(http.StatusConflict, "Conflict")
	}
	return ok(json.RawMessage(s.state.Guards.Selected.Get(s.core.Now())))
}

func (s *Server) putSelected(r *http.Request) answer {
	var in Selected
	switch a := s.state.Guards.Actions.Is; {
	case !a.Enabled || a.Allowed != "selected":
		return fail(http.StatusConflict, "Conflict")
	case json.NewDecoder(r.Body).Decode(&in) != nil:
		return fail(http.StatusUnprocessableEntity, "Validation Failed")
	}
	in.Patterns = append([]string{}, in.Patterns...)
	b, err := json.Marshal(in)
	if err != nil {
		return fail(http.StatusUnprocessableEntity, "Validation Failed")
	}
	set(s, &s.state.Guards.Selected, string(b))
	return empty(http.StatusNoContent)
}
