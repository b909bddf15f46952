package cli

import (
	"testing"

	"github.com/firebreak/firebreak/internal/plan"
)

func TestATargetIsWhatTheInputsName(t *testing.T) {
	workflow := map[string]plan.Value{"repository": {Literal: "acme/shop"}, "workflow": {Literal: ".github/workflows/ci.yml"}}
	user := map[string]plan.Value{"user": {Literal: "ci-bot"}}
	for _, x := range []struct {
		name     string
		inputs   map[string]plan.Value
		was, now plan.Target
		fits     bool
	}{
		{"the same", workflow, plan.Target{ID: "acme/shop/ci.yml", Name: "ci.yml"}, plan.Target{ID: "acme/shop/ci.yml", Name: "ci.yml"}, true},
		{"another name to type", workflow, plan.Target{ID: "acme/shop/ci.yml", Name: "lint.yml"}, plan.Target{ID: "acme/shop/ci.yml", Name: "ci.yml"}, false},
		{"another object", workflow, plan.Target{ID: "acme/shop/lint.yml"}, plan.Target{ID: "acme/shop/ci.yml"}, false},
		{"another object, said to be many", workflow, plan.Target{ID: "acme/shop/lint.yml", Selector: true}, plan.Target{ID: "acme/shop/ci.yml"}, false},
		{"many, said to be one", workflow, plan.Target{ID: "acme/shop/lint.yml"}, plan.Target{ID: "acme/shop/ci.yml", Selector: true}, false},
		{"another provider", user, plan.Target{Provider: "npm", ID: "ci-bot/7"}, plan.Target{Provider: "aws", ID: "ci-bot/7"}, false},
		{"another user", user, plan.Target{ID: "root/7"}, plan.Target{ID: "ci-bot/7"}, false},
		// An attacker who adds or takes away objects does not hold the response up.
		{"the only key is another one now", user, plan.Target{ID: "ci-bot/7", Name: "7"}, plan.Target{ID: "ci-bot/8", Name: "8"}, true},
		{"there are two now", user, plan.Target{ID: "ci-bot/7"}, plan.Target{ID: "ci-bot", Selector: true}, true},
		{"there are two tokens now", user, plan.Target{ID: "ci-bot/7"}, plan.Target{ID: "ci-bot/?", Selector: true}, true},
		{"there is one now", user, plan.Target{ID: "ci-bot/?", Selector: true}, plan.Target{ID: "ci-bot/7"}, true},
	} {
		if got := fits(&plan.Action{Inputs: x.inputs, Target: x.was}, x.now); got != x.fits {
			t.Errorf("%s: fits is %v", x.name, got)
		}
	}
}
