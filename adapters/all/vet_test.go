package all

import (
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/plan"
)

func TestAPlanCannotSayOtherwiseThanItsActions(t *testing.T) {
	c, err := Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	spec, ok := c.Spec("npm.token.revoke")
	if !ok {
		t.Fatal("no npm.token.revoke")
	}
	right := plan.Action{
		ID: "revoke/npm.token.revoke/ci-bot/7", Step: plan.Revoke, Use: spec.Name, Effect: spec.Effect, Lost: spec.Lost, Role: plan.Destroy,
		Target: plan.Target{Provider: "npm", Kind: "token", ID: "ci-bot/7", Name: "7"}, Proof: plan.P2, Settle: spec.Settle, Credential: "npm",
	}
	closings := []plan.Closing{{Credential: "npm", Actions: []string{right.ID}}}
	if err := c.Vet(&plan.Plan{Closings: closings, Actions: []plan.Action{right}}); err != nil {
		t.Fatalf("a plan as compiled is refused: %v", err)
	}
	for _, x := range []struct {
		name   string
		change func(*plan.Action)
		want   string
	}{
		{"no question", func(a *plan.Action) { a.Effect = plan.Read }, `its effect is "irreversible", the plan says "read"`},
		{"sent twice", func(a *plan.Action) { a.Lost = plan.Undetectable }, `a lost call of it is "resend-safe"`},
		{"no gate", func(a *plan.Action) { a.Role = plan.Look }, `its role is "kill", the plan says "look"`},
		{"a proof it cannot give", func(a *plan.Action) { a.Proof = plan.P4 }, "it can prove P3 at best"},
		{"an action nobody has", func(a *plan.Action) { a.Use = "npm.token.revke" }, `has no action "npm.token.revke"`},
		{"another target", func(a *plan.Action) { a.Target.ID = "ci-bot/8" }, "its id is not that of"},
		{"less proof", func(a *plan.Action) { a.Proof = plan.P0 }, "the plan wants only P0 and does not say why"},
		{"less proof where nobody has the value", func(a *plan.Action) { a.ProofWithout = plan.P0 }, "the plan wants only P0"},
		{"two looks at once", func(a *plan.Action) { a.Settle = 0 }, "and not that the configuration does"},
		{"a credential nobody closes", func(a *plan.Action) { a.Credential = "other" }, "no closing of the plan waits for it"},
		{"an inverse of its own", func(a *plan.Action) { a.Inverse = &plan.Inverse{Use: "github.workflow.enable"} }, "it is reverted by"},
	} {
		a := right
		x.change(&a)
		if err := c.Vet(&plan.Plan{Closings: closings, Actions: []plan.Action{a}}); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: told %v", x.name, err)
		}
	}
}

// Gates ask which workflows are under response.
func TestAPlansSubjectsAreWhatItsInputsName(t *testing.T) {
	c, err := Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	p := &plan.Plan{
		Inputs:   map[string]any{"repository": []any{"acme/shop"}, "workflow": []any{".github/workflows/ci.yml", "acme/web/.github/workflows/x.yml"}},
		Subjects: []string{"acme/shop/.github/workflows/ci.yml", "acme/web/.github/workflows/x.yml"},
	}
	if err := c.Vet(p); err != nil {
		t.Fatal(err)
	}
	p.Subjects = p.Subjects[1:]
	if err := c.Vet(p); err == nil || !strings.Contains(err.Error(), "its subjects are") {
		t.Errorf("told %v", err)
	}
}
