package github

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// webhookTest has GitHub send a ping, which is signed with the new secret, and looks what
// the receiver answered. One that checks no signature answers the same, which is why this
// is no probe. A ping that was refused is sent again: a receiver often reads its secret
// only when it starts.
type webhookTest struct{ *Provider }

// Spec implements adapters.Action.
func (webhookTest) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.webhook.test", Summary: "Have a ping signed with a webhook's new secret delivered, and read what its receiver answered.", Target: "webhook",
		Inputs:  webhookInputs,
		Outputs: []plan.Field{{Name: "answered", Type: plan.Timestamp, Doc: "when the receiver took a ping signed with the new secret"}},
		Effect:  plan.Reversible, Role: plan.Test, Lost: plan.ResendSafe, Proof: plan.P2, Settle: plan.Duration(10 * time.Second),
		Permissions: []string{permitHook + "write", permitOwnerHook + "write"},
		Source:      `GitHub REST reference, "Ping a repository webhook", "List deliveries for a repository webhook", and the same for an organization`,
	}
}

// Needs implements adapters.Needing.
func (webhookTest) Needs(in adapters.Inputs) []string { return hookNeeds(in, "write") }

// Plan implements adapters.Action.
func (webhookTest) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	h, owner, err := pickHook(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	return plan.Change{
		Target: hookTarget(owner, h), Calls: []plan.Call{hookCall("ping", "ping", owner, idText(h.ID))},
		Proof: plan.P2, Shortfall: "a receiver that does not check signatures answers the same; look into its code",
	}, nil
}

// Apply implements adapters.Action.
func (a webhookTest) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	o, _ := a.send(ctx, http.MethodPost, a.hookAt(t, c, "pings"), nil, nil)
	return adapters.Result{Outcome: o}
}

// Settle implements adapters.Action.
func (a webhookTest) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	p, err := a.lastPing(ctx, t)
	if err != nil {
		return unsettled(err)
	}
	if at, _ := sent(t, c.Key); p != nil && !p.At.Before(at.Add(-slack)) {
		return plan.Settlement{Happened: "yes"}
	}
	return t.Absent(c, a.Spec().Settle, "no ping is among its deliveries")
}

// delivery is one of a webhook's.
type delivery struct {
	ID    int64     `json:"id"`
	At    time.Time `json:"delivered_at"`
	Event string    `json:"event"`
	Code  int       `json:"status_code"`
	Text  string    `json:"status"`
}

// lastPing is the latest of the first page of deliveries, which has the newest; nil
// where there is none.
func (a webhookTest) lastPing(ctx context.Context, t adapters.Task) (*delivery, error) {
	var all []delivery
	req, err := a.reads.NewRequest(http.MethodGet, a.hookAt(t, plan.Call{}, "deliveries")+"?per_page=100", nil)
	if err != nil {
		return nil, err
	}
	if _, err := a.reads.Do(ctx, req, &all); err != nil {
		return nil, err
	}
	var last *delivery
	for i := range all {
		if all[i].Event == "ping" && (last == nil || all[i].At.After(last.At)) {
			last = &all[i]
		}
	}
	return last, nil
}

// Verify implements adapters.Action.
func (a webhookTest) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	now, server, err := a.hookOf(ctx, t)
	if err != nil {
		return hookGone(t, err)
	}
	if !now.Active {
		return plan.Reading{State: plan.Unknown, Final: true, Server: server, Detail: "the webhook is switched off, so that nothing is delivered and the new secret cannot be tried; switch it on, or skip this with a reason"}
	}
	p, err := a.lastPing(ctx, t)
	if err != nil {
		return unread("list the deliveries of the webhook "+hookID(t), err)
	}
	if p != nil && p.At.Before(now.Updated) { // by GitHub's clock both; it is older than the secret
		p = nil
	}
	return a.answered(t, p, plan.Reading{State: plan.Broken, Server: server}, hookCall("ping", "ping", hookOwner(t), idText(now.ID)))
}

// pingAgain is how long a ping is waited for, and after one that was refused.
const pingAgain = 30 * time.Second

// answered judges the latest ping since the secret was set; nil is none.
func (webhookTest) answered(t adapters.Task, p *delivery, r plan.Reading, ping plan.Call) plan.Reading {
	switch {
	case p == nil:
		r.Detail = "no ping is among its deliveries since the secret was set"
	case p.Code >= 200 && p.Code < 300:
		r.State, r.Proof, r.Detail = plan.Held, plan.P1, fmt.Sprintf("the receiver answered %d to a ping signed with the new secret", p.Code)
		r.Outputs = map[string]plan.Output{"answered": {Value: p.At.UTC().Format(time.RFC3339)}}
		return r
	case p.Code == 0:
		r.Detail = "the receiver did not answer a ping: " + p.Text + "; see that it can be reached"
	default:
		r.Detail = fmt.Sprintf("the receiver answered %d to a ping signed with the new secret; see that it has read the new value", p.Code)
	}
	if at, _ := sent(t, ping.Key); !at.IsZero() && t.Now.Sub(at) < pingAgain {
		r.Wait = plan.Duration(5 * time.Second)
		return r
	}
	r.Next = []plan.Call{ping}
	return r
}

func idText(id int64) string { return strconv.FormatInt(id, 10) }

// stamped is a time for a person.
func stamped(t time.Time) string {
	if t.IsZero() {
		return "at a time GitHub does not tell"
	}
	return t.UTC().Format(time.RFC3339)
}
