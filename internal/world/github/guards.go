package github

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/world"
)

// Guards are the settings that narrow who may publish, deploy or start something.
type Guards struct {
	Token    world.Eventually[TokenDefaults] `json:"token"`
	Fork     world.Eventually[string]        `json:"fork"`
	ForkRuns world.Eventually[ForkRuns]      `json:"fork_runs"`
	Rulesets world.Eventually[[]Ruleset]     `json:"rulesets"`
	Actions  world.Eventually[Actions]       `json:"actions"`
	Selected world.Eventually[string]        `json:"selected"` // JSON of the selected actions
}

// TokenDefaults is what GITHUB_TOKEN gets without a permissions key.
type TokenDefaults struct {
	Permissions string `json:"default_workflow_permissions"` // "read", "write"
	Approves    bool   `json:"can_approve_pull_request_reviews"`
}

// ForkRuns is what a private repository's workflows do for pull requests from forks.
type ForkRuns struct {
	Runs     bool `yaml:"runs" json:"run_workflows_from_fork_pull_requests"`
	Write    bool `yaml:"write" json:"send_write_tokens_to_workflows"`
	Secrets  bool `yaml:"secrets" json:"send_secrets_and_variables"`
	Approval bool `yaml:"approval" json:"require_approval_for_fork_pr_workflows"`
}

// forkPolicies are GitHub's words, from loose to strict.
var forkPolicies = []string{"first_time_contributors_new_to_github", "first_time_contributors", "all_external_contributors"}

func guards(core world.Core, seed Seed) Guards {
	g := Guards{
		Token: world.Always(TokenDefaults{cmp.Or(seed.Permissions, "read"), seed.Approves}),
		Fork:  world.Always(cmp.Or(seed.ForkApproval, forkPolicies[1])),
	}
	g.Actions, g.Selected = actionsOf(seed)
	if seed.ForkRuns != nil {
		g.ForkRuns = world.Always(*seed.ForkRuns)
	}
	var sets []Ruleset
	for _, r := range seed.Rulesets {
		x := *r
		x.ID, x.Created = core.ID(), core.Now()
		x.Updated = x.Created
		sets = append(sets, x)
	}
	g.Rulesets = world.Always(sets)
	return g
}

func (s *Server) guardRoutes() []route {
	const repo = "/repos/{owner}/{repo}"
	const env = repo + "/environments/{environment}"
	const perms = repo + "/actions/permissions"
	return []route{
		{"PUT " + env, "PUT environment", "administration=write", s.putEnvironment},
		{"POST " + env + "/deployment-branch-policies", "POST environment branch", "administration=write", s.postBranchPolicy},
		{"DELETE " + env + "/deployment-branch-policies/{policy}", "DELETE environment branch", "administration=write", s.deleteBranchPolicy},
		{"GET " + perms, "GET actions permissions", "administration=read", s.getActions},
		{"PUT " + perms, "PUT actions permissions", "administration=write", s.putActions},
		{"GET " + perms + "/selected-actions", "GET selected actions", "administration=read", s.getSelected},
		{"PUT " + perms + "/selected-actions", "PUT selected actions", "administration=write", s.putSelected},
		{"GET " + perms + "/workflow", "GET default permissions", "administration=read", s.getToken},
		{"PUT " + perms + "/workflow", "PUT default permissions", "administration=write", s.putToken},
		{"GET " + perms + "/fork-pr-contributor-approval", "GET fork approval", "administration=read", s.getFork},
		{"PUT " + perms + "/fork-pr-contributor-approval", "PUT fork approval", "administration=write", s.putFork},
		{"GET " + perms + "/fork-pr-workflows-private-repos", "GET fork runs", "administration=read", s.getForkRuns},
		{"PUT " + perms + "/fork-pr-workflows-private-repos", "PUT fork runs", "administration=write", s.putForkRuns},
		{"GET " + repo + "/rulesets", "GET rulesets", "metadata=read", s.listRulesets},
		{"POST " + repo + "/rulesets", "POST ruleset", "administration=write", s.postRuleset},
		{"GET " + repo + "/rulesets/{ruleset}", "GET ruleset", "metadata=read", s.getRuleset},
		{"PUT " + repo + "/rulesets/{ruleset}", "PUT ruleset", "administration=write", s.putRuleset},
		{"DELETE " + repo + "/rulesets/{ruleset}", "DELETE ruleset", "administration=write", s.deleteRuleset},
	}
}

// set changes a setting; the same value again changes nothing.
func set[T comparable](s *Server, e *world.Eventually[T], v T) {
	if e.Is != v {
		e.Set(v, s.core.Now(), s.core.Delay("github setting"))
	}
}

func (s *Server) getToken(*http.Request) answer { return ok(s.state.Guards.Token.Get(s.core.Now())) }

func (s *Server) putToken(r *http.Request) answer {
	in := s.state.Guards.Token.Is
	if json.NewDecoder(r.Body).Decode(&in) != nil || in.Permissions != "read" && in.Permissions != "write" {
		return fail(http.StatusBadRequest, "Problems parsing JSON")
	}
	set(s, &s.state.Guards.Token, in)
	return empty(http.StatusNoContent)
}

// getFork is of public repositories alone, getForkRuns of private ones.
// Source: GitHub REST reference, "GitHub Actions permissions".
func (s *Server) getFork(*http.Request) answer {
	if s.state.Private {
		return fail(http.StatusNotFound, "Not Found")
	}
	return ok(map[string]any{"approval_policy": s.state.Guards.Fork.Get(s.core.Now())})
}

func (s *Server) putFork(r *http.Request) answer {
	var in struct {
		Policy string `json:"approval_policy"`
	}
	switch {
	case s.state.Private:
		return fail(http.StatusNotFound, "Not Found")
	case json.NewDecoder(r.Body).Decode(&in) != nil || !slices.Contains(forkPolicies, in.Policy):
		return fail(http.StatusUnprocessableEntity, "Validation Failed")
	}
	set(s, &s.state.Guards.Fork, in.Policy)
	return empty(http.StatusNoContent)
}

func (s *Server) getForkRuns(*http.Request) answer {
	if !s.state.Private {
		return fail(http.StatusNotFound, "Not Found")
	}
	return ok(s.state.Guards.ForkRuns.Get(s.core.Now()))
}

func (s *Server) putForkRuns(r *http.Request) answer {
	in := s.state.Guards.ForkRuns.Is
	switch {
	case !s.state.Private:
		return fail(http.StatusNotFound, "Not Found")
	case json.NewDecoder(r.Body).Decode(&in) != nil:
		return fail(http.StatusBadRequest, "Problems parsing JSON")
	}
	set(s, &s.state.Guards.ForkRuns, in)
	return empty(http.StatusNoContent)
}

// ActionsNow is whether Actions runs, and the selected actions as JSON.
func (s *Server) ActionsNow() (Actions, string) {
	return s.state.Guards.Actions.Is, s.state.Guards.Selected.Is
}

// TokenDefaults is what GITHUB_TOKEN gets by default now.
func (s *Server) TokenDefaults() TokenDefaults { return s.state.Guards.Token.Is }

// ForkApproval is the policy of a public repository now.
func (s *Server) ForkApproval() string { return s.state.Guards.Fork.Is }

// ForkRuns are the settings of a private repository now.
func (s *Server) ForkRuns() ForkRuns { return s.state.Guards.ForkRuns.Is }

// guarded adds the guards to a projection: an incident that was killed and resumed
// leaves them as one that was not.
func (s *Server) guarded(p map[string]string, at string) {
	s.projectKeys(p, at)
	s.projectApps(p)
	s.projectHooks(p, at)
	for _, t := range s.state.Tokens {
		if t.Name != issuedToken {
			p["credential "+t.Name] = map[bool]string{true: "dead", false: "alive"}[t.Dead]
		}
	}
	owner, chosen, selected := s.OwnerActionsNow()
	p[at+"actions of the organization"] = fmt.Sprint(owner, chosen, selected)
	p[at+"actions"] = fmt.Sprint(s.state.Guards.Actions.Is, s.state.Guards.Selected.Is)
	p[at+"token defaults"] = fmt.Sprint(s.TokenDefaults())
	p[at+"fork approval"] = fmt.Sprint(s.ForkApproval(), s.ForkRuns())
	var runners []string
	for _, x := range slices.Concat(s.state.Runners, s.state.Organization.Runners) {
		runners = append(runners, x.Name)
	}
	p[at+"runners"] = strings.Join(slices.Sorted(slices.Values(runners)), ", ")
	p[at+"rulesets"] = strings.Join(slices.Sorted(slices.Values(s.Rulesets())), ", ")
	for i := range s.state.Environments {
		e := &s.state.Environments[i]
		p[at+"environment "+e.Name] = fmt.Sprint(e.Reviewers, e.Wait, e.SelfReview, e.CanBypass, e.Protected, e.custom(), slices.Sorted(slices.Values(e.Branches)), slices.Sorted(slices.Values(e.Tags)), e.Extra)
	}
}
