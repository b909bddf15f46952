package playbook

import (
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/plan"
)

// chain follows roles to those that their sessions can become. What is reached through
// others alone says through which of those within reach, what is reached by itself says
// none: that one is shut to everybody. Roles that cannot be cut off from here are set
// apart.
func (r *reach) chain() {
	if len(r.subjects) == 0 {
		for _, i := range r.inventory.Identities {
			if len(i.ReachedBy) > 0 || len(i.ChainedFrom) == 0 {
				r.direct[i.ID] = true
			}
		}
	}
	arns := map[string]string{}
	for _, i := range r.inventory.Identities {
		arns[i.ARN] = i.ID
		if r.doors[i.ID] != nil {
			r.direct[i.ID] = true
		}
	}
	for again := true; again; {
		again = false
		for _, i := range r.inventory.Identities {
			for _, arn := range i.ChainedFrom {
				from := arns[arn]
				if all := merged(r.doors[i.ID], r.doors[from]); len(all) > len(r.doors[i.ID]) {
					r.doors[i.ID], again = all, true
				}
				if all := merged(r.hosts[i.ID], r.hosts[from]); len(all) > len(r.hosts[i.ID]) {
					r.hosts[i.ID], again = all, true
				}
				if all := merged(r.authority[from], r.authority[i.ID]); len(all) > len(r.authority[from]) {
					r.authority[from], again = all, true
				}
			}
		}
	}
	within := func(arn string) bool {
		return len(r.subjects) == 0 && arns[arn] != "" || r.doors[arns[arn]] != nil
	}
	var kept []inventory.Identity
	for _, i := range r.inventory.Identities {
		i.ChainedFrom = slices.DeleteFunc(slices.Clone(i.ChainedFrom), func(arn string) bool { return r.direct[i.ID] || !within(arn) })
		switch {
		case i.Kind != inventory.RoleBeyond:
			kept = append(kept, i)
		case len(i.ChainedFrom) > 0:
			r.beyond = append(r.beyond, i)
		}
	}
	r.inventory.Identities = kept
}

// beyondReach names the roles that sessions may have become and nobody here can cut off,
// with who is to be called.
func (c *compiler) beyondReach() {
	for _, i := range c.reach.beyond {
		who := i.Owner
		if i.Contact != "" {
			who += " (" + i.Contact + ")"
		}
		if who == "" {
			who = "whoever answers for the account"
		}
		c.gap(plan.Gap{What: "sessions of role " + i.ARN, Why: strings.TrimPrefix(i.Witness, i.Name) + "; it cannot be cut off from here: call " + who + " and have them deny what was issued until now"})
	}
}
