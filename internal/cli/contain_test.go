package cli

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/all"
	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// silent is somebody who answers nothing.
type silent struct{ asked int }

func (s *silent) Answer(context.Context, *respond.State, respond.Ask) (drive.Reply, bool, error) {
	s.asked++
	return drive.Reply{}, false, nil
}

func TestConsentIsForContainmentThatCanBeTakenBackAlone(t *testing.T) {
	act := func(r plan.Role, e plan.Effect) *plan.Action { return &plan.Action{Role: r, Effect: e} }
	ask := func(k respond.AskKind, e plan.Effect, as ...*plan.Action) respond.Ask {
		return respond.Ask{ID: "x#1", Kind: k, Effect: e, Actions: as, Choices: []string{"go", "skip"}}
	}
	again := ask(respond.Confirm, plan.Disruptive, act(plan.Contain, plan.Disruptive))
	again.Again = true
	unsigned := ask(respond.Confirm, plan.Disruptive, act(plan.Contain, plan.Disruptive))
	unsigned.Choices = []string{"skip"}
	for name, c := range map[string]struct {
		ask  respond.Ask
		goes bool
	}{
		"disabling":           {ask(respond.Confirm, plan.Reversible, act(plan.Contain, plan.Reversible)), true},
		"ending sessions":     {ask(respond.Confirm, plan.Disruptive, act(plan.Contain, plan.Disruptive), act(plan.Cut, plan.Disruptive)), true},
		"a kill among them":   {ask(respond.Confirm, plan.Disruptive, act(plan.Contain, plan.Disruptive), act(plan.Kill, plan.Disruptive)), false},
		"irreversible":        {ask(respond.Confirm, plan.Irreversible, act(plan.Cut, plan.Irreversible)), false},
		"a class of others":   {ask(respond.Confirm, plan.Irreversible, act(plan.Contain, plan.Disruptive)), false},
		"enabling":            {ask(respond.Confirm, plan.Disruptive, act(plan.Enable, plan.Disruptive)), false},
		"a refusal":           {ask(respond.Failed, plan.Reversible, act(plan.Contain, plan.Reversible)), false},
		"a gate":              {ask(respond.GateHeld, plan.Disruptive, act(plan.Cut, plan.Disruptive)), false},
		"other than agreed":   {again, false},
		"without a signature": {unsigned, false},
	} {
		next := &silent{}
		reply, ok, err := (&consent{next: next, by: "alice"}).Answer(t.Context(), nil, c.ask)
		if err != nil || ok != c.goes || (next.asked == 0) != c.goes {
			t.Errorf("%s: answered %t, asked somebody %d times, %v", name, ok, next.asked, err)
		}
		if ok && (reply.Answer.Choice != "go" || reply.Answer.By != "alice" || reply.Answer.Reason != commandLine || reply.Override != nil) {
			t.Errorf("%s: %+v", name, reply.Answer)
		}
	}
}

func TestTheIncidentMayBeLeftOutOrNamedWithoutAnEqualsSign(t *testing.T) {
	for _, c := range []struct {
		flag string
		args []string
		name string
		rest []string
	}{
		{"", []string{"playbook"}, "", []string{"playbook"}},
		{the, []string{"playbook"}, the, []string{"playbook"}},
		{the, []string{"playbook", "inc-20260101-aa"}, "inc-20260101-aa", []string{"playbook"}},
		{the, []string{"inc-20260101-aa", "playbook"}, "inc-20260101-aa", []string{"playbook"}},
		{the, []string{"playbook", "./incidents/x"}, "./incidents/x", []string{"playbook"}},
		{the, []string{"./my/book.yaml", "other"}, the, []string{"./my/book.yaml", "other"}},
		{"inc-1", []string{"playbook", "inc-2"}, "inc-1", []string{"playbook", "inc-2"}},
	} {
		name, rest := incidentArgument(c.flag, c.args)
		if name != c.name || !slices.Equal(rest, c.rest) {
			t.Errorf("%q %v: %q %v", c.flag, c.args, name, rest)
		}
	}
}

func TestAccountsMayGetTheirNamesLater(t *testing.T) {
	had := map[string]string{"github": "https://api.github.com/", "aws": "default=111122223333"}
	for now, same := range map[string]bool{
		"default=111122223333": true, "prod=111122223333": true, "dev=444455556666 prod=111122223333": true,
		"prod=444455556666": false, "": false,
	} {
		have := map[string]string{"github": "https://api.github.com/", "aws": now}
		if got := maps.Equal(asWas(had, have), had); got != same {
			t.Errorf("%q counts as the same: %t", now, got)
		}
		if have["aws"] != now {
			t.Error("what it was given was changed")
		}
	}
	if got := asWas(map[string]string{"github": "a"}, map[string]string{"github": "b"}); got["github"] != "b" {
		t.Error("another GitHub counts as the same")
	}
}

// looked is a first look at two repositories that both have ci.yml.
func looked() *firstLook {
	w := func(id int64, names ...string) (out []snapshot.Workflow) {
		for _, n := range names {
			out = append(out, snapshot.Workflow{ID: id, Path: ".github/workflows/" + n, State: "active"})
			id++
		}
		return out
	}
	return &firstLook{snapshot: &snapshot.Snapshot{Repositories: []snapshot.Repository{
		{FullName: "acme/shop", Workflows: w(1, "ci.yml", "release.yml"), Runs: []snapshot.Run{{ID: 9, WorkflowID: 2, Path: ".github/workflows/release.yml", Created: time.Unix(60, 0)}}},
		{FullName: "acme/web", Workflows: w(7, "ci.yml")},
	}}}
}

func TestAWorkflowIsMeantWhereverItIs(t *testing.T) {
	about := &subject{repos: []string{"acme/shop", "acme/web"}, workflows: []string{".github/workflows/ci.yml", "acme/shop/.github/workflows/release.yml"}}
	if err := looked().locate(about); err != nil {
		t.Fatal(err)
	}
	want := []string{"acme/shop/.github/workflows/ci.yml", "acme/shop/.github/workflows/release.yml", "acme/web/.github/workflows/ci.yml"}
	if !slices.Equal(about.workflows, want) || !slices.Equal(about.subjects(), want) {
		t.Errorf("%v", about.workflows)
	}
	if e := about.exposed(looked().snapshot); !e.Since.Equal(time.Unix(60, 0)) || !strings.Contains(e.Why, "run 9") {
		t.Errorf("%+v", e)
	}
	about = &subject{repos: []string{"acme/web"}, workflows: []string{"acme/web/.github/workflows/release.yml", ".github/workflows/cj.yml"}}
	err := looked().locate(about)
	if err == nil || CodeOf(err) != Usage || !strings.Contains(err.Error(), "acme/web has no workflow .github/workflows/release.yml") || !strings.Contains(err.Error(), "cj.yml") {
		t.Errorf("every mistake at once: %v", err)
	}
}

func TestWithoutAWorkflowTheLiveOnesAreNamedFirst(t *testing.T) {
	if got := looked().choices(); got != "release.yml (1 live runs), ci.yml, ci.yml" {
		t.Error(got)
	}
}

func TestWhatOurCredentialLacksIsSaidByStep(t *testing.T) {
	c, err := all.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	s := &site{catalogue: c}
	put := func(repository string) *plan.Action {
		return &plan.Action{
			Use: "github.workflow.disable", Step: plan.Disable, Target: plan.Target{Provider: "github"},
			Inputs: map[string]plan.Value{"repository": {Literal: repository}},
		}
	}
	snap := &snapshot.Snapshot{Permissions: []snapshot.Permission{
		{Provider: "github", Name: "actions=write", On: "acme/shop", Granted: "no", Link: "https://github.example/settings"},
		{Provider: "github", Name: "actions=write", On: "acme/web", Granted: "unknown"},
		{Provider: "aws", Name: "actions=write", Granted: "no"},
	}}
	got := s.lacks([]*plan.Action{put("acme/shop"), put("acme/web"), put("acme/shop")}, snap)
	if len(got) != 1 || got[0].On != "acme/shop" || said(got[0]) != "our credential lacks actions=write for github.workflow.disable in step disable; grant it at https://github.example/settings" {
		t.Errorf("%+v", got)
	}
}

func TestAMistakeInANameIsNotAskedForAgain(t *testing.T) {
	for err, again := range map[error]bool{
		adapters.NotThere("x does not exist"): false, adapters.Unconfigured("set X"): false, errors.New("broken pipe"): true,
	} {
		if hopeless(err) == again {
			t.Errorf("%v is asked for again: %t", err, again)
		}
	}
}

func TestContainedIsInOrderAndTellsHowItGoesOn(t *testing.T) {
	s := &respond.State{Phase: "paused", Pause: &respond.Paused{Code: 0, Reason: "the rest"}, Plans: []respond.Planned{{Plan: &plan.Plan{Partial: "the rest"}}}}
	s.Opened.Incident = "inc-1"
	if err := ended(s); err != nil || nextStep(s) != "firebreak run compromised-workflow --incident inc-1" {
		t.Errorf("%v, next %q", err, nextStep(s))
	}
	s.Pause.Code = int(Refused)
	if err := ended(s); CodeOf(err) != Refused {
		t.Errorf("a refusal ends with %v", err)
	}
	s.Pause.Code, s.Plans[0].Plan.Partial = 0, ""
	if contained(s) {
		t.Error("a whole plan leaves nothing to a further one")
	}
}
