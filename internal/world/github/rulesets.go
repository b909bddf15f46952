package github

import (
	"cmp"
	"encoding/json"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/world"
)

// Ruleset is a set of rules over refs.
type Ruleset struct {
	ID          int64     `yaml:"-" json:"id"`
	Name        string    `yaml:"name" json:"name"`
	Target      string    `yaml:"target" json:"target"`           // "branch", "tag"
	Enforcement string    `yaml:"enforcement" json:"enforcement"` // "active", "evaluate", "disabled"
	Inherited   bool      `yaml:"inherited" json:"inherited,omitempty"`
	Include     []string  `yaml:"include" json:"include"`
	Exclude     []string  `yaml:"exclude" json:"exclude"`
	Rules       []Rule    `yaml:"rules" json:"rules"`
	Bypass      []Bypass  `yaml:"bypass" json:"bypass"`
	Created     time.Time `yaml:"-" json:"created"`
	Updated     time.Time `yaml:"-" json:"updated"`
}

// Rule is one rule with its parameters, if it has any.
type Rule struct {
	Type       string         `yaml:"type" json:"type"`
	Parameters map[string]any `yaml:"parameters" json:"parameters,omitempty"`
}

// Bypass is somebody whom the rules do not bind.
type Bypass struct {
	ID   *int64 `yaml:"id" json:"actor_id"`
	Type string `yaml:"type" json:"actor_type"`
	Mode string `yaml:"mode" json:"bypass_mode"`
}

func (s *Server) rulesets() []Ruleset { return s.state.Guards.Rulesets.Get(s.core.Now()) }

// listed is a ruleset as lists show it: without conditions, rules and bypass actors.
func (s *Server) listed(x Ruleset) map[string]any {
	source, kind := s.state.Owner+"/"+s.state.Repo, "Repository"
	if x.Inherited {
		source, kind = s.state.Owner, "Organization"
	}
	at := s.repo("rulesets", x.ID)
	return with(times(x.Created, x.Updated), map[string]any{
		"id": x.ID, "node_id": node("RRS", x.ID), "name": x.Name, "target": x.Target, "source": source, "source_type": kind, "enforcement": x.Enforcement,
		"_links": map[string]any{"self": map[string]any{"href": at}, "html": map[string]any{"href": s.page("rules", x.ID)}},
	})
}

// entire adds what GET of one ruleset shows; bypass actors only to who may edit it.
func (s *Server) entire(r *http.Request, x Ruleset) map[string]any {
	o := with(s.listed(x), map[string]any{
		"conditions":              map[string]any{"ref_name": map[string]any{"include": filled(x.Include), "exclude": filled(x.Exclude)}},
		"rules":                   filled(x.Rules),
		"current_user_can_bypass": "never",
	})
	if s.mayAdminister(r) && !x.Inherited {
		o["bypass_actors"] = filled(x.Bypass)
	}
	return o
}

func filled[T any](list []T) []T { return append([]T{}, list...) }

func (s *Server) mayAdminister(r *http.Request) bool {
	for _, t := range s.state.Tokens {
		if t.Value == presented(r) {
			return t.Permissions == nil || t.Permissions["administration"] == "write"
		}
	}
	return false
}

func (s *Server) listRulesets(r *http.Request) answer {
	list := []map[string]any{}
	for _, x := range s.rulesets() {
		if !x.Inherited || r.URL.Query().Get("includes_parents") != "false" {
			list = append(list, s.listed(x))
		}
	}
	return bare(r, list)
}

func (s *Server) getRuleset(r *http.Request) answer {
	for _, x := range s.rulesets() {
		if strconv.FormatInt(x.ID, 10) == r.PathValue("ruleset") {
			return ok(s.entire(r, x))
		}
	}
	return fail(http.StatusNotFound, "Not Found")
}

// rulesetIn is a ruleset as a request has it.
type rulesetIn struct {
	Name        string   `json:"name"`
	Target      string   `json:"target"`
	Enforcement string   `json:"enforcement"`
	Bypass      []Bypass `json:"bypass_actors"`
	Rules       []Rule   `json:"rules"`
	Conditions  struct {
		Ref struct {
			Include []string `json:"include"`
			Exclude []string `json:"exclude"`
		} `json:"ref_name"`
	} `json:"conditions"`
}

func (s *Server) postRuleset(r *http.Request) answer {
	var in rulesetIn
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		return fail(http.StatusBadRequest, "Problems parsing JSON")
	}
	x := Ruleset{ID: s.core.ID(), Created: s.core.Now()}
	if bad := s.fill(&x, in); bad != "" {
		return fail(http.StatusUnprocessableEntity, bad)
	}
	s.setRulesets(append(slices.Clone(s.state.Guards.Rulesets.Is), x))
	return answer{status: http.StatusCreated, body: s.entire(r, x)}
}

// fill takes over what a request says. Source: GitHub REST reference, "Create a
// repository ruleset"; names are unique in a repository.
func (s *Server) fill(x *Ruleset, in rulesetIn) string {
	taken := slices.ContainsFunc(s.state.Guards.Rulesets.Is, func(y Ruleset) bool { return y.ID != x.ID && y.Name == in.Name })
	switch {
	case in.Name == "" || !slices.Contains([]string{"active", "evaluate", "disabled"}, in.Enforcement):
		return "Invalid request.\n\nname and enforcement are required"
	case taken:
		return "Validation Failed: Name must be unique"
	}
	x.Name, x.Target, x.Enforcement, x.Rules, x.Bypass, x.Updated = in.Name, cmp.Or(in.Target, "branch"), in.Enforcement, in.Rules, in.Bypass, s.core.Now()
	x.Include, x.Exclude = in.Conditions.Ref.Include, in.Conditions.Ref.Exclude
	return ""
}

// own finds a ruleset that the repository itself has.
func (s *Server) own(r *http.Request) int {
	return slices.IndexFunc(s.state.Guards.Rulesets.Is, func(x Ruleset) bool {
		return strconv.FormatInt(x.ID, 10) == r.PathValue("ruleset") && !x.Inherited
	})
}

func (s *Server) putRuleset(r *http.Request) answer {
	var in rulesetIn
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		return fail(http.StatusBadRequest, "Problems parsing JSON")
	}
	i := s.own(r)
	if i < 0 {
		return fail(http.StatusNotFound, "Not Found")
	}
	next := slices.Clone(s.state.Guards.Rulesets.Is)
	if bad := s.fill(&next[i], in); bad != "" {
		return fail(http.StatusUnprocessableEntity, bad)
	}
	s.setRulesets(next)
	return ok(s.entire(r, next[i]))
}

func (s *Server) deleteRuleset(r *http.Request) answer {
	i := s.own(r)
	if i < 0 {
		return fail(http.StatusNotFound, "Not Found")
	}
	s.setRulesets(slices.Delete(slices.Clone(s.state.Guards.Rulesets.Is), i, i+1))
	return empty(http.StatusNoContent)
}

func (s *Server) setRulesets(next []Ruleset) {
	s.state.Guards.Rulesets.Set(next, s.core.Now(), s.core.Delay("github ruleset"))
}

// Forbidden names the ruleset that keeps whoever is bound by it from what rule says
// ("creation", "update", "deletion") on a ref, "" when none does.
func (s *Server) Forbidden(rule, ref string) string {
	for _, x := range s.state.Guards.Rulesets.Is {
		kind := map[string]string{"branch": "refs/heads/", "tag": "refs/tags/"}[x.Target]
		if x.Enforcement == "active" && strings.HasPrefix(ref, kind) && len(x.Bypass) == 0 && s.matches(x.Include, ref) && !s.matches(x.Exclude, ref) &&
			slices.ContainsFunc(x.Rules, func(y Rule) bool { return y.Type == rule }) {
			return x.Name
		}
	}
	return ""
}

func (s *Server) matches(patterns []string, ref string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		matched, err := path.Match(p, ref)
		return p == "~ALL" || p == "~DEFAULT_BRANCH" && ref == "refs/heads/"+s.state.Default || err == nil && matched
	})
}

// pushed asks the rulesets for a push to a ref that is there or not; a refused one is
// written into the log.
func (s *Server) pushed(kind, ref string, there bool) bool {
	rule := "creation"
	if there {
		rule = "update"
	}
	name := s.Forbidden(rule, ref)
	if name != "" {
		s.core.Log(world.Entry{Kind: kind, Provider: "github", Call: "push refused", Object: ref, Detail: "GH013: Repository rule violations found: " + name})
	}
	return name == ""
}

// PushTag makes or moves a tag to a branch's head, as a release (or an attacker's
// poisoned one) does. It says whether a ruleset let it through.
func (s *Server) PushTag(kind, tag, branch string) bool {
	b := s.state.branch(branch)
	if _, there := s.state.Tags[tag]; b == nil || !s.pushed(kind, "refs/tags/"+tag, there) {
		return false
	}
	if s.state.Tags == nil {
		s.state.Tags = map[string]string{}
	}
	s.state.Tags[tag] = b.SHA
	s.core.Log(world.Entry{Kind: kind, Provider: "github", Call: "push", Object: "refs/tags/" + tag})
	return true
}

// Rulesets gives the names of those that are there now.
func (s *Server) Rulesets() []string {
	names := []string{}
	for _, x := range s.state.Guards.Rulesets.Is {
		names = append(names, x.Name)
	}
	return names
}
