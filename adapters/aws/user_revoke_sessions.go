package aws

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// userRevokeSessions denies everything to every session that was made with a user's keys
// before a moment T. An inactive key ends none of them, and they live up to 36 hours. A
// request signed with a long-lived key has no aws:TokenIssueTime, so that the user's new
// key is not denied.
type userRevokeSessions struct{ p *Provider }

const userRevokeName = "aws.user.revoke_sessions"

// Spec implements adapters.Action.
func (userRevokeSessions) Spec() plan.Spec {
	return plan.Spec{
		Name: userRevokeName, Summary: "Deny everything to the sessions that were made with a user's access keys until now.",
		Target: "user", Inputs: keyInputs(),
		Effect: plan.Disruptive, Role: plan.Cut, Lost: plan.ResendSafe, Proof: plan.P3, Without: plan.P2, Settle: propagation,
		Permissions: []string{"iam:GetUser", "iam:GetUserPolicy", "iam:PutUserPolicy", "iam:SimulatePrincipalPolicy"},
		Revert:      "manual.task",
		Source:      "STS API reference, GetSessionToken (36 hours), GetFederationToken; IAM user guide, \"AWS global condition context keys\", aws:TokenIssueTime",
	}
}

// Needs implements adapters.Needing: see revokeSessions.
func (v userRevokeSessions) Needs(adapters.Inputs) []string {
	return slices.DeleteFunc(v.Spec().Permissions, func(p string) bool { return p == "iam:SimulatePrincipalPolicy" })
}

// Plan implements adapters.Action. T is not in a plan: it is the provider's time when the
// call is made, which is after the old key is dead.
func (userRevokeSessions) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	_, u, err := findUser(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	return plan.Change{
		Target: plan.Target{Provider: "aws", Kind: "user", ID: u.Name, Name: u.Name}, Before: plan.Image(userImage{u.Name}),
		Calls: []plan.Call{revokeCall(u.Name, time.Time{})}, Kills: []string{"aws:user:" + u.Name},
		Breaks: "everything that works with a session of IAM user " + u.Name + " now",
		Inverse: &plan.Inverse{Use: "manual.task", With: map[string]plan.Value{"instructions": {Literal: "Delete the inline policy " + revokePolicy +
			" of IAM user " + u.Name + " once the longest session (36 hours) has ended; from then on it denies nothing."}}},
		Gaps: []plan.Gap{{
			What: "sessions of roles which were assumed with a key of " + u.Name,
			Why:  "a policy of this user does not deny them; look for AssumeRole by this user in CloudTrail and name those roles too",
		}},
	}, nil
}

// userImage is the before-image: which user it is. T is no part of it: it only rises.
type userImage struct {
	User string `json:"user"`
}

func revokeCall(user string, until time.Time) plan.Call {
	c := plan.Call{Key: "revoke-sessions", Verb: "revoke-sessions", Object: user, Before: plan.Image(userImage{user})}
	if !until.IsZero() {
		c.Args = map[string]string{"until": text(until)}
	}
	return c
}

// Apply implements adapters.Action.
func (v userRevokeSessions) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	a, err := task{t}.account(v.p)
	if err != nil {
		return unreachable(err)
	}
	until := c.Args["until"]
	if until == "" {
		r, err := a.reader(ctx)
		if err != nil {
			return unreachable(err)
		}
		_, at, err := r.user(ctx, c.Object)
		if err == nil && at.IsZero() {
			err = fmt.Errorf(noDate)
		}
		if err != nil {
			return unreachable(err)
		}
		until = text(justNow(at))
	}
	w, err := a.writer(ctx, "PutUserPolicy")
	if err != nil {
		return unreachable(err)
	}
	out, err := w.iam.PutUserPolicy(ctx, &iam.PutUserPolicyInput{
		UserName: aws.String(c.Object), PolicyName: aws.String(revokePolicy), PolicyDocument: aws.String(string(revocation(until))),
	})
	if err != nil {
		return adapters.Result{Outcome: judged(noMetadata, err, "iam:PutUserPolicy on "+c.Object, t.Now)}
	}
	return adapters.Result{Outcome: judged(out.ResultMetadata, nil, "", t.Now)}
}

// justNow is T: the old key is dead already and makes no more sessions, so that nothing
// is added but what a Date leaves out. What the new key makes after that is not denied.
func justNow(at time.Time) time.Time { return at.Add(time.Second) }

// Settle implements adapters.Action.
func (v userRevokeSessions) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	until, _, err := v.read(ctx, t)
	switch ours, perr := time.Parse(time.RFC3339, c.Args["until"]); {
	case err != nil:
		return plan.Settlement{Happened: "unknown", Wait: task{t}.settle(), Detail: explain(err)}
	case perr == nil && !until.Before(ours):
		return plan.Settlement{Happened: "yes"}
	case perr != nil && !until.IsZero():
		return plan.Settlement{Happened: "unknown", Detail: "the call names no time, so that the one which stands may be somebody else's"}
	}
	return t.Absent(c, task{t}.settle(), "sessions are not revoked")
}

// read gives T as it stands, and the user's ARN with IAM's time.
func (v userRevokeSessions) read(ctx context.Context, t adapters.Task) (until time.Time, me found, err error) {
	a, err := task{t}.account(v.p)
	if err != nil {
		return until, me, err
	}
	if me.clients, err = a.reader(ctx); err != nil {
		return until, me, err
	}
	if me.arn, me.at, err = me.user(ctx, t.Text("user")); err != nil {
		return until, me, err
	}
	out, err := me.iam.GetUserPolicy(ctx, &iam.GetUserPolicyInput{UserName: aws.String(t.Text("user")), PolicyName: aws.String(revokePolicy)})
	if code(err) == "NoSuchEntity" {
		return until, me, nil
	}
	if err != nil {
		return until, me, err
	}
	doc, err := document(out.PolicyDocument)
	return revokedUntil(doc), me, err
}

// found is a user as IAM shows it.
type found struct {
	clients
	arn string
	at  time.Time // IAM's own
}

// Verify implements adapters.Action. Only a T that we put after the old key was dead
// leaves no session out: one that somebody put before does not count.
func (v userRevokeSessions) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	user := t.Text("user")
	until, me, err := v.read(ctx, t)
	if err != nil {
		return unread(ctx, "read user "+user, err)
	}
	if me.at.IsZero() {
		return plan.Reading{State: plan.Unknown, Detail: noDate}
	}
	r := plan.Reading{State: plan.Broken, Before: plan.Image(userImage{user}), Server: me.at}
	last := (task{t}).last("revoke-sessions")
	if last == nil || until.IsZero() || until.Before(needed(t, time.Time{}, time.Time{})) {
		r.Next = []plan.Call{revokeCall(user, justNow(me.at))}
		r.Detail = "sessions that were made with keys of " + user + " are not all denied"
		return r
	}
	r.State, r.Proof = plan.Held, plan.P1
	if left := (task{t}).settle().D() - t.Now.Sub(t.Answered(last.Call)); left > 0 {
		r.Wait = plan.Duration(left)
		return r
	}
	return me.probed(ctx, r, me.arn, until)
}
