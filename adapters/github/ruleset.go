package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-github/v62/github"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// rulesetWire is a ruleset; lists leave out what follows Enforcement.
type rulesetWire struct {
	ID          int64  `json:"id"`
	Name        string `json:"name"`
	Source      string `json:"source"`
	SourceType  string `json:"source_type"`
	Target      string `json:"target"`
	Enforcement string `json:"enforcement"`
	Conditions  *struct {
		Ref *refCondition `json:"ref_name"`
	} `json:"conditions"`
	Rules []struct {
		Type       string          `json:"type"`
		Parameters json.RawMessage `json:"parameters,omitempty"`
	} `json:"rules"`
	// Bypass is nil where GitHub does not show it: only who may edit a ruleset sees it.
	Bypass *[]json.RawMessage `json:"bypass_actors"`
}

type refCondition struct {
	Include []string `json:"include"`
	Exclude []string `json:"exclude"`
}

// freezing is the ruleset a freeze wants to be there.
type freezing struct {
	Name        string            `json:"name"`
	Target      string            `json:"target"`
	Enforcement string            `json:"enforcement"`
	Bypass      []json.RawMessage `json:"bypass_actors"`
	Conditions  struct {
		Ref refCondition `json:"ref_name"`
	} `json:"conditions"`
	Rules []map[string]string `json:"rules"`
}

// frozenRules keep everybody from making, moving and deleting a ref.
var frozenRules = []string{"creation", "update", "deletion"}

// wantedRuleset makes it from the inputs target and refs. Its name is the same in every
// incident, so that one whose creation was lost is found again.
func wantedRuleset(target string, refs []string) (freezing, error) {
	w := freezing{Target: target, Enforcement: "active", Bypass: []json.RawMessage{}}
	if target == "" {
		w.Target = "tag"
	}
	prefix := "refs/tags/"
	switch w.Target {
	case "tag":
		w.Name = "firebreak freeze of tags"
	case "branch":
		w.Name, prefix = "firebreak freeze of branches", "refs/heads/"
	default:
		return w, fmt.Errorf("input target is %q; give tag or branch", target)
	}
	if len(refs) == 0 && w.Target == "branch" {
		return w, errors.New("input refs is missing; name the branches to freeze, and leave out the one the fix is pushed to")
	}
	if len(refs) == 0 {
		refs = []string{"~ALL"}
	}
	w.Conditions.Ref.Exclude = []string{}
	for _, r := range refs {
		if !strings.HasPrefix(r, "~") {
			r = prefix + strings.TrimPrefix(r, prefix)
		}
		w.Conditions.Ref.Include = append(w.Conditions.Ref.Include, r)
	}
	slices.Sort(w.Conditions.Ref.Include)
	w.Conditions.Ref.Include = slices.Compact(w.Conditions.Ref.Include)
	for _, r := range frozenRules {
		w.Rules = append(w.Rules, map[string]string{"type": r})
	}
	return w, nil
}

// refsOf reads a list, as compiled or as read back from a plan.
func refsOf(v any) []string {
	switch x := v.(type) {
	case []string:
		return x
	case []any:
		var out []string
		for _, i := range x {
			if s, ok := i.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

var errBypassHidden = errors.New("GitHub does not show who may pass the ruleset by; it does with administration=write")

// is reports whether w does what f wants: at least its rules on at least its refs, for
// everybody. exact also asks that it does nothing else.
func (f freezing) is(w rulesetWire, exact bool) (bool, error) {
	if w.Enforcement != f.Enforcement || w.Target != f.Target || w.Conditions == nil || w.Conditions.Ref == nil || len(w.Conditions.Ref.Exclude) > 0 {
		return false, nil
	}
	include, rules := slices.Clone(w.Conditions.Ref.Include), []string{}
	for _, r := range w.Rules {
		rules = append(rules, r.Type)
	}
	for _, want := range f.Conditions.Ref.Include {
		if !slices.Contains(include, want) {
			return false, nil
		}
	}
	for _, want := range frozenRules {
		if !slices.Contains(rules, want) {
			return false, nil
		}
	}
	if exact && (len(include) != len(f.Conditions.Ref.Include) || len(rules) != len(frozenRules)) {
		return false, nil
	}
	if w.Bypass == nil {
		return false, errBypassHidden
	}
	return len(*w.Bypass) == 0, nil
}

// madeRuleset is the `earlier` of a ruleset freeze: which ruleset the freeze made, 0
// for none, and what it made it be. Before the freeze it was not there.
type madeRuleset struct {
	ID   int64    `json:"id"`
	Made freezing `json:"made"`
}

func (m madeRuleset) outputs() map[string]plan.Output { return outputs(plan.Image(m)) }

// rulesetsOf lists the repository's own rulesets, with parents also its owner's.
func rulesetsOf(ctx context.Context, c *github.Client, repository string, parents bool) ([]rulesetWire, time.Time, error) {
	return list[rulesetWire](ctx, c, at(repository, "rulesets"), "", url.Values{"includes_parents": {strconv.FormatBool(parents)}})
}

func rulesetOf(ctx context.Context, c *github.Client, repository string, id int64) (rulesetWire, error) {
	var w rulesetWire
	_, err := get(ctx, c, at(repository, "rulesets", strconv.FormatInt(id, 10)), &w)
	if err == nil && w.ID != id {
		err = errors.New("GitHub's answer is about another ruleset")
	}
	return w, err
}

// named finds the repository's own ruleset of a name, with all that is in it; nil when
// there is none.
func (p *Provider) named(ctx context.Context, repository, name string) (*rulesetWire, time.Time, error) {
	all, server, err := rulesetsOf(ctx, p.reads, repository, false)
	if err != nil {
		return nil, server, err
	}
	for _, x := range all {
		if x.Name == name && (x.SourceType == "" || x.SourceType == "Repository") {
			w, err := rulesetOf(ctx, p.reads, repository, x.ID)
			return &w, server, err
		}
	}
	return nil, server, nil
}

func rulesetInputs(more ...plan.Field) []plan.Field {
	return append([]plan.Field{
		repositoryInput,
		{Name: "target", Type: plan.String, Doc: "what is frozen: tag (when left out) or branch"},
	}, more...)
}

func rulesetTarget(repository string, w freezing) plan.Target {
	return plan.Target{Provider: "github", Kind: "ruleset", ID: repository + "/ruleset/" + w.Target, Name: w.Name}
}

func rulesetArgs(repository, id string, body any) map[string]string {
	args := map[string]string{"repository": repository}
	if id != "" {
		args["id"] = id
	}
	if body != nil {
		args["body"] = string(plan.Image(body))
	}
	return args
}

// surveyedRuleset is a ruleset as a snapshot has it.
func surveyedRuleset(w rulesetWire) snapshot.Ruleset {
	x := snapshot.Ruleset{ID: w.ID, Name: w.Name, Source: w.Source, Target: w.Target, Enforcement: w.Enforcement, Bypass: "unknown"}
	if w.Conditions != nil && w.Conditions.Ref != nil {
		x.Include, x.Exclude = w.Conditions.Ref.Include, w.Conditions.Ref.Exclude
	}
	for _, r := range w.Rules {
		x.Rules = append(x.Rules, r.Type)
	}
	slices.Sort(x.Rules)
	switch {
	case w.Bypass != nil && len(*w.Bypass) == 0:
		x.Bypass = "none"
	case w.Bypass != nil:
		x.Bypass = "some"
	}
	return x
}
