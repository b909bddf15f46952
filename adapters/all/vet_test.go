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
	right := plan.Action{ID: "a", Use: spec.Name, Effect: spec.Effect, Lost: spec.Lost, Role: plan.Destroy, Proof: plan.P2}
	if err := c.Vet(&plan.Plan{Actions: []plan.Action{right}}); err != nil {
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
		{"an inverse of its own", func(a *plan.Action) { a.Inverse = &plan.Inverse{Use: "github.workflow.enable"} }, "it is reverted by"},
	} {
		a := right
		x.change(&a)
		if err := c.Vet(&plan.Plan{Actions: []plan.Action{a}}); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: told %v", x.name, err)
		}
	}
}
