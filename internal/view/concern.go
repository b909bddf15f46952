package view

import (
	"fmt"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// Undo says in a few words whether an action can be taken back, and by what.
func Undo(a *plan.Action) string {
	switch {
	case a.Effect == plan.Read && a.Assisted == nil:
		return "changes nothing"
	case a.Inverse != nil && a.Inverse.Use == "manual.task":
		return "can be undone by a person, as details say"
	case a.Inverse != nil:
		return "can be undone with " + Line(a.Inverse.Use)
	case a.Effect == plan.Irreversible:
		return "CANNOT be undone"
	case forward(a.Role):
		return "cannot be taken back: a new value takes its place"
	}
	return "cannot be taken back"
}

// forward reports whether the way back of an action would be an old secret, which
// never comes back.
func forward(r plan.Role) bool {
	return slices.Contains([]plan.Role{plan.Kill, plan.Mint, plan.Deliver, plan.Test, plan.Destroy}, r)
}

// Owner is whom an action concerns and how to reach them. It is untrusted text.
type Owner struct{ Name, Contact string }

func (o Owner) String() string {
	if o.Contact == "" {
		return o.Name
	}
	return o.Name + " (" + o.Contact + ")"
}

// OwnerOf is whom an action concerns: its own owner, or that of the credential it
// helps to close. Name is "" where nobody is named. s may be nil.
func OwnerOf(s *respond.State, a *plan.Action) Owner {
	o := Owner{a.Owner, a.Contact}
	if s == nil || o.Name != "" {
		return o
	}
	for _, c := range s.Closings {
		if c.Owner != "" && slices.Contains(c.Actions, a.ID) {
			o.Name = c.Owner
			break
		}
	}
	for i := range s.Actions {
		if x := s.Actions[i].Action; o.Name != "" && x.Owner == o.Name && x.Contact != "" {
			o.Contact = x.Contact
			break
		}
	}
	return o
}

// Messages are texts to copy and send, one for every owner of actions: what is about
// to happen to what, what it breaks, whether it can be undone. Lines are not broken
// and everything untrusted is escaped.
func Messages(s *respond.State, by string, actions []*plan.Action) string {
	var owners []Owner
	whose := map[Owner][]*plan.Action{}
	for _, a := range actions {
		o := OwnerOf(s, a)
		if whose[o] == nil {
			owners = append(owners, o)
		}
		whose[o] = append(whose[o], a)
	}
	var b strings.Builder
	for _, o := range owners {
		to := "whoever owns this (nobody is named; see owners in the configuration)"
		if o.Name != "" {
			to = o.String()
		}
		fmt.Fprintf(&b, "---- message to %s ----\n", Line(to))
		id := "an incident"
		if s != nil {
			id = "incident " + s.Opened.Incident
		}
		fmt.Fprintf(&b, "We respond to %s, a compromised CI workflow, and are about to do this:\n", Line(id))
		for _, a := range whose[o] {
			fmt.Fprintf(&b, "* %s on %s (%s)\n", Line(a.Use), Line(TargetName(a)), Undo(a))
			if a.Breaks != "" {
				fmt.Fprintf(&b, "  What stops working: %s\n", Line(a.Breaks))
			}
		}
		fmt.Fprintf(&b, "Please do not undo it. Ask %s.\n----\n", Line(by))
	}
	return b.String()
}
