package vault

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// secretIDDestroy ends the old secret-id of an AppRole. Which that is, in this order of
// trust: the one whose value is shown; the declared accessor; the only one there is; with
// every, all that the survey saw. Where none of these tells, nothing is destroyed and a
// person is asked.
//
// A value is tried by asking the server whether the role has such a secret-id, never by a
// login, which would make a token. That answer counts as proof only of a value which the
// server knew right before, or a mistyped one would be dead.
type secretIDDestroy struct{ c *client }

const secretIDDestroyName = "vault.approle.destroy"

// Spec implements adapters.Action.
func (secretIDDestroy) Spec() plan.Spec {
	return plan.Spec{
		Name: secretIDDestroyName, Summary: "Destroy the old secret-id of a Vault AppRole", Target: "approle",
		Inputs: appRoleInputs(
			plan.Field{Name: "id", Type: plan.String, Doc: "accessor of the secret-id, if it is known"},
			plan.Field{Name: "every", Type: plan.Bool, Doc: "destroy every secret-id that the role has when this is planned"},
			plan.Field{Name: "old", Type: plan.Secret, Doc: "the old secret-id: the server tells its accessor"},
			plan.Field{Name: "keep", Type: plan.String, Doc: "accessor of the new secret-id, which is never destroyed"}),
		Outputs: []plan.Field{{Name: "stopped", Type: plan.Timestamp, Doc: "the server's time at which nobody could log in any more"}},
		Effect:  plan.Irreversible, Role: plan.Kill, Lost: plan.ResendSafe, Proof: plan.P3, Settle: settle,
		Permissions: []string{permitReadRole, permitListIDs, permitLookupID, permitLookupAccessor, permitDestroyID},
		Source:      "Vault API documentation, AppRole: \"Destroy AppRole secret ID accessor\", \"Read AppRole secret ID\"",
	}
}

// Plan implements adapters.Action.
func (secretIDDestroy) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	r, x, _, err := findAppRole(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	every, _ := in["every"].Literal.(bool)
	all := accessorsOf(x)
	c := plan.Change{Target: r.target(true), Breaks: "whatever logs in with this secret-id, and no token that a login made", Gaps: loose(x)}
	old := pickSecretID(in.Text("id"), x)
	switch {
	case every:
		for _, a := range all {
			c.Calls = append(c.Calls, destroyID(a, "every", all))
		}
	case old != nil:
		c.Target.Selector = false
		c.Calls = []plan.Call{destroyID(old.Accessor, "id", all)}
	case in.Text("id") != "":
		c.Target.Selector = false
	default:
		c.Calls = []plan.Call{{Key: "destroy by value", Verb: "destroy", Object: "the secret-id of " + r.id() + " that leaked", Before: accessorsBefore(all)}}
		c.Gaps = append(c.Gaps, plan.Gap{
			What: "which secret-id of " + r.id(),
			Why:  fmt.Sprintf("no accessor is declared and there are %d; the old value tells, otherwise a person is asked", len(all)),
		})
	}
	return c, nil
}

// Apply implements adapters.Action.
func (a secretIDDestroy) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	if c.Args["accessor"] == "" {
		return refused("it is not known which secret-id is meant; paste the old one, or declare its accessor", false)
	}
	return a.c.destroy(ctx, t, c)
}

// Settle implements adapters.Action.
func (a secretIDDestroy) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	return a.c.destroyed(ctx, t, c)
}

// Verify implements adapters.Action.
func (a secretIDDestroy) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	role := appRoleOf(t.Text)
	all, err := a.c.secretIDs(ctx, role)
	if err != nil {
		return adapters.Unread(err)
	}
	all = slices.DeleteFunc(all, func(x string) bool { return x == t.Text("keep") })
	r, err := a.judge(ctx, t, role, all)
	if err != nil {
		return adapters.Unread(err)
	}
	if r.State != plan.Held {
		return r
	}
	h, err := a.c.health(ctx)
	switch {
	case err != nil:
		return adapters.Unread(err)
	case h.at.IsZero():
		return plan.Reading{State: plan.Unknown, Detail: "the server does not say what time it is, so it cannot be told which tokens are older than this"}
	}
	r.Server, r.Outputs = h.at, map[string]plan.Output{"stopped": {Value: h.at.UTC().Format(time.RFC3339)}}
	return r
}

// judge tells what is left to destroy of the accessors there are.
func (a secretIDDestroy) judge(ctx context.Context, t adapters.Task, role appRole, all []string) (plan.Reading, error) {
	held := func(p plan.Proof, how string) plan.Reading {
		return plan.Reading{State: plan.Held, Proof: p, Detail: how}
	}
	asks := func(why string) plan.Reading { return plan.Reading{State: plan.Broken, Final: true, Detail: why} }
	doomed, byValue, err := a.doomed(ctx, t, role)
	if err != nil {
		return plan.Reading{}, err
	}
	id := t.Text("id")
	if byValue != "" && id != "" && id != byValue && slices.Contains(all, id) {
		return asks("the old value is the secret-id with accessor " + byValue + ", and the declared accessor is another one's; correct the id under issuer vault.approle"), nil
	}
	r := plan.Reading{State: plan.Broken}
	for _, x := range doomed {
		if slices.Contains(all, x) {
			r.Next = append(r.Next, destroyID(x, a.by(t, x, byValue), all))
		}
	}
	died := slices.ContainsFunc(t.History, func(h plan.Attempt) bool { return h.Call.Args["by"] == "value" })
	mistyped := len(olds(t)) > 0 && byValue == "" && !died
	switch {
	case mistyped && id != "" && slices.Contains(all, id):
		return asks("Vault does not know the old value as a secret-id of " + role.String() + "; paste the right value, or go on without one: the declared accessor is there"), nil
	case len(r.Next) > 0:
		r.Detail = strconv.Itoa(len(r.Next)) + " secret-ids to destroy"
		return r, nil
	case byValue != "": // in a lookup and not in the list
		return plan.Reading{State: plan.Broken, Wait: settle, Detail: "Vault still knows the old value"}, nil
	case len(olds(t)) > 0 && died:
		return held(plan.P3, "Vault does not know the old value any more"), nil
	case len(doomed) > 0:
		return held(plan.P1, "the secret-id is not in the list any more"), nil
	case mistyped && len(all) == 0:
		return held(plan.P1, "the role has no secret-id left, and did not know the old value"), nil
	case mistyped:
		return asks(fmt.Sprintf("Vault does not know the old value as a secret-id of %s, which has %d; paste the right one, or declare the accessor under issuer vault.approle", role, len(all))), nil
	case id != "":
		return asks("no secret-id with this accessor was ever seen; check the id under issuer vault.approle, or paste the old secret-id"), nil
	}
	return asks(fmt.Sprintf("it is not known which of %d secret-ids is the stolen one; paste it, declare its accessor under issuer vault.approle, or set every", len(all))), nil
}

// doomed are the accessors of what is meant, whether they are still there or not; byValue
// is the one whose value the server knows.
func (a secretIDDestroy) doomed(ctx context.Context, t adapters.Task, role appRole) (all []string, byValue string, err error) {
	for _, old := range olds(t) {
		accessor, err := a.c.knows(ctx, role, old)
		if err != nil {
			return nil, "", err
		}
		if accessor != "" && accessor != t.Text("keep") {
			byValue = accessor
			all = append(all, accessor)
		}
	}
	planned := func(c plan.Call) {
		if x := c.Args["accessor"]; x != "" && (byValue == "" || c.Args["by"] == "every") {
			all = append(all, x)
		}
	}
	for _, c := range t.Action.Calls {
		if len(olds(t)) == 0 || t.Text("id") != "" || c.Args["by"] == "every" {
			planned(c)
		}
	}
	for _, h := range t.History {
		planned(h.Call)
	}
	slices.Sort(all)
	return slices.Compact(all), byValue, nil
}

// by says how it is known that an accessor is meant.
func (secretIDDestroy) by(t adapters.Task, accessor, byValue string) string {
	if accessor == byValue {
		return "value"
	}
	for _, c := range t.Action.Calls {
		if c.Args["accessor"] == accessor {
			return c.Args["by"]
		}
	}
	return "id"
}
