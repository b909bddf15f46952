package github

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/go-github/v62/github"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// environmentState is an environment as freezing and lifting compare it: GitHub's own
// object without what belongs to one moment or one answer (ids, addresses, times), and
// the patterns of refs that may deploy. Members nobody knows are kept as they are.
type environmentState struct {
	Settings json.RawMessage    `json:"settings"`
	Patterns []snapshot.Pattern `json:"patterns,omitempty"`
}

// passing are the members of an environment that no PUT takes.
var passing = []string{"id", "node_id", "url", "html_url", "created_at", "updated_at"}

// settled makes the comparable object. Rules lose their ids, reviewers everything but
// who they are, and the rule branch_policy goes: it repeats deployment_branch_policy.
func settled(raw json.RawMessage) (json.RawMessage, error) {
	o, err := object(raw)
	if err != nil {
		return nil, err
	}
	if o["name"] == nil {
		return nil, errors.New("GitHub's answer names no environment")
	}
	for _, m := range passing {
		delete(o, m)
	}
	var rules []any
	all, _ := o["protection_rules"].([]any)
	for _, x := range all {
		rule, is := x.(map[string]any)
		if !is || rule["type"] == "branch_policy" {
			continue
		}
		delete(rule, "id")
		delete(rule, "node_id")
		if who, is := rule["reviewers"].([]any); is {
			for i := range who {
				who[i] = reviewer(who[i])
			}
		}
		rules = append(rules, rule)
	}
	slices.SortFunc(rules, func(a, b any) int { return cmp.Compare(string(plan.Image(a)), string(plan.Image(b))) })
	o["protection_rules"] = rules
	return plan.Image(o), nil
}

// reviewer is a reviewer as a PUT names one.
func reviewer(x any) any {
	o, _ := x.(map[string]any)
	who, _ := o["reviewer"].(map[string]any)
	if who == nil || who["id"] == nil {
		return x
	}
	return map[string]any{"type": o["type"], "id": who["id"]}
}

// policy is "" for any ref, "protected" or "custom".
func (s environmentState) policy() string {
	var w environmentWire
	if json.Unmarshal(s.Settings, &w) != nil || w.Policy == nil {
		return ""
	}
	if w.Policy.Protected {
		return "protected"
	}
	return "custom"
}

// frozen: only refs that match a pattern may deploy, and there is no pattern.
func (s environmentState) frozen() bool { return s.policy() == "custom" && len(s.Patterns) == 0 }

// closed is the state that freezing leaves.
func (s environmentState) closed() (environmentState, error) {
	o, err := object(s.Settings)
	if err != nil {
		return s, err
	}
	o["deployment_branch_policy"] = map[string]any{"protected_branches": false, "custom_branch_policies": true}
	return environmentState{Settings: plan.Image(o)}, nil
}

// besides is everything but who may deploy by ref.
func (s environmentState) besides() json.RawMessage {
	o, err := object(s.Settings)
	if err != nil {
		return s.Settings
	}
	delete(o, "deployment_branch_policy")
	return plan.Image(o)
}

// body is the PUT that leaves an environment with these settings. A PUT replaces
// everything, so all there is goes back: the two rules GitHub builds in as the members
// they stand for, and every other member as it came. can_admins_bypass is one GitHub's
// description does not list and without which it would become true. A rule that is not
// there is left out: where a plan has no such rule its member is refused, even empty.
// Rules of Apps have an interface of their own that a PUT does not touch.
// Source: GitHub REST reference, "Create or update an environment"; go-github,
// CreateUpdateEnvironment.
func (s environmentState) body() (json.RawMessage, error) {
	o, err := object(s.Settings)
	if err != nil {
		return nil, err
	}
	o = maps.Clone(o)
	rules, _ := o["protection_rules"].([]any)
	delete(o, "protection_rules")
	delete(o, "name")
	for _, x := range rules {
		rule, _ := x.(map[string]any)
		if rule["type"] != "wait_timer" && rule["type"] != "required_reviewers" {
			continue
		}
		for m, v := range rule {
			if m != "type" {
				o[m] = v
			}
		}
	}
	return plan.Image(o), nil
}

func (s environmentState) image() json.RawMessage { return plan.Image(s) }

// patternWire is a pattern with the id to delete it by.
type patternWire struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`
}

func (p *Provider) patterns(ctx context.Context, c *github.Client, repository, environment string) ([]patternWire, error) {
	all, _, err := list[patternWire](ctx, c, at(repository, "environments", environment, "deployment-branch-policies"), "branch_policies", nil)
	for i := range all {
		all[i].Type = cmp.Or(all[i].Type, "branch")
	}
	slices.SortFunc(all, func(a, b patternWire) int { return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name)) })
	return all, err
}

// environment reads what an environment is now. Patterns count where they are asked
// for alone.
func (p *Provider) environment(ctx context.Context, t adapters.Task) (environmentState, []patternWire, time.Time, error) {
	var (
		raw json.RawMessage
		s   environmentState
	)
	server, err := get(ctx, p.reads, at(t.Text("repository"), "environments", t.Text("environment")), &raw)
	if err != nil {
		return s, nil, server, err
	}
	if s.Settings, err = settled(raw); err != nil || s.policy() != "custom" {
		return s, nil, server, err
	}
	ids, err := p.patterns(ctx, p.reads, t.Text("repository"), t.Text("environment"))
	for _, x := range ids {
		s.Patterns = append(s.Patterns, snapshot.Pattern{Name: x.Name, Type: x.Type})
	}
	return s, ids, server, err
}

// surveyedEnvironment is the state a snapshot shows.
func surveyedEnvironment(e *snapshot.Environment) (environmentState, error) {
	raw, err := settled(e.Raw)
	s := environmentState{Settings: raw}
	if err == nil && s.policy() == "custom" {
		s.Patterns = e.Patterns
	}
	return s, err
}

var environmentInputs = []plan.Field{
	repositoryInput,
	{Name: "environment", Type: plan.String, Required: true, Doc: "the environment's name"},
}

func environmentTarget(repository, name string) plan.Target {
	return plan.Target{Provider: "github", Kind: "environment", ID: repository + "/environment/" + name, Name: name}
}

// environmentCall is a request about an environment; Before is what it is now.
func environmentCall(key, verb, repository, name string, now environmentState, args map[string]string) plan.Call {
	c := plan.Call{Key: key, Verb: verb, Object: repository + "/" + name, Args: map[string]string{"repository": repository, "environment": name}, Before: now.image()}
	maps.Copy(c.Args, args)
	return c
}

// replace is the call that gives an environment these settings.
func replace(verb, repository, name string, now, want environmentState) (plan.Call, error) {
	body, err := want.body()
	return environmentCall(verb+" "+name, verb, repository, name, now, map[string]string{"do": "replace", "body": string(body)}), err
}

// applyEnvironment sends the one request a call stands for. A pattern that is there
// already (303) or gone already (404) is what was wanted.
func (p *Provider) applyEnvironment(ctx context.Context, c plan.Call) adapters.Result {
	path := []string{"environments", c.Args["environment"]}
	var (
		o       plan.Outcome
		code    int
		already = -1
	)
	switch c.Args["do"] {
	case "remove":
		already = http.StatusNotFound
		o, code = p.send(ctx, http.MethodDelete, at(c.Args["repository"], append(path, "deployment-branch-policies", c.Args["id"])...), nil, nil)
	case "add":
		already = http.StatusSeeOther
		o, code = p.send(ctx, http.MethodPost, at(c.Args["repository"], append(path, "deployment-branch-policies")...), map[string]string{"name": c.Args["name"], "type": c.Args["type"]}, nil)
	default:
		o, code = p.send(ctx, http.MethodPut, at(c.Args["repository"], path...), json.RawMessage(c.Args["body"]), nil)
	}
	if code == already && o.State == plan.Refused {
		o.State, o.Detail = plan.Done, o.Detail+"; it was so already"
	}
	return adapters.Result{Outcome: o}
}

// settleEnvironment looks whether what a call was to bring about is there. It cannot
// tell our call from another with the same effect; all of them are resend-safe.
func (p *Provider) settleEnvironment(ctx context.Context, t adapters.Task, c plan.Call, wait plan.Duration) plan.Settlement {
	now, ids, _, err := p.environment(ctx, t)
	if err != nil {
		return unsettled(err)
	}
	there := false
	switch c.Args["do"] {
	case "remove":
		there = !slices.ContainsFunc(ids, func(x patternWire) bool { return strconv.FormatInt(x.ID, 10) == c.Args["id"] })
	case "add":
		there = slices.Contains(now.Patterns, snapshot.Pattern{Name: c.Args["name"], Type: c.Args["type"]})
	default:
		body, err := now.body()
		there = err == nil && same(body, json.RawMessage(c.Args["body"]))
	}
	if there {
		return plan.Settlement{Happened: "yes"}
	}
	return t.Absent(c, wait, "the environment is "+string(now.image()))
}
