package aws

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// revokeSessions denies everything to every session of a role that was issued
// before a moment T. It is worth nothing while new sessions can be had, so it
// names no call until the trust policy refuses them.
type revokeSessions struct{ p *Provider }

const (
	revokeName = "aws.role.revoke_sessions"
	// revokePolicy is the name the console gives it, so that people know it.
	// Source: IAM user guide, "Revoke IAM role temporary security credentials".
	revokePolicy = "AWSRevokeOlderSessions"
	// margin is added to the provider's time: sessions issued while the policy spreads are denied too.
	margin = 30 * time.Second
)

// Spec implements adapters.Action.
func (revokeSessions) Spec() plan.Spec {
	return plan.Spec{
		Name: revokeName, Summary: "Deny everything to the sessions of a role that were issued until now.",
		Target: "role", Inputs: append(roleInputs(), fromInput(false)),
		Effect: plan.Disruptive, Role: plan.Cut, Lost: plan.ResendSafe, Proof: plan.P3, Without: plan.P2, Settle: propagation,
		Permissions: []string{"iam:GetRole", "iam:GetRolePolicy", "iam:PutRolePolicy", "iam:SimulatePrincipalPolicy"},
		Revert:      "manual.task",
		Source:      "IAM user guide, \"Revoke IAM role temporary security credentials\"; IAM API reference, SimulatePrincipalPolicy",
	}
}

// sessionsImage is the before-image: T of our policy, "" when there is none.
type sessionsImage struct {
	Role    string `json:"role"`
	Revoked string `json:"revoked"`
}

// Plan implements adapters.Action. T is not in a plan: it is the provider's time
// when the call is made.
func (revokeSessions) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	_, role, err := findRole(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	before := revokedUntil(role.Inline[revokePolicy])
	c := plan.Change{
		Target: roleTarget(role.ARN), Before: plan.Image(sessionsImage{role.ARN, text(before)}),
		Doors: []string{"identity:role:" + role.Name}, Kills: []string{roleKill(role.ARN, role.Name)},
		Breaks: "everything that works with a session of role " + role.Name + " now",
		Inverse: &plan.Inverse{Use: "manual.task", With: map[string]plan.Value{"instructions": {Literal: "Delete the inline policy " + revokePolicy +
			" of role " + role.ARN + " once the longest session (12 hours) has ended; from then on it denies nothing."}}},
	}
	shut, since, err := noneEnter(role, rolesOf(in["from"].Literal))
	if err != nil {
		return plan.Change{}, err
	}
	// Nobody got a session since the trust was shut: a T after that leaves none out.
	if !shut || since.IsZero() || before.Before(since.Add(propagation.D())) {
		c.Calls = []plan.Call{putCall(role.ARN, before, time.Time{})}
		if tokens := tokensOf(role); tokens != "" {
			c.Calls[0].Args = map[string]string{tokensArg: tokens}
		}
	}
	c.Gaps = beyond(role, s)
	for _, g := range s.Gaps {
		if g.Provider == "aws" && g.What == simulateGap+role.ARN {
			c.Proof, c.Shortfall = plan.P2, "the policy simulator may not be used ("+g.Why+"), so the denial is read back but not probed"
		}
	}
	return c, nil
}

// noneEnter reports whether a role's trust is shut, and since when: to everybody, or to the
// roles through which alone it is reached.
func noneEnter(role snapshot.Role, from []string) (shut bool, since time.Time, err error) {
	t, err := parseTrust(role.Trust)
	if err != nil {
		return false, since, err
	}
	if len(from) > 0 {
		return t.refuses(from)
	}
	return t.denied()
}

func putCall(arn string, before, until time.Time) plan.Call {
	c := plan.Call{Key: "revoke-sessions", Verb: "revoke-sessions", Object: arn, Before: plan.Image(sessionsImage{arn, text(before)})}
	if !until.IsZero() {
		c.Args = map[string]string{"until": text(until)}
	}
	return c
}

// Apply implements adapters.Action.
func (v revokeSessions) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	a, err := task{t}.account(v.p)
	if err != nil {
		return unreachable(err)
	}
	until := c.Args["until"]
	if until == "" { // a plan has no time in it
		at, err := a.date(ctx, c.Object)
		if err != nil {
			return unreachable(err)
		}
		until = text(at.Add(margin))
	}
	w, err := a.writer(ctx, "PutRolePolicy")
	if err != nil {
		return unreachable(err)
	}
	out, err := w.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{
		RoleName: aws.String(roleName(c.Object)), PolicyName: aws.String(revokePolicy), PolicyDocument: aws.String(string(revocation(until))),
	})
	if err != nil {
		return adapters.Result{Outcome: judged(noMetadata, err, "iam:PutRolePolicy on "+c.Object, t.Now)}
	}
	return adapters.Result{Outcome: judged(out.ResultMetadata, nil, "", t.Now)}
}

// date is IAM's own time. Ours may be apart from it by any amount.
func (a *account) date(ctx context.Context, arn string) (time.Time, error) {
	c, err := a.reader(ctx)
	if err != nil {
		return time.Time{}, err
	}
	_, at, err := c.role(ctx, arn)
	if err == nil && at.IsZero() {
		err = errors.New(noDate)
	}
	return at, err
}

const noDate = "IAM gave no Date; without its clock nobody can say which sessions are older"

// Settle implements adapters.Action.
func (v revokeSessions) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	r := v.Verify(ctx, t)
	switch {
	case r.State == plan.Held:
		return plan.Settlement{Happened: "yes"}
	case r.State == plan.Broken && len(r.Next) > 0:
		return t.Absent(c, task{t}.settle(), "sessions are not revoked")
	}
	return plan.Settlement{Happened: "unknown", Wait: task{t}.settle(), Detail: r.Detail}
}

// Verify implements adapters.Action.
func (v revokeSessions) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	arn := t.Text("role")
	a, err := task{t}.account(v.p)
	if err != nil {
		return unread(ctx, "choose the account", err)
	}
	c, err := a.reader(ctx)
	if err != nil {
		return unread(ctx, "reach the account", err)
	}
	asked := v.p.wire.Now()
	role, at, err := c.role(ctx, arn)
	if err != nil {
		return unread(ctx, "read role "+arn, err)
	}
	if at.IsZero() {
		return plan.Reading{State: plan.Unknown, Detail: noDate}
	}
	doc, _, err := c.inline(ctx, arn, revokePolicy)
	if err != nil {
		return unread(ctx, "read policy "+revokePolicy+" of "+arn, err)
	}
	from := rolesOf(t.Inputs["from"])
	shut, since, err := noneEnter(role, from)
	if err != nil {
		return unread(ctx, "judge role "+arn, err)
	}
	until := revokedUntil(doc)
	r := plan.Reading{State: plan.Broken, Before: plan.Image(sessionsImage{arn, text(until)}), Server: at}
	if !shut {
		r.Wait = task{t}.settle()
		r.Detail = "new sessions can still be had; " + denyTrustName + " comes first"
		if len(from) > 0 {
			r.Detail = "sessions of " + names(from) + " can still become it; " + denyChainName + " comes first"
		}
		return r
	}
	began := t.Began.Add(at.Sub(asked) + time.Second) // a Date leaves out parts of a second
	if need := needed(t, began, since); until.Before(need) || until.IsZero() {
		r.Next = []plan.Call{putCall(arn, until, at.Add(margin))}
		r.Detail = fmt.Sprintf("sessions issued until %s are not all denied", text(need))
		return r
	}
	return v.probe(ctx, t, c, r, until)
}

// needed is the earliest T that leaves no session out: the response's beginning,
// the moment the trust was shut (and the time that took to be enforced), and the
// T we put ourselves, which nobody may lower. All are times of AWS's clock: by ours,
// were it ahead, T would be raised for ever.
func needed(t adapters.Task, began, shut time.Time) time.Time {
	need := began
	if !shut.IsZero() {
		if s := shut.Add(propagation.D()); s.After(need) {
			need = s
		}
	}
	if a := (task{t}).last("revoke-sessions"); a != nil {
		if ours, err := time.Parse(time.RFC3339, a.Call.Args["until"]); err == nil && ours.After(need) {
			need = ours
		}
	}
	return need
}

// probe asks IAM's simulator what a session from before T may do. The simulator
// judges the stored policy at once, enforcement follows: it proves nothing until
// the change has had its time.
func (v revokeSessions) probe(ctx context.Context, t adapters.Task, c clients, r plan.Reading, until time.Time) plan.Reading {
	r.State, r.Proof = plan.Held, plan.P1
	if last := (task{t}).last("revoke-sessions"); last != nil {
		if left := (task{t}).settle().D() - t.Now.Sub(t.Answered(last.Call)); left > 0 {
			r.Wait = plan.Duration(left)
			return r
		}
	} else if r.Server.Before(until) {
		r.Wait = plan.Duration(until.Sub(r.Server))
		return r
	}
	return living(t, c.probed(ctx, r, t.Text("role"), until), t.Text("role"), until)
}
