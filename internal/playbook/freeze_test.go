package playbook

import (
	"slices"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/plan"
)

// earlierOf gives which freeze each lift takes its earlier state from, by target.
func earlierOf(p *plan.Plan) map[string]string {
	out := map[string]string{}
	for _, a := range p.Actions {
		if a.Role == plan.Lift {
			out[a.Target.ID] = a.Inputs["earlier"].Output.Action
		}
	}
	return out
}

// With several repositories and environments each lift takes what its own freeze found.
func TestEachLiftTakesItsOwnFreezesState(t *testing.T) {
	r := request()
	delete(r.Inputs, "package") // one rebuild is promoted, of one repository
	r.Inputs["repository"] = []string{"acme/shop", "acme/web"}
	r.Inputs["freeze_environments"] = []string{"release", "docs"}
	r.Inputs["freeze_branches"] = []string{"stable"}
	p := mustCompile(t, shippedText(t), r)
	got := earlierOf(p)
	if len(got) != 2*(1+1+2+1+1)-2*2 { // fork approval and token have no more than the repository in their id
		t.Fatalf("%v", got)
	}
	for target, from := range got {
		i := slices.IndexFunc(p.Actions, func(a plan.Action) bool { return a.ID == from })
		if i < 0 || p.Actions[i].Role != plan.Freeze || p.Actions[i].Target.ID != target {
			t.Errorf("%s takes its earlier state from %s", target, from)
		}
	}
}

// A lift comes after what was enabled was watched.
func TestLiftsComeAfterTheCanary(t *testing.T) {
	p := mustCompile(t, shippedText(t), request())
	canary := ""
	for _, a := range p.Actions {
		if a.Role == plan.Canary {
			canary = a.ID
		}
	}
	lifts := 0
	for _, a := range p.Actions {
		if a.Role != plan.Lift {
			continue
		}
		if lifts++; canary == "" || !slices.Contains(a.After, canary) {
			t.Errorf("%s does not wait for the canary: %v", a.ID, a.After)
		}
	}
	if lifts != 3 {
		t.Errorf("%d lifts without environments and branches, want tags, forks and token", lifts)
	}
}

// What shuts the door goes to the provider before what only narrows.
func TestFreezesComeAfterTheDoorIsShut(t *testing.T) {
	p := mustCompile(t, shippedText(t), request())
	for _, a := range p.Actions {
		if a.Role == plan.Freeze && !slices.Equal(a.After, []string{"disable/github.workflow.disable/acme/shop/.github/workflows/pr-checks.yml"}) {
			t.Errorf("%s comes after %v", a.ID, a.After)
		}
	}
}

func TestAnOutputOfSeveralActionsNeedsTheirInputs(t *testing.T) {
	text := strings.Replace(shippedText(t), `with: { environment: "${{ e }}", earlier`, `with: { environment: release, earlier`, 1)
	r := request()
	r.Inputs["freeze_environments"] = []string{"docs", "preview"}
	if _, err := Compile(mustParse(t, text), r); err == nil || !strings.Contains(err.Error(), "became 2 actions, and 0 of them have this task's inputs") {
		t.Errorf("%v", err)
	}
}
