package github_test

import (
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/world"
	fake "github.com/firebreak/firebreak/internal/world/github"
)

func undoers(t *testing.T, change func(*fake.Seed), do func(*fake.Server)) (ask func(use string, after, until time.Duration) plan.Undone, advance func(time.Duration)) {
	w, server := start(t, world.Options{}, change)
	w.Around = nil // an audit log is only in the description of Enterprise Cloud
	began := w.Clock.Now()
	if do != nil {
		if err := w.Do(func(world.Core) { do(server) }); err != nil {
			t.Fatal(err)
		}
	}
	p := provider(t, w, w.Wire())
	return func(use string, after, until time.Duration) plan.Undone {
		for _, a := range p.Actions() {
			if a.Spec().Name == use {
				task := adapters.Task{Inputs: map[string]any{"repository": shop, "workflow": checks}, Now: w.Clock.Now()}
				return a.(adapters.Telling).Undoer(t.Context(), task, began.Add(after), began.Add(until))
			}
		}
		t.Fatal("no " + use)
		return plan.Undone{}
	}, w.Clock.Advance
}

func enterprise(s *fake.Seed) { s.Enterprise = true }

// Only an event about the very workflow, by somebody else, after our own call and before
// it was seen undone names anybody.
func TestWhoUndidIt(t *testing.T) {
	const disable, enabled = "github.workflow.disable", "workflows.enable_workflow"
	m := time.Minute
	for name, x := range map[string]struct {
		do           func(*fake.Server)
		use          string
		after, until time.Duration
		who          string
	}{
		"the workflow":       {func(s *fake.Server) { s.Audit(enabled, "mallory", checks, 0) }, disable, -m, m, "mallory"},
		"Actions":            {func(s *fake.Server) { s.Audit("repo.actions_enabled", "mallory", "", 0) }, "github.actions.stop", -m, m, "mallory"},
		"forks":              {func(s *fake.Server) { s.Audit("repo.set_actions_fork_pr_approvals_policy", "mallory", "", 0) }, "github.fork_approval.require", -m, m, "mallory"},
		"another workflow":   {func(s *fake.Server) { s.Audit(enabled, "mallory", build, 0) }, disable, -m, m, ""},
		"none is named":      {func(s *fake.Server) { s.Audit(enabled, "mallory", "", 0) }, disable, -m, m, ""},
		"another event":      {func(s *fake.Server) { s.Audit("workflows.disable_workflow", "mallory", checks, 0) }, disable, -m, m, ""},
		"before we shut it":  {func(s *fake.Server) { s.Audit(enabled, "mallory", checks, 0) }, disable, m, 2 * m, ""},
		"after it was seen":  {func(s *fake.Server) { s.Audit(enabled, "mallory", checks, 0) }, disable, -2 * m, -m, ""},
		"nothing in the log": {nil, disable, -m, m, ""},
	} {
		t.Run(name, func(t *testing.T) {
			ask, _ := undoers(t, enterprise, x.do)
			v := ask(x.use, x.after, x.until)
			if x.who == "" {
				if len(v.By) > 0 || v.Silent != "" {
					t.Fatalf("%+v", v)
				}
				return
			}
			if len(v.By) != 1 || v.By[0].Who != x.who || v.By[0].At.IsZero() {
				t.Fatalf("%+v", v)
			}
		})
	}
}

// What comes late into the log is no answer yet, and one later.
func TestUndoerComesLate(t *testing.T) {
	ask, advance := undoers(t, enterprise, func(s *fake.Server) { s.Audit("workflows.enable_workflow", "mallory", checks, 5*time.Minute) })
	if v := ask("github.workflow.disable", -time.Minute, time.Minute); len(v.By) > 0 || v.Silent != "" {
		t.Fatalf("%+v", v)
	}
	advance(6 * time.Minute)
	if v := ask("github.workflow.disable", -time.Minute, time.Minute); len(v.By) != 1 || v.By[0].Who != "mallory" {
		t.Fatalf("%+v", v)
	}
}

// Without an audit log nobody is named, and it is said where a person can look.
func TestUndoerWithoutAnAuditLog(t *testing.T) {
	for name, change := range map[string]func(*fake.Seed){"not on Enterprise Cloud": nil, "a person": func(s *fake.Seed) { s.Personal = true }} {
		ask, _ := undoers(t, change, nil)
		v := ask("github.actions.stop", -time.Minute, time.Minute)
		if len(v.By) > 0 || !strings.Contains(v.Silent, "GitHub does not say who") || !strings.Contains(v.Silent, "/organizations/acme/settings/audit-log") {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// An event under firebreak's own account is not its doing, and somebody has to know of it.
func TestUndoerUnderOurOwnAccount(t *testing.T) {
	for name, x := range map[string]struct {
		more string
		who  string
	}{"alone": {"", ""}, "beside somebody": {"mallory", "mallory"}} {
		ask, _ := undoers(t, enterprise, func(s *fake.Server) {
			s.Audit("workflows.enable_workflow", "alice", checks, 0)
			if x.more != "" {
				s.Audit("workflows.enable_workflow", x.more, checks, 0)
			}
		})
		v := ask("github.workflow.disable", -time.Minute, time.Minute)
		if x.who == "" && (len(v.By) != 0 || !strings.Contains(v.Silent, "names alice")) || x.who != "" && (len(v.By) != 1 || v.By[0].Who != x.who || v.Silent != "") {
			t.Errorf("%s: %+v", name, v)
		}
	}
}
