package github

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/firebreak/firebreak/internal/world"
)

// OwnerActions is in which repositories of the organization Actions runs, and what may run.
type OwnerActions struct {
	Repositories string `json:"enabled_repositories"` // "all", "none", "selected"
	Allowed      string `json:"allowed_actions"`
	Pinning      bool   `json:"sha_pinning_required"`
}

// OwnerSwitch is what the organization says of Actions.
type OwnerSwitch struct {
	Is       world.Eventually[OwnerActions] `json:"is"`
	Chosen   world.Eventually[string]       `json:"chosen"`   // JSON of the ids of the repositories that are selected
	Selected world.Eventually[string]       `json:"selected"` // JSON of the selected actions
}

func (s *Server) sowOwnerActions(seed Seed) {
	a, selected := OwnerActions{Repositories: "all", Allowed: "all"}, Selected{Patterns: []string{}}
	if seed.OwnerActions != nil {
		a = *seed.OwnerActions
	}
	if seed.OwnerSelected != nil {
		a.Allowed, selected = "selected", *seed.OwnerSelected
	}
	s.state.Organization.Switch = OwnerSwitch{world.Always(a), world.Always(text(append([]int64{}, seed.OwnerChosen...))), world.Always(text(selected))}
}

// text is plain data as JSON.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain data
	}
	return string(b)
}

func (s *Server) ownerActionsRoutes() []route {
	const perms = "/orgs/{org}/actions/permissions"
	return []route{
		{"GET " + perms, "GET organization actions permissions", "organization_administration=read", s.getOwnerActions},
		{"PUT " + perms, "PUT organization actions permissions", "organization_administration=write", s.putOwnerActions},
		{"GET " + perms + "/repositories", "GET organization actions repositories", "organization_administration=read", s.getOwnerChosen},
		{"PUT " + perms + "/repositories", "PUT organization actions repositories", "organization_administration=write", s.putOwnerChosen},
		{"GET " + perms + "/selected-actions", "GET organization selected actions", "organization_administration=read", s.getOwnerSelected},
		{"PUT " + perms + "/selected-actions", "PUT organization selected actions", "organization_administration=write", s.putOwnerSelected},
	}
}

func (s *Server) ownerSwitch() *OwnerSwitch { return &s.state.Organization.Switch }

// runs says whether the organization lets Actions run in the repository now.
func (o OwnerSwitch) runs(id int64) bool {
	var ids []int64
	if json.Unmarshal([]byte(o.Chosen.Is), &ids) != nil {
		return false
	}
	return o.Is.Is.Repositories == "all" || o.Is.Is.Repositories == "" || o.Is.Is.Repositories == "selected" && slices.Contains(ids, id)
}

// actionsRun says whether Actions runs in the repository: where both let it.
func (s *Server) actionsRun() bool {
	return s.state.Guards.Actions.Is.Enabled && s.ownerSwitch().runs(s.state.ID)
}

// getOwnerActions says no more than that Actions runs nowhere where it does not.
// Source: GitHub REST reference, "Get GitHub Actions permissions for an organization".
func (s *Server) getOwnerActions(*http.Request) answer {
	a, at := s.ownerSwitch().Is.Get(s.core.Now()), s.api("orgs", s.state.Owner, "actions/permissions")
	out := map[string]any{"enabled_repositories": a.Repositories}
	if a.Repositories == "none" {
		return ok(out)
	}
	out["allowed_actions"], out["sha_pinning_required"] = a.Allowed, a.Pinning
	if a.Repositories == "selected" {
		out["selected_repositories_url"] = at + "/repositories"
	}
	if a.Allowed == "selected" {
		out["selected_actions_url"] = at + "/selected-actions"
	}
	return ok(out)
}

func (s *Server) putOwnerActions(r *http.Request) answer {
	var in struct {
		Repositories string `json:"enabled_repositories"`
		Allowed      string `json:"allowed_actions"`
		Pinning      *bool  `json:"sha_pinning_required"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || !slices.Contains([]string{"all", "none", "selected"}, in.Repositories) || !slices.Contains([]string{"", "all", "local_only", "selected"}, in.Allowed) {
		return fail(http.StatusUnprocessableEntity, "Validation Failed")
	}
	set(s, &s.ownerSwitch().Is, OwnerActions{in.Repositories, cmp.Or(in.Allowed, "all"), in.Pinning != nil && *in.Pinning})
	return empty(http.StatusNoContent)
}

func (s *Server) getOwnerChosen(r *http.Request) answer {
	var ids []int64
	if s.ownerSwitch().Is.Get(s.core.Now()).Repositories != "selected" || json.Unmarshal([]byte(s.ownerSwitch().Chosen.Get(s.core.Now())), &ids) != nil {
		return fail(http.StatusConflict, "Conflict")
	}
	list := []map[string]any{}
	for _, id := range ids {
		one := with(s.whole(r), map[string]any{"id": id}) // of another repository the id alone is true
		delete(one, "network_count")
		delete(one, "subscribers_count")
		list = append(list, one)
	}
	return listing(r, "repositories", list)
}

func (s *Server) putOwnerChosen(r *http.Request) answer {
	var in struct {
		IDs []int64 `json:"selected_repository_ids"`
	}
	switch {
	case s.ownerSwitch().Is.Is.Repositories != "selected":
		return fail(http.StatusConflict, "Conflict")
	case json.NewDecoder(r.Body).Decode(&in) != nil:
		return fail(http.StatusUnprocessableEntity, "Validation Failed")
	}
	set(s, &s.ownerSwitch().Chosen, text(append([]int64{}, in.IDs...)))
	return empty(http.StatusNoContent)
}

func (s *Server) getOwnerSelected(*http.Request) answer {
	if a := s.ownerSwitch().Is.Get(s.core.Now()); a.Repositories == "none" || a.Allowed != "selected" {
		return fail(http.StatusConflict, "Conflict")
	}
	return ok(json.RawMessage(s.ownerSwitch().Selected.Get(s.core.Now())))
}

func (s *Server) putOwnerSelected(r *http.Request) answer {
	var in Selected
	switch a := s.ownerSwitch().Is.Is; {
	case a.Repositories == "none" || a.Allowed != "selected":
		return fail(http.StatusConflict, "Conflict")
	case json.NewDecoder(r.Body).Decode(&in) != nil:
		return fail(http.StatusUnprocessableEntity, "Validation Failed")
	}
	in.Patterns = append([]string{}, in.Patterns...)
	set(s, &s.ownerSwitch().Selected, text(in))
	return empty(http.StatusNoContent)
}

// ForgetOwnerChoice makes GitHub lose which repositories and actions are selected, as one
// may who switched Actions off and on.
func (s *Server) ForgetOwnerChoice() {
	s.ownerSwitch().Chosen = world.Always("[]")
	s.ownerSwitch().Selected = world.Always(text(Selected{Patterns: []string{}}))
}

// OwnerActionsNow is where Actions runs, the ids that are selected and the selected
// actions, as JSON.
func (s *Server) OwnerActionsNow() (a OwnerActions, chosen, selected string) {
	o := s.ownerSwitch()
	return o.Is.Is, o.Chosen.Is, o.Selected.Is
}
