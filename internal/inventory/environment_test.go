package inventory

import (
	"encoding/json"
	"testing"

	"github.com/firebreak/firebreak/internal/snapshot"
)

func TestEnvironments(t *testing.T) {
	main, shielded := snapshot.Branch{Name: "main"}, snapshot.Branch{Name: "main", Protected: true}
	rule := func(kind string) json.RawMessage {
		return json.RawMessage(`{"protection_rules":[{"type":"branch_policy"},{"type":"` + kind + `"}]}`)
	}
	for name, c := range map[string]struct {
		e    snapshot.Environment
		r    snapshot.Repository
		want Environment
	}{
		"no rules":                {snapshot.Environment{CanBypass: true}, snapshot.Repository{}, Environment{Open: "any branch may use it", Bypass: true}},
		"reviewers":               {snapshot.Environment{Reviewers: []string{"a"}}, snapshot.Repository{}, Environment{Open: "any branch may use it", Asked: true}},
		"named branches":          {snapshot.Environment{Policy: "custom", Branches: []string{"main", "release/*"}}, snapshot.Repository{}, Environment{}},
		"any name":                {snapshot.Environment{Policy: "custom", Branches: []string{"main", "**"}}, snapshot.Repository{}, Environment{Open: "a branch of any name may use it"}},
		"protected":               {snapshot.Environment{Policy: "protected"}, snapshot.Repository{Branches: []snapshot.Branch{{Name: "x"}, shielded}}, Environment{}},
		"none protected":          {snapshot.Environment{Policy: "protected"}, snapshot.Repository{Branches: []snapshot.Branch{main}}, Environment{Open: "it is for protected branches, and with none protected any branch may use it"}},
		"only rulesets":           {snapshot.Environment{Policy: "protected"}, snapshot.Repository{Branches: []snapshot.Branch{main}, Rulesets: []snapshot.Ruleset{{}}}, Environment{Unread: "it is for protected branches, and there are none but those of rulesets"}},
		"branches not listed":     {snapshot.Environment{Policy: "protected"}, snapshot.Repository{}, Environment{Unread: "the branches were not listed"}},
		"an App's rule":           {snapshot.Environment{Raw: rule("custom")}, snapshot.Repository{}, Environment{Open: "any branch may use it", Asked: true}},
		"a wait asks nobody":      {snapshot.Environment{Raw: rule("wait_timer")}, snapshot.Repository{}, Environment{Open: "any branch may use it"}},
		"what is no JSON is none": {snapshot.Environment{Raw: json.RawMessage("{")}, snapshot.Repository{}, Environment{Open: "any branch may use it"}},
	} {
		c.e.Name, c.want.Name = "Prod", "Prod"
		c.r.FullName, c.r.Environments = "acme/shop", []snapshot.Environment{c.e}
		if got := environments(&c.r, nil)["prod"]; got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestEnvironmentsOfASurveyWithGaps(t *testing.T) {
	shop := snapshot.Repository{FullName: "acme/shop", Environments: []snapshot.Environment{{Name: "prod", Policy: "custom"}}}
	s := &snapshot.Snapshot{Repositories: []snapshot.Repository{shop, {FullName: "acme/web"}, {FullName: "acme/api"}}, Gaps: []snapshot.Gap{
		{Provider: "github", What: "branches that may use environment prod of acme/shop"}, {Provider: "github", What: "environments of acme/web"}, {Provider: "aws", What: "environments of acme/api"},
	}}
	got := FromSnapshot(s)
	if got[0].Environments["prod"].Unread == "" {
		t.Errorf("the branches were not listed: %+v", got[0].Environments)
	}
	if got[1].Environments != nil {
		t.Errorf("the environments were not listed: %+v", got[1].Environments)
	}
	if got[2].Environments == nil || len(got[2].Environments) != 0 {
		t.Errorf("there are none, and that is known: %+v", got[2].Environments)
	}
}
