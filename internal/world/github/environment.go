package github

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// shown is the environment as readers see it now.
func (e *Environment) shown(now time.Time) *Environment {
	if e.Was != nil && now.Before(e.Seen) {
		return e.Was
	}
	return e
}

// change keeps what readers see until the change has spread.
func (s *Server) change(e *Environment) {
	now := s.core.Now()
	was := *e.shown(now)
	was.Was = nil
	was.Branches, was.Tags = slices.Clone(was.Branches), slices.Clone(was.Tags)
	e.Was, e.Seen = &was, now.Add(s.core.Delay("github environment"))
}

func (s *Server) environmentShape(e *Environment) map[string]any {
	rules := []map[string]any{}
	if e.Wait > 0 {
		rules = append(rules, map[string]any{"id": 3, "node_id": node("GA", e.Name+"/3"), "type": "wait_timer", "wait_timer": e.Wait})
	}
	if len(e.Reviewers) > 0 {
		who := []map[string]any{}
		for _, login := range e.Reviewers {
			who = append(who, map[string]any{"type": "User", "reviewer": s.account(login, "User")})
		}
		rules = append(rules, map[string]any{"id": 1, "node_id": node("GA", e.Name+"/1"), "type": "required_reviewers", "prevent_self_review": !e.SelfReview, "reviewers": who})
	}
	var policy any
	if e.Protected || e.custom() {
		rules = append(rules, map[string]any{"id": 2, "node_id": node("GA", e.Name+"/2"), "type": "branch_policy"})
		policy = map[string]any{"protected_branches": e.Protected, "custom_branch_policies": e.custom()}
	}
	o := with(times(s.state.Began, s.state.Began), map[string]any{
		"id": numbered(e.Name), "node_id": node("EN", e.Name), "name": e.Name, "can_admins_bypass": e.CanBypass, "protection_rules": rules, "deployment_branch_policy": policy,
		"url": s.repo("environments", url.PathEscape(e.Name)), "html_url": s.page("deployments/activity_log?environments_filter=" + url.QueryEscape(e.Name)),
	})
	return with(o, e.Extra)
}

func (e *Environment) custom() bool { return e.Custom || len(e.Branches)+len(e.Tags) > 0 }

func (s *Server) environments(r *http.Request) answer {
	list := []map[string]any{}
	for i := range s.state.Environments {
		list = append(list, s.environmentShape(s.state.Environments[i].shown(s.core.Now())))
	}
	return listing(r, "environments", list)
}

func (s *Server) getEnvironment(r *http.Request) answer {
	e := s.state.environment(r.PathValue("environment"))
	if e == nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	return ok(s.environmentShape(e.shown(s.core.Now())))
}

// putEnvironment replaces everything: what the body leaves out goes back to its default.
// Source: GitHub REST reference, "Create or update an environment".
func (s *Server) putEnvironment(r *http.Request) answer {
	var in struct {
		Wait        int   `json:"wait_timer"`
		PreventSelf bool  `json:"prevent_self_review"`
		Bypass      *bool `json:"can_admins_bypass"`
		Reviewers   []struct {
			Type string `json:"type"`
			ID   int64  `json:"id"`
		} `json:"reviewers"`
		Policy *struct {
			Protected bool `json:"protected_branches"`
			Custom    bool `json:"custom_branch_policies"`
		} `json:"deployment_branch_policy"`
	}
	extra := map[string]any{}
	var raw json.RawMessage
	if json.NewDecoder(r.Body).Decode(&raw) != nil || json.Unmarshal(raw, &in) != nil || exactly(raw, &extra) != nil {
		return fail(http.StatusBadRequest, "Problems parsing JSON")
	}
	if p := in.Policy; p != nil && p.Protected == p.Custom {
		return fail(http.StatusUnprocessableEntity, "protected_branches and custom_branch_policies cannot have the same value")
	}
	next := Environment{Name: r.PathValue("environment"), Wait: in.Wait, SelfReview: !in.PreventSelf, CanBypass: in.Bypass == nil || *in.Bypass}
	for _, x := range in.Reviewers {
		login := s.loginOf(x.ID)
		if login == "" {
			return fail(http.StatusUnprocessableEntity, "Failed to create the environment protection rule. Please ensure the reviewer has access to the repository.")
		}
		next.Reviewers = append(next.Reviewers, login)
	}
	for _, known := range []string{"wait_timer", "prevent_self_review", "can_admins_bypass", "reviewers", "deployment_branch_policy"} {
		delete(extra, known)
	}
	if len(extra) > 0 {
		next.Extra = maps.Clone(extra)
	}
	e := s.state.environment(next.Name)
	if e == nil {
		s.state.Environments = append(s.state.Environments, Environment{Name: next.Name, CanBypass: true})
		e = s.state.environment(next.Name)
	}
	if p := in.Policy; p != nil {
		next.Protected, next.Custom = p.Protected, p.Custom
		if p.Custom {
			next.Branches, next.Tags = e.Branches, e.Tags
		}
	}
	s.change(e)
	next.Was, next.Seen = e.Was, e.Seen
	*e = next
	return ok(s.environmentShape(e))
}

// exactly decodes without losing a digit of a number.
func exactly(raw json.RawMessage, v any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return d.Decode(v)
}

// loginOf is the person with an id; "" when nobody here has it.
func (s *Server) loginOf(id int64) string {
	var all []string
	for _, t := range s.state.Tokens {
		all = append(all, t.Login)
	}
	for _, e := range s.state.Environments {
		all = append(all, e.Reviewers...)
	}
	for _, login := range all {
		if numbered(login) == id {
			return login
		}
	}
	return ""
}

func (s *Server) policyShape(e *Environment, kind, name string) map[string]any {
	return map[string]any{"id": numbered(e.Name + "/" + kind + "/" + name), "node_id": node("GABP", e.Name+name), "name": name, "type": kind}
}

func (s *Server) branchPolicies(r *http.Request) answer {
	e := s.state.environment(r.PathValue("environment"))
	if e == nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	e = e.shown(s.core.Now())
	list := []map[string]any{}
	for _, b := range e.Branches {
		list = append(list, s.policyShape(e, "branch", b))
	}
	for _, t := range e.Tags {
		list = append(list, s.policyShape(e, "tag", t))
	}
	return listing(r, "branch_policies", list)
}

// postBranchPolicy adds a pattern. Source: GitHub REST reference, "Create a deployment
// branch policy": 303 when it is there, 404 when the environment has no custom ones.
func (s *Server) postBranchPolicy(r *http.Request) answer {
	var in struct {
		Name string `json:"name"`
		Type string `json:"type"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || in.Name == "" {
		return fail(http.StatusBadRequest, "Problems parsing JSON")
	}
	e := s.state.environment(r.PathValue("environment"))
	if e == nil || !e.custom() {
		return fail(http.StatusNotFound, "Not Found")
	}
	list := &e.Branches
	if in.Type == "tag" {
		list = &e.Tags
	} else {
		in.Type = "branch"
	}
	if slices.Contains(*list, in.Name) {
		return answer{status: http.StatusSeeOther, location: s.repo("environments", url.PathEscape(e.Name), "deployment-branch-policies", s.policyShape(e, in.Type, in.Name)["id"])}
	}
	s.change(e)
	e.Custom = true
	*list = append(slices.Clone(*list), in.Name)
	return ok(s.policyShape(e, in.Type, in.Name))
}

func (s *Server) deleteBranchPolicy(r *http.Request) answer {
	e := s.state.environment(r.PathValue("environment"))
	id, err := strconv.ParseInt(r.PathValue("policy"), 10, 64)
	if e == nil || err != nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	for kind, list := range map[string]*[]string{"branch": &e.Branches, "tag": &e.Tags} {
		for i, name := range *list {
			if s.policyShape(e, kind, name)["id"] == id {
				s.change(e)
				e.Custom = true
				*list = slices.Delete(slices.Clone(*list), i, i+1)
				return empty(http.StatusNoContent)
			}
		}
	}
	return fail(http.StatusNotFound, "Not Found")
}

// Deployable says whether a job on this branch may use the environment now.
// Source: GitHub Docs, "Managing environments for deployment", deployment branches.
func (s *Server) Deployable(environment, branch string) bool {
	e := s.state.environment(environment)
	switch b := s.state.branch(branch); {
	case e == nil:
		return true // GitHub makes one that protects nothing
	case e.Protected:
		return b != nil && b.Protected
	case e.custom():
		return slices.ContainsFunc(e.Branches, func(p string) bool {
			matched, err := path.Match(p, branch)
			return err == nil && matched
		})
	}
	return true
}

// barred says why a run may not use one of its environments, "" when it may.
func (s *Server) barred(r *Run) string {
	for _, name := range environmentsOf(r.Files) {
		if !s.Deployable(name, r.Branch) {
			return "Branch \"" + r.Branch + "\" is not allowed to deploy to " + name + " due to environment protection rules."
		}
	}
	return ""
}

// environmentsOf lists the environments a workflow file's jobs name.
func environmentsOf(content string) []string {
	var f struct {
		Jobs map[string]struct {
			Environment any `yaml:"environment"`
		} `yaml:"jobs"`
	}
	if yaml.Unmarshal([]byte(content), &f) != nil {
		return nil
	}
	found := map[string]bool{}
	for _, j := range f.Jobs {
		name, _ := j.Environment.(string)
		if m, is := j.Environment.(map[string]any); is {
			name, _ = m["name"].(string)
		}
		if name != "" && !strings.Contains(name, "${{") {
			found[name] = true
		}
	}
	return sorted(found)
}
