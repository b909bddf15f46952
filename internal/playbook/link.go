package playbook

import (
	"slices"

	"github.com/firebreak/firebreak/internal/plan"
)

// link adds the dependencies between tasks. Steps are only the order of reading and
// gates are the barriers; what is here is needed for its own sake.
func (c *compiler) link() {
	for _, a := range c.actions {
		switch a.Role {
		case plan.Cut:
			c.after(a, func(b *plan.Action) bool { return b.Role == plan.Contain && concerns(a, b) })
		case plan.Export:
			// A run's logs are whole when it is over; polling for that before it is stopped helps nobody.
			c.after(a, func(b *plan.Action) bool { return b.Role == plan.Contain && b.Target.Provider == a.Target.Provider })
		case plan.Look:
			// Whoever still holds something may add to what is looked at; what is seen afterwards lasts.
			c.after(a, func(b *plan.Action) bool { return b.Role == plan.Contain || b.Role == plan.Cut || b.Role == plan.Kill })
		case plan.Purge:
			c.after(a, func(b *plan.Action) bool { return b.Role == plan.Listing && b.Target.Provider == a.Target.Provider })
		case plan.Enable:
			c.after(a, beforeEnable)
		case plan.Canary:
			c.after(a, func(b *plan.Action) bool { return b.Role == plan.Enable })
		case plan.Freeze:
			// One mutation at a time goes to a provider: the door itself is shut first.
			c.after(a, func(b *plan.Action) bool {
				return b.Role == plan.Contain && b.Effect == plan.Reversible && b.Target.Provider == a.Target.Provider
			})
			// A runner that was taken out of GitHub shows no more whether its machine is off the
			// network, which is looked at before each kill.
			c.after(a, func(b *plan.Action) bool {
				gated := b.Role == plan.Isolate || b.Role == plan.Cut || b.Role == plan.Kill || b.Role == plan.Destroy
				return gated && slices.ContainsFunc(a.Hosts, func(h string) bool { return slices.Contains(b.Hosts, h) })
			})
		case plan.Build:
			c.after(a, func(b *plan.Action) bool { return b.Role == plan.Reopen && b.Target.Provider == a.Target.Provider })
		case plan.Lift:
			// What was enabled is watched under the freeze.
			c.after(a, func(b *plan.Action) bool { return b.Role == plan.Enable || b.Role == plan.Canary })
		}
		for _, v := range a.Inputs {
			if v.Output != nil {
				a.After = merged(a.After, []string{v.Output.Action})
			}
		}
	}
	c.mintersFirst()
}

// concerns: sessions are cut after the trust that would give new ones is denied.
func concerns(a, b *plan.Action) bool {
	sameTarget := a.Target.Provider == b.Target.Provider && a.Target.Kind == b.Target.Kind && a.Target.ID == b.Target.ID
	return sameTarget || a.Credential != "" && a.Credential == b.Credential
}

// beforeEnable is what a workflow must not run without: clean artifacts, a review,
// and its new secrets in place.
func beforeEnable(b *plan.Action) bool {
	switch b.Role {
	case plan.Build, plan.Promote, plan.Look, plan.Export, plan.Deliver, plan.Test:
		return true
	case plan.Notify:
		return b.Step == plan.Rebuild || b.Step == plan.Review
	}
	return false
}

func (c *compiler) after(a *plan.Action, wanted func(*plan.Action) bool) {
	for _, b := range c.actions {
		if b != a && wanted(b) && !c.waitsFor(b, a) {
			a.After = merged(a.After, []string{b.ID})
		}
	}
}

// waitsFor reports whether a waits for b, directly or over others.
func (c *compiler) waitsFor(a, b *plan.Action) bool {
	seen := map[string]bool{}
	var visit func(id string) bool
	visit = func(id string) bool {
		if id == b.ID {
			return true
		}
		if seen[id] {
			return false
		}
		seen[id] = true
		i := slices.IndexFunc(c.actions, func(x *plan.Action) bool { return x.ID == id })
		return i >= 0 && slices.ContainsFunc(c.actions[i].Needs(), visit)
	}
	return visit(a.ID)
}

// mintersFirst: as long as a credential lives that mints another, killing or minting
// the other is for nothing.
func (c *compiler) mintersFirst() {
	for _, a := range c.actions {
		minter := c.rotated[a.Credential]
		if minter == nil || minter.first != a {
			continue
		}
		for _, id := range minter.credential.Mints {
			minted := c.rotated[id]
			if minted == nil {
				continue
			}
			for _, b := range []*plan.Action{minted.first, minted.mint} {
				if b != nil && !c.waitsFor(a, b) {
					b.After = merged(b.After, []string{a.ID})
				}
			}
		}
	}
}
