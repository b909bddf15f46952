package playbook

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/plan"
)

// carriedOut gives the shipped plan's actions with an inverse where the adapters have
// one, in the order they would be done.
func carriedOut(t *testing.T) (*plan.Plan, []*plan.Action) {
	t.Helper()
	p := mustCompile(t, shippedText(t), request())
	var done []*plan.Action
	for i := range p.Actions {
		a := &p.Actions[i]
		if a.Use == "github.workflow.disable" {
			a.Inverse = &plan.Inverse{Use: "github.workflow.enable", With: a.Inputs}
		}
		if a.Use == "aws.role.deny_trust" {
			a.Inverse = &plan.Inverse{Use: "manual.task", With: map[string]plan.Value{"instructions": {Literal: "Give the role a tight policy."}}}
		}
		if a.Use == "github.workflow.enable" {
			continue // not yet
		}
		done = append(done, a)
	}
	return p, done
}

func TestRollbackOpensAgainAndNothingElse(t *testing.T) {
	first, done := carriedOut(t)
	p, all, err := Rollback(request(), first, done, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Actions) != 1 || p.Actions[0].Use != "github.workflow.enable" || p.Actions[0].Role != plan.Enable || p.Actions[0].Step != plan.Restore {
		t.Fatalf("planned: %s", describe(p))
	}
	if !strings.HasPrefix(p.Actions[0].ID, "rollback/") || len(p.Closings) != 0 || len(p.Subjects) == 0 {
		t.Errorf("%s, closings %v, subjects %v", p.Actions[0].ID, p.Closings, p.Subjects)
	}
	secrets, people := 0, 0
	for _, x := range all {
		if x.By == nil && x.Why == "" {
			t.Errorf("%s is left without a reason", x.Action.ID)
		}
		if strings.Contains(x.Why, "old secret never comes back") {
			secrets++
		}
		if x.Person && x.Why == "Give the role a tight policy." {
			people++
		}
	}
	if secrets < 4 || people != 1 {
		t.Errorf("%d secrets stay as they are, %d things for a person", secrets, people)
	}
	if first := all[0].Action.ID; first == done[0].ID {
		t.Error("what was done last is not taken back first")
	}
}

// An old secret never comes back, even where an adapter knew how.
func TestRollbackNeverRestoresASecret(t *testing.T) {
	first, done := carriedOut(t)
	for _, a := range done {
		if a.Role == plan.Kill || a.Role == plan.Deliver || a.Role == plan.Mint {
			a.Inverse = &plan.Inverse{Use: "github.secret.put", With: a.Inputs}
		}
	}
	p, _, err := Rollback(request(), first, done, nil)
	if err != nil || len(p.Actions) != 1 {
		t.Errorf("%v %s", err, describe(p))
	}
}

// What opens a door waits for gate 5, or is left to a person.
func TestRollbackOpensNoDoorPastTheBoundary(t *testing.T) {
	first, done := carriedOut(t)
	for _, a := range done {
		if a.Inverse != nil && a.Use == "github.workflow.disable" {
			a.Inverse.Use = "github.runs.cancel" // anything that is neither enable nor lift
		}
	}
	p, all, err := Rollback(request(), first, done, nil)
	if err != nil || p != nil {
		t.Fatalf("%v, planned %v", err, p)
	}
	for _, x := range all {
		if x.Action.Use == "github.workflow.disable" && !strings.Contains(x.Why, "without waiting for the boundary") {
			t.Errorf("%+v", x)
		}
	}
}

func TestRollbackTwice(t *testing.T) {
	first, done := carriedOut(t)
	p, _, err := Rollback(request(), first, done, nil)
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := Rollback(request(), first, done, []string{p.Actions[0].ID})
	if err != nil || again.Actions[0].ID != p.Actions[0].ID+"~2" {
		t.Fatalf("%v %s", err, again.Actions[0].ID)
	}
	// Once it was carried out there is nothing left to take back, in either direction.
	back := p.Actions[0]
	back.Inverse = &plan.Inverse{Use: "github.workflow.disable", With: back.Inputs}
	for _, a := range done {
		if a.Use == "github.workflow.disable" {
			back.Target = a.Target
		}
	}
	none, all, err := Rollback(request(), first, append(done, &back), nil)
	if err != nil || none != nil {
		t.Fatalf("%v, planned %v", err, none)
	}
	said := ""
	for _, x := range all {
		said += x.Why + "\n"
	}
	for _, want := range []string{"taken back already by github.workflow.enable", "it is itself the way back of github.workflow.disable"} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q", want)
		}
	}
}

// I14 holds for a way back as for any plan; what cannot be planned yet is surveyed.
func TestRollbackIsPure(t *testing.T) {
	first, done := carriedOut(t)
	encode := func() []byte {
		p, _, err := Rollback(request(), first, done, nil)
		if err != nil {
			t.Fatal(err)
		}
		b, err := plan.Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if !bytes.Equal(encode(), encode()) {
		t.Error("other bytes")
	}
	r := request()
	catalogue := known()
	catalogue.missing = map[string]bool{"acme/shop/.github/workflows/pr-checks.yml": true}
	r.Catalogue = catalogue
	_, _, err := Rollback(r, first, done, nil)
	var lacks *Incomplete
	if !errors.As(err, &lacks) || len(lacks.Missing) != 1 {
		t.Errorf("got %v", err)
	}
}

// What an action gave when it was carried out is nearer the truth than what its plan
// could say of its way back.
func TestRollbackTakesWhatTheActionGave(t *testing.T) {
	first, done := carriedOut(t)
	r := request()
	for _, a := range done {
		if a.Inverse != nil && a.Inverse.Use == "github.workflow.enable" {
			r.Outputs = map[string]map[string]plan.Output{a.ID: {"workflow": {Value: ".github/workflows/earlier.yml"}, "nothing-it-takes": {Value: "x"}}}
		}
	}
	p, _, err := Rollback(r, first, done, nil)
	if err != nil || len(p.Actions) != 1 {
		t.Fatalf("%v %s", err, describe(p))
	}
	in := p.Actions[0].Inputs
	if in["workflow"].Literal != ".github/workflows/earlier.yml" || in["repository"].Literal == nil || len(in["nothing-it-takes"].Held) > 0 || in["nothing-it-takes"].Literal != nil {
		t.Errorf("it would be given %v", in)
	}
}
