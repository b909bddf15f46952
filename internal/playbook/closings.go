package playbook

import (
	"fmt"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/plan"
)

// closings has one entry for each credential and identity within reach: the actions
// whose proof closes it, or why nothing does.
func (c *compiler) closings() []plan.Closing {
	out := []plan.Closing{}
	for _, x := range c.reach.inventory.Credentials {
		out = append(out, c.closeCredential(x))
	}
	for _, x := range c.reach.inventory.Identities {
		out = append(out, c.closeIdentity(x))
	}
	return out
}

func (c *compiler) closeCredential(x inventory.Credential) plan.Closing {
	out := plan.Closing{Credential: x.ID, Name: x.Name, Kind: "credential", Owner: x.Owner, Actions: []string{}}
	if x.Kind == "job-token" {
		out.Actions = c.shutting(x.ID)
		if len(out.Actions) == 0 {
			out.Open = fmt.Sprintf("%s lives as long as its job, and the playbook does not end the runs that hold it", x.Name)
		}
		return out
	}
	r := c.rotated[x.ID]
	switch {
	case r == nil && !x.Declared:
		out.Open = fmt.Sprintf("nobody declared who issues %s, and the playbook does not rotate it", x.Name)
	case r == nil:
		out.Open = fmt.Sprintf("the playbook has no task that rotates %s", x.Name)
	case r.open != "":
		out.Open = r.open
	default:
		out.Actions = merged(ids([]*plan.Action{r.first, r.cut, r.last}))
	}
	return out
}

// shutting gives the containing actions on the workflows which reach id.
func (c *compiler) shutting(id string) []string {
	out := []string{}
	for _, a := range c.actions {
		for _, subject := range c.reach.doors[id] {
			if a.Role == plan.Contain && slices.Contains(a.Doors, "workflow:"+subject) {
				out = append(out, a.ID)
				break
			}
		}
	}
	slices.Sort(out)
	return out
}

func (c *compiler) closeIdentity(x inventory.Identity) plan.Closing {
	out := plan.Closing{Credential: x.ID, Name: x.Name, Kind: "identity", Owner: x.Owner, Actions: []string{}}
	var lacking []string
	for _, role := range []plan.Role{plan.Contain, plan.Cut} { // nobody gets in, and those inside are put out
		found := false
		for _, a := range c.actions {
			if a.Credential == x.ID && a.Role == role {
				out.Actions = append(out.Actions, a.ID)
				found = true
			}
		}
		if !found {
			lacking = append(lacking, map[plan.Role]string{plan.Contain: "denies its trust", plan.Cut: "ends its sessions"}[role])
		}
	}
	slices.Sort(out.Actions)
	if len(lacking) > 0 {
		out.Open = fmt.Sprintf("the playbook has no action that %s (%s)", strings.Join(lacking, " and "), x.ID)
	}
	return out
}
