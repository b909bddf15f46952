package cli

import (
	"fmt"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// uncovered says what the workflows under response reach now and no plan of the
// incident treats: a credential or identity without a closing, or a copy of a
// credential that nothing writes the new value to. One missed credential is how
// responses fail, so this holds minting, and with it everything that follows.
func uncovered(s *respond.State, inv inventory.Inventory) []string {
	var out []string
	if s.Leaves() != "" {
		return nil // it says itself that a further plan treats the rest
	}
	closings := map[string]plan.Closing{}
	var deliveries []*plan.Action
	for _, p := range s.Plans {
		for _, c := range p.Plan.Closings {
			if p.Plan.Partial == "" || c.Open == "" { // what a partial plan left is not treated by that
				closings[c.Credential] = c
			}
		}
	}
	for _, a := range s.Actions {
		if a.Action.Role == plan.Deliver {
			deliveries = append(deliveries, a.Action)
		}
	}
	again := "; plan again, or say why not with a reason"
	for _, c := range inv.Credentials {
		closing, known := closings[c.ID]
		if !known {
			out = append(out, fmt.Sprintf("the workflow reaches %s (%s), which the plan does not treat%s", c.Name, c.ID, again))
			continue
		}
		if closing.Open != "" {
			continue // said in the plan already
		}
		for _, store := range c.Possible {
			out = append(out, fmt.Sprintf("the %s store of %s has a secret %s, which may be a copy of %s and would keep the old value; say in firebreak.yaml what it is and plan again, or say why not with a reason",
				store.With["scope"], store.With["repository"], store.With["name"], c.Name))
		}
		for _, store := range c.Stores {
			if !delivered(deliveries, c.ID, store) && !isGap(s, c.ID) {
				out = append(out, fmt.Sprintf("%s keeps a copy of %s, and the plan writes no new value there%s", storeName(store), c.Name, again))
			}
		}
	}
	for _, i := range inv.Identities {
		if i.Kind == inventory.RoleBeyond && isGap(s, "sessions of role "+i.ARN) {
			continue // the plan names it, and nothing here could treat it
		}
		if _, known := closings[i.ID]; !known {
			out = append(out, fmt.Sprintf("the workflow becomes %s, which the plan does not treat%s", i.ID, again))
		}
	}
	return out
}

// delivered reports whether one of the plan's deliveries goes to the store: every
// setting that both name is the same.
func delivered(deliveries []*plan.Action, credential string, store inventory.System) bool {
	for _, a := range deliveries {
		if a.Credential != credential || a.Use != store.Name+".put" {
			continue
		}
		same := true
		for k, want := range store.With {
			if have, given := a.Inputs[k]; given && fmt.Sprint(have.Literal) != want {
				same = false
			}
		}
		if same {
			return true
		}
	}
	return false
}

// isGap reports whether the plan said itself that it cannot write everywhere.
func isGap(s *respond.State, credential string) bool {
	for _, p := range s.Plans {
		for _, g := range p.Plan.Gaps {
			if g.What == credential {
				return true
			}
		}
	}
	return false
}

func storeName(s inventory.System) string {
	for _, k := range []string{"name", "path", "id"} {
		if v := s.With[k]; v != "" {
			return s.Name + " " + v
		}
	}
	return s.Name
}
