package playbook

import (
	"errors"
	"fmt"
	"strings"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
)

// byHand leaves an action on something that could not be read to a person. A plan must
// not wait for one provider that does not answer, while others do.
func (c *compiler) byHand(d draft, m *adapters.Missing) {
	why := c.unread(d.spec.Name, m)
	c.gap(plan.Gap{What: d.spec.Name, Why: why})
	if d.spec.Effect == plan.Read {
		return
	}
	c.person(draft{step: d.step, at: d.at, gates: d.gates, role: plan.Notify, after: d.after, credential: d.credential, owner: d.owner, contact: d.contact},
		&plan.Assisted{Instructions: why + ". Mend that and plan again, or do it by hand: " + d.spec.Summary + " (" + m.What + ")"})
}

// unread says what could not be read, and why as far as the survey knows.
func (c *compiler) unread(action string, m *adapters.Missing) string {
	provider, _, _ := strings.Cut(action, ".")
	var why []string
	for _, g := range c.request.Snapshot.Gaps {
		if g.Provider == provider {
			why = append(why, g.What+": "+g.Why)
		}
	}
	if len(why) == 0 {
		return m.What + " could not be read"
	}
	return fmt.Sprintf("%s could not be read (%s)", m.What, strings.Join(why, "; "))
}

// unseen gives what the issuer lacks to be planned with, nil when it can be.
func (r *rotation) unseen() *adapters.Missing {
	if !r.c.request.Unseen {
		return nil
	}
	spec := r.spec(r.issuer.Destroy)
	action, ok := r.c.request.Catalogue.Action(spec.Name)
	if !ok {
		return nil
	}
	var missing *adapters.Missing
	_, err := action.Plan(adapters.Inputs(r.settings(spec)), r.c.request.Snapshot)
	errors.As(err, &missing)
	return missing
}
