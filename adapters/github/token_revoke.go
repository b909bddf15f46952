package github

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

const (
	permitValue = "the token's value, and no permission"
	permitOwner = "a login as the token's user, in a browser"
)

// tokenRevoke shows GitHub the old token, which takes it back for good and tells its
// owner. Without the value nobody but its owner can end it. The request must carry no
// credential of ours.
type tokenRevoke struct{ *Provider }

// Spec implements adapters.Action.
func (tokenRevoke) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.token.revoke", Summary: "Have GitHub take back a person's token, by its value.", Target: "token",
		Inputs: []plan.Field{tokenUser, {Name: "old", Type: plan.Secret, Doc: "the token: it is ended by its value, and its refusal is the proof"}},
		Effect: plan.Irreversible, Role: plan.Kill, Lost: plan.ResendSafe, Proof: plan.P3, Settle: plan.Duration(time.Minute),
		Permissions: []string{permitValue},
		Source:      `GitHub REST reference, "Revoke a list of credentials": without authentication, 60 requests an hour`,
	}
}

// Plan implements adapters.Action.
func (tokenRevoke) Plan(in adapters.Inputs, _ *snapshot.Snapshot) (plan.Change, error) {
	user := in.Text("user")
	return plan.Change{
		Target: tokenTarget(user), Calls: []plan.Call{revokeToken(user)},
		Breaks: "whatever works with the token; GitHub tells its owner",
		Gaps:   []plan.Gap{{What: "the token of " + user, Why: "GitHub ends it for whoever shows its value; without that only its owner can, in Settings, Developer settings"}},
	}, nil
}

func revokeToken(user string) plan.Call {
	return plan.Call{Key: "revoke", Verb: "revoke", Object: "the token of " + user}
}

// Apply implements adapters.Action.
func (a tokenRevoke) Apply(ctx context.Context, t adapters.Task, _ plan.Call) adapters.Result {
	refuse := func(why string) adapters.Result {
		return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Detail: why}}
	}
	old := t.Secrets["old"]
	if old.Empty() {
		return refuse("the token is not at hand; paste it, or have its owner delete it")
	}
	body, err := json.Marshal(revocation(old))
	if err != nil {
		return refuse(err.Error())
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.base.JoinPath("credentials", "revoke").String(), bytes.NewReader(body))
	if err != nil {
		return refuse(err.Error())
	}
	req.Header.Set("Accept", "application/vnd.github+json")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", a.agent())
	resp, err := a.open.Do(req)
	var limited *Limited
	if errors.As(err, &limited) {
		o := adapters.Classify(limited.Response, nil, a.wire.Now())
		o.State, o.Temporary, o.RetryAfter = plan.Refused, true, plan.Duration(limited.After)
		return adapters.Result{Outcome: o}
	}
	o := adapters.Classify(resp, err, a.wire.Now())
	if resp != nil {
		_ = resp.Body.Close() // its status is the answer
	}
	return adapters.Result{Outcome: o}
}

// Settle implements adapters.Action: whose call it was makes no difference.
func (a tokenRevoke) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	_, code, _, err := a.whose(ctx, t.Secrets["old"])
	switch {
	case err != nil:
		return unsettled(err)
	case code == http.StatusUnauthorized:
		return plan.Settlement{Happened: "yes"}
	}
	return t.Absent(c, a.Spec().Settle, "GitHub still takes the token")
}

// Verify implements adapters.Action.
func (a tokenRevoke) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	old := t.Secrets["old"]
	stuck := func(why string) plan.Reading { return plan.Reading{State: plan.Broken, Final: true, Detail: why} }
	if old.Empty() {
		return stuck("without its value nobody but " + t.Text("user") + " can end the token: in Settings, Developer settings; paste it, or skip this once it is deleted")
	}
	if what := kindOf(old); what != "" {
		return stuck("what was pasted is " + what)
	}
	if own, err := a.who.token(ctx); err == nil && own.Equal(old) {
		return stuck("this is firebreak's own token; come back with another")
	}
	login, code, server, err := a.whose(ctx, old)
	switch {
	case err != nil || code != http.StatusOK && code != http.StatusUnauthorized:
		return probeFailed(code, err)
	case code == http.StatusUnauthorized && len(t.History) == 0: // a call is made only of one that was taken
		return stuck("GitHub refuses the token, and did before anything was sent: it is dead already, or it is not the one that leaked; paste the right one, or skip this once its owner has looked")
	case code == http.StatusUnauthorized:
		return plan.Reading{State: plan.Held, Proof: plan.P3, Server: server, Detail: "GitHub refuses the token"}
	case login != t.Text("user"):
		return stuck("what was pasted works and is a token of " + login + "; correct the user under issuer github.token, or paste the right one")
	}
	r := plan.Reading{State: plan.Broken, Server: server, Detail: "GitHub takes the token as " + login, Next: []plan.Call{revokeToken(login)}}
	return unshown(t, r, a.Spec().Settle)
}
