package cli

import (
	"fmt"
	"slices"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/playbook"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/view"
)

// lacks lists the permissions that our credential does not have for actions of a
// plan, as the providers themselves say, in the order of the steps.
func (s *site) lacks(actions []*plan.Action, snap *snapshot.Snapshot) []view.Lacking {
	var out []view.Lacking
	for _, a := range actions {
		for _, p := range playbook.Lacking(s.catalogue, snap, a) {
			l := view.Lacking{Step: a.Step, Action: a.Use, Permission: p.Name, On: p.On, Why: p.Why, Link: p.Link}
			if !slices.Contains(out, l) {
				out = append(out, l)
			}
		}
	}
	return out
}

// unassisted lists what is lacking for actions that nobody hands to a person: they
// were planned when the permission was still there.
func (s *site) unassisted(st *respond.State, snap *snapshot.Snapshot) []view.Lacking {
	var open []*plan.Action
	for _, a := range st.Actions {
		if a.Action.Assisted == nil && a.Phase != respond.Finished {
			open = append(open, a.Action)
		}
	}
	return s.lacks(open, snap)
}

func said(l view.Lacking) string {
	text := fmt.Sprintf("our credential lacks %s for %s in step %s", l.Permission, l.Action, l.Step)
	if l.Link != "" {
		text += "; grant it at " + l.Link
	}
	return text
}

// lacking tells, before anything is done, which permissions a plan's steps lack: each
// of those actions becomes a task for a person.
func (f *Factory) lacking(s *site, p *plan.Plan, w *wide) error {
	var all []*plan.Action
	for i := range p.Actions {
		all = append(all, &p.Actions[i])
	}
	for _, l := range s.lacks(all, w.look.snapshot) {
		st := f.IO.ErrStyle()
		if _, err := fmt.Fprint(f.IO.Err, st.Fit(st.Warn("missing: ")+view.Line(said(l)), 2)+"\n"); err != nil {
			return err
		}
	}
	return nil
}
