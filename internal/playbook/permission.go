package playbook

import (
	"fmt"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// Lacking gives the permissions that an action needs and a provider says our
// credential does not have, in the order of the action's spec. What is not known is
// not among them: the attempt shows it.
func Lacking(c Catalogue, s *snapshot.Snapshot, a *plan.Action) []snapshot.Permission {
	spec, _ := c.Spec(a.Use)
	needs := spec.Permissions
	if action, ok := c.Action(a.Use); ok {
		if n, ok := action.(adapters.Needing); ok {
			needs = n.Needs(adapters.Inputs(a.Inputs))
		}
	}
	var out []snapshot.Permission
	for _, name := range needs {
		for _, p := range s.Permissions {
			if p.Provider == a.Target.Provider && p.Name == name && p.Granted == "no" && on(p.On, a) && !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	return out
}

// on reports whether what a permission is about is what an action works on: its
// target or something it lies in, an input, a repository's owner, an ARN's account.
func on(what string, a *plan.Action) bool {
	if what == "" || a.Target.ID == what || strings.HasPrefix(a.Target.ID, what+"/") || strings.Contains(a.Target.ID, ":"+what+":") {
		return true
	}
	for _, v := range a.Inputs {
		text, _ := v.Literal.(string)
		if text == what {
			return true
		}
	}
	repository, _ := a.Inputs["repository"].Literal.(string)
	owner, _, _ := strings.Cut(repository, "/")
	return owner == what
}

// permit hands an action to a person when we lack what it needs. What only reads and
// keeps becomes a gap and false: nobody can show firebreak what it may not read.
func (c *compiler) permit(spec plan.Spec, a *plan.Action) bool {
	lacking := Lacking(c.request.Catalogue, c.request.Snapshot, a)
	if len(lacking) == 0 || a.Assisted != nil {
		return true
	}
	reason, mend := mending(lacking)
	switch {
	case a.Effect == plan.Read && slices.Contains([]plan.Role{plan.Export, plan.Look, plan.Listing}, a.Role):
		c.gap(plan.Gap{What: spec.Name + " " + a.Target.Name, Why: reason + "; " + mend + " and plan again, or save it by hand"})
		return false
	case a.Effect == plan.Read:
		return true // probes with the new value, and with nobody's permission
	case a.Role == plan.Mint && !pasted(spec):
		c.gap(plan.Gap{What: a.Target.Name, Why: reason + ", and nobody can make the new value in its place; " + mend + " before it is wanted"})
		return true
	}
	a.Assisted = &plan.Assisted{
		Instructions: fmt.Sprintf("firebreak may not do this: %s. %s%s and plan again, or do it by hand. What it is: %s Where: %s %s.",
			reason, strings.ToUpper(mend[:1]), mend[1:], spec.Summary, a.Target.Kind, a.Target.ID),
		Link: lacking[0].Link,
	}
	switch a.Role {
	case plan.Mint:
		a.Assisted.Wants = spec.Outputs[0].Name
	case plan.Deliver:
		a.Assisted.Instructions += " The new value lies sealed in the incident's folder; your own key opens it."
	}
	return true
}

// mending gives why we may not, and what would mend it.
func mending(lacking []snapshot.Permission) (reason, mend string) {
	var names, pages []string
	for _, p := range lacking {
		text := p.Name
		if p.On != "" {
			text += " on " + p.On
		}
		if p.Why != "" {
			text += " (" + p.Why + ")"
		}
		names = append(names, text)
		if p.Link != "" && !slices.Contains(pages, p.Link) {
			pages = append(pages, p.Link)
		}
	}
	mend = "grant it"
	if len(pages) > 0 {
		mend += " at " + strings.Join(pages, ", ")
	}
	return fmt.Sprintf("its credential at %s lacks %s", lacking[0].Provider, strings.Join(names, " and ")), mend
}

// pasted reports whether all that a mint gives is one value, which a person can paste.
func pasted(spec plan.Spec) bool {
	return len(spec.Outputs) == 1 && spec.Outputs[0].Type == plan.Secret
}
