package scene

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/workflow"
)

// Door is one event that starts a workflow.
type Door struct {
	Repository string `json:"repository"`
	Workflow   string `json:"workflow"`
	State      string `json:"state"` // of the workflow, as the Actions service has it
	Open       bool   `json:"open"`
	Event      string `json:"event"`
	Who        string `json:"who"` // may cause it, in words
	// Branches are those whose copy of the file the event runs.
	Branches []string `json:"branches"`
	// Secrets: what it starts gets secrets and the token's full permissions.
	Secrets bool `json:"secrets"`
	// Next is when it opens by itself; zero where somebody has to do something.
	Next time.Time `json:"next,omitzero"`
	When string    `json:"when"` // in words
}

// Shutting is the state of a workflow that has just been told to be disabled: readers
// may see it as active for a moment longer.
const Shutting = "being disabled"

// Doors lists what starts the given workflows ("owner/name/path"), worst first.
// now is the provider's time.
func Doors(s *snapshot.Snapshot, models []inventory.Model, subjects []string, now time.Time) []Door {
	out := []Door{}
	for i := range models {
		m := &models[i]
		for j := range m.Workflows {
			w := &m.Workflows[j]
			if !slices.Contains(subjects, m.Repository+"/"+w.Path) {
				continue
			}
			state := stateOf(s, m.Repository, w.Path)
			for _, t := range w.Triggers {
				d := door(m, w, t, now)
				if len(d.Branches) == 0 {
					continue // this copy of the file is not the one the event runs
				}
				d.State, d.Open = state, state == "active"
				out = join(out, d)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Door) int {
		return cmp.Or(danger(a)-danger(b), cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Workflow, b.Workflow), cmp.Compare(a.Event, b.Event))
	})
	return out
}

// join adds a door, or its branches to the same one on another branch.
func join(doors []Door, d Door) []Door {
	for i := range doors {
		x := &doors[i]
		if x.Repository == d.Repository && x.Workflow == d.Workflow && x.Event == d.Event && x.When == d.When && x.Who == d.Who {
			x.Branches = append(x.Branches, d.Branches...)
			slices.Sort(x.Branches)
			x.Branches = slices.Compact(x.Branches)
			return doors
		}
	}
	return append(doors, d)
}

func stateOf(s *snapshot.Snapshot, repository, path string) string {
	for _, r := range s.Repositories {
		for _, w := range r.Workflows {
			if r.FullName == repository && w.Path == path {
				return w.State
			}
		}
	}
	return "not known to Actions"
}

func danger(d Door) int {
	switch {
	case !d.Open:
		return 4
	case strings.HasPrefix(d.Who, "anybody") && d.Secrets:
		return 0
	case !d.Next.IsZero():
		return 1
	case d.Secrets:
		return 2
	}
	return 3
}

func door(m *inventory.Model, w *inventory.ModelWorkflow, t workflow.Trigger, now time.Time) Door {
	d := Door{Repository: m.Repository, Workflow: w.Path, Event: t.Name, Who: who(t), Secrets: t.Authority, When: "any time", Branches: slices.Clone(w.Branches)}
	if t.From == workflow.FromDefault {
		d.Branches = slices.DeleteFunc(d.Branches, func(b string) bool { return m.DefaultBranch != "" && b != m.DefaultBranch })
	}
	switch t.Name {
	case "schedule":
		d.Next, d.When = next(t.Schedules, now)
	case "push":
		d.When = filtered("any time, by a push", t)
	case "pull_request", "pull_request_target", "merge_group":
		d.When = filtered("any time", t)
	case "workflow_run":
		d.When = "whenever " + strings.Join(t.Workflows, " or ") + " runs"
	case "workflow_call":
		d.When = "whenever a workflow that calls it runs"
	}
	return d
}

// filtered adds which branches or tags the event is about.
func filtered(when string, t workflow.Trigger) string {
	for _, f := range []struct {
		word string
		list []string
	}{{"to ", t.Branches}, {"to all but ", t.BranchesIgnore}, {"of tags ", t.Tags}, {"of all tags but ", t.TagsIgnore}} {
		if len(f.list) > 0 {
			when += " " + f.word + strings.Join(f.list, ", ")
		}
	}
	return when
}

// who says who may cause an event.
func who(t workflow.Trigger) string {
	switch {
	case t.Name == "schedule":
		return "nobody: the clock"
	case t.Trust == workflow.Untrusted && !t.Authority:
		return "anybody, from a fork without secrets; whoever may push here, with them"
	case t.Trust == workflow.Untrusted:
		return "anybody"
	case t.Trust == workflow.Human:
		return "whoever may write here, by hand or by a token"
	}
	return "whoever may write here"
}

// next is the earliest time one of the schedules fires after now. GitHub starts
// scheduled runs late under load, never early.
// Source: GitHub Docs, "Events that trigger workflows", schedule: POSIX cron with
// five fields, in UTC unless a time zone is named.
func next(all []workflow.Schedule, now time.Time) (at time.Time, words string) {
	var odd []string
	for _, s := range all {
		t, err := Next(s, now)
		if err != nil {
			odd = append(odd, s.Cron)
			continue
		}
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	switch {
	case at.IsZero() && len(odd) > 0:
		return at, "not known: " + strings.Join(odd, ", ") + " is no schedule that could be read"
	case at.IsZero():
		return at, "never: its schedule names no time"
	}
	words = "at " + at.UTC().Format("2006-01-02 15:04 MST")
	if len(odd) > 0 {
		words += ", or earlier: " + strings.Join(odd, ", ") + " could not be read"
	}
	return at, words
}

var fields = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)

// Next is when a schedule fires first after now, in UTC; zero where it never does.
func Next(s workflow.Schedule, now time.Time) (time.Time, error) {
	zone := time.UTC
	if s.Zone != "" {
		var err error
		if zone, err = time.LoadLocation(s.Zone); err != nil {
			return time.Time{}, fmt.Errorf("time zone %q: %w", s.Zone, err)
		}
	}
	if strings.Contains(s.Cron, "TZ=") || strings.HasPrefix(s.Cron, "@") {
		return time.Time{}, fmt.Errorf("%q is not a schedule GitHub knows", s.Cron)
	}
	spec, err := fields.Parse(s.Cron)
	if err != nil {
		return time.Time{}, fmt.Errorf("schedule %q: %w", s.Cron, err)
	}
	at := spec.Next(now.In(zone))
	if at.IsZero() {
		return at, nil
	}
	return at.UTC(), nil
}
