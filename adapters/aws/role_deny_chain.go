package aws

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// denyChain adds one explicit Deny to the trust policy of a role that sessions of other
// roles may have assumed: those roles get no new session of it, everybody else does.
// Sessions that exist keep working until they are revoked.
type denyChain struct{ p *Provider }

const (
	denyChainName = "aws.role.deny_chain"
	// chainSid begins the Sid of its statement; what follows is as with denySid.
	chainSid     = "FirebreakChain"
	principalARN = "aws:PrincipalArn"
)

// Spec implements adapters.Action.
func (denyChain) Spec() plan.Spec {
	return plan.Spec{
		Name: denyChainName, Summary: "Refuse new sessions of a role to the sessions of other roles by an explicit Deny in its trust policy.",
		Target: "role", Inputs: append(roleInputs(), fromInput(true)),
		Effect: plan.Disruptive, Role: plan.Contain, Lost: plan.ResendSafe, Proof: plan.P2, Settle: propagation,
		Permissions: []string{"iam:GetRole", "iam:UpdateAssumeRolePolicy"},
		Revert:      "manual.task",
		Source:      "IAM user guide, \"Roles terms and concepts\", role chaining; \"AWS global condition context keys\", aws:PrincipalArn: of a session it is its role's ARN; IAM API reference, UpdateAssumeRolePolicy",
	}
}

func fromInput(required bool) plan.Field {
	return plan.Field{Name: "from", Type: plan.List, Required: required, Doc: "ARNs of the roles whose sessions may have assumed it, where it is reached through these alone."}
}

// rolesOf reads the input `from`, sorted.
func rolesOf(v any) []string {
	var out []string
	switch x := v.(type) {
	case string:
		out = []string{x}
	case []string:
		out = slices.Clone(x)
	case []any:
		for _, e := range x {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Plan implements adapters.Action.
func (denyChain) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	_, role, err := findRole(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	from := rolesOf(in["from"].Literal)
	for _, arn := range from {
		if !isRole(arn) {
			return plan.Change{}, fmt.Errorf("%q is no ARN of a role; write it like arn:aws:iam::111122223333:role/deploy", arn)
		}
	}
	c := plan.Change{
		Target: roleTarget(role.ARN), Doors: []string{"identity:role:" + role.Name},
		Breaks: "whatever becomes role " + role.Name + " as " + names(from),
		Inverse: &plan.Inverse{Use: "manual.task", With: map[string]plan.Value{"instructions": {Literal: "Once " + names(from) + " lets nobody else's jobs in, leave out of the trust policy of role " +
			role.ARN + " the statement whose Sid begins with " + chainSid + "."}}},
	}
	call, image, err := chainCall(role, from, time.Time{})
	if err != nil {
		return plan.Change{}, err
	}
	c.Before = image
	if call != nil {
		c.Calls = []plan.Call{*call}
	}
	return c, nil
}

// names gives the names of roles for a sentence.
func names(arns []string) string {
	var out []string
	for _, arn := range arns {
		out = append(out, roleName(arn))
	}
	return strings.Join(out, ", ")
}

// chainCall gives the call that refuses the roles; nil when they are refused.
func chainCall(role snapshot.Role, from []string, at time.Time) (*plan.Call, json.RawMessage, error) {
	doc, err := canonical(role.Trust)
	if err != nil {
		return nil, nil, err
	}
	image := plan.Image(trustImage{role.ARN, doc})
	t, err := parseTrust(doc)
	if err != nil {
		return nil, image, err
	}
	refused, _, err := t.refuses(from)
	if err != nil || refused {
		return nil, image, err
	}
	next, err := t.refuse(from, at)
	if err != nil {
		return nil, image, err
	}
	return &plan.Call{Key: "deny-chain", Verb: "deny-chain", Object: role.ARN, Args: map[string]string{"document": string(next)}, Before: image}, image, nil
}

// Apply implements adapters.Action.
func (d denyChain) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	a, err := task{t}.account(d.p)
	if err != nil {
		return unreachable(err)
	}
	w, err := a.writer(ctx, "UpdateAssumeRolePolicy")
	if err != nil {
		return unreachable(err)
	}
	out, err := w.iam.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{
		RoleName: aws.String(roleName(c.Object)), PolicyDocument: aws.String(c.Args["document"]),
	})
	if err != nil {
		return adapters.Result{Outcome: judged(noMetadata, err, "iam:UpdateAssumeRolePolicy on "+c.Object, t.Now)}
	}
	return adapters.Result{Outcome: judged(out.ResultMetadata, nil, "", t.Now)}
}

// Settle implements adapters.Action; see denyTrust.
func (d denyChain) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	r := d.Verify(ctx, t)
	switch r.State {
	case plan.Held:
		return plan.Settlement{Happened: "yes"}
	case plan.Broken:
		return t.Absent(c, task{t}.settle(), "the trust policy does not have the Deny")
	}
	return plan.Settlement{Happened: "unknown", Detail: r.Detail}
}

// Verify implements adapters.Action.
func (d denyChain) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	arn, from := t.Text("role"), rolesOf(t.Inputs["from"])
	a, err := task{t}.account(d.p)
	if err != nil {
		return unread(ctx, "choose the account", err)
	}
	c, err := a.reader(ctx)
	if err != nil {
		return unread(ctx, "reach the account", err)
	}
	role, at, err := c.role(ctx, arn)
	if err != nil {
		return unread(ctx, "read role "+arn, err)
	}
	call, image, err := chainCall(role, from, at)
	if err != nil {
		return unread(ctx, "judge role "+arn, err)
	}
	r := plan.Reading{State: plan.Held, Proof: plan.P1, Before: image, Server: at}
	if call != nil {
		r.State, r.Proof, r.Next = plan.Broken, "", []plan.Call{*call}
		r.Detail = fmt.Sprintf("the trust policy of %s does not refuse sessions of %s", arn, names(from))
	}
	return r
}

// refuses reports whether sessions of all the roles are denied: by our statement about
// them, or because everybody is. since is when that was written.
func (t trust) refuses(from []string) (ok bool, since time.Time, err error) {
	if ok, since, err = t.denied(); ok || err != nil {
		return ok, since, err
	}
	for _, raw := range t.statements {
		whom, at, ours := chainOf(raw)
		if ours && len(from) > 0 && !slices.ContainsFunc(from, func(arn string) bool { return !slices.Contains(whom, arn) }) {
			return true, at, nil
		}
	}
	return false, time.Time{}, nil
}

// refuse gives the policy with our statement about the roles and those of an earlier one.
func (t trust) refuse(from []string, at time.Time) (json.RawMessage, error) {
	sid := chainSid
	if !at.IsZero() {
		sid += at.UTC().Format(sidLayout)
	}
	out := map[string]any{}
	for k, v := range t.members {
		out[k] = v
	}
	all := slices.Clone(from)
	var kept []json.RawMessage
	for _, raw := range t.statements {
		var st statement
		if err := json.Unmarshal(raw, &st); err != nil {
			return nil, fmt.Errorf("read trust policy: %w", err)
		}
		if !strings.HasPrefix(st.Sid, chainSid) {
			kept = append(kept, raw)
			continue
		}
		earlier, _, _ := chainOf(raw)
		all = append(all, earlier...)
	}
	slices.Sort(all)
	out["Statement"] = append(kept, chainStatement(sid, slices.Compact(all)))
	return mustJSON(out), nil
}

func chainStatement(sid string, from []string) json.RawMessage {
	return mustJSON(map[string]any{
		"Sid": sid, "Effect": "Deny", "Principal": map[string]any{"AWS": "*"}, "Action": []string{"sts:AssumeRole", "sts:TagSession"},
		"Condition": map[string]any{"ArnEquals": map[string]any{principalARN: from}},
	})
}

// chainOf reads our statement: the roles it denies, and when it was written; ours is
// false for any other, and for one that somebody made another of.
func chainOf(raw json.RawMessage) (from []string, at time.Time, ours bool) {
	var st struct {
		Sid       string
		Condition map[string]map[string]words
	}
	if json.Unmarshal(raw, &st) != nil {
		return nil, at, false
	}
	stamp, is := strings.CutPrefix(st.Sid, chainSid)
	if !is {
		return nil, at, false
	}
	from = st.Condition["ArnEquals"][principalARN]
	if t, err := time.Parse(sidLayout, stamp); err == nil {
		at = t
	}
	sorted := slices.Sorted(slices.Values(from))
	// One role alone may come back as text, not as a list.
	one := len(from) == 1 && sameJSON(raw, mustJSON(map[string]any{
		"Sid": st.Sid, "Effect": "Deny", "Principal": map[string]any{"AWS": "*"}, "Action": []string{"sts:AssumeRole", "sts:TagSession"},
		"Condition": map[string]any{"ArnEquals": map[string]any{principalARN: from[0]}},
	}))
	return from, at, len(from) > 0 && (one || sameJSON(raw, chainStatement(st.Sid, sorted)))
}
