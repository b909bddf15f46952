package cli

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// overriding is a team that opens doors again with a reason.
type overriding struct{ drive.Responder }

func (o overriding) Answer(ctx context.Context, s *respond.State, a respond.Ask) (drive.Reply, bool, error) {
	if a.Kind != respond.GateHeld {
		return o.Responder.Answer(ctx, s, a)
	}
	answer := respond.Answered{Ask: a.ID, Choice: "override", By: "alice", Reason: "a false alarm"}
	return drive.Reply{Answer: answer, Override: &respond.Overridden{Gate: a.Gate, By: "alice", Reason: "a false alarm"}}, true, nil
}

// What steps one to four did to the world is taken back but for what must not come back:
// afterwards the two snapshots differ in secrets, keys and tokens, and in trust that stays
// narrow.
func TestRollbackRestoresStructure(t *testing.T) {
	s := newStageIn(t, setting{playbook: "testdata/steps-one-to-four.yaml", unmended: true})
	repositories := []string{"acme/shop"}
	was, err := s.site.look(t.Context(), repositories, nil, always(time.Time{}))
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.run(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range r.State.Actions {
		if a.Outcome != plan.Done {
			t.Fatalf("%s is %s: %s", a.Action.ID, a.Outcome, a.Reason)
		}
	}
	after, err := s.site.look(t.Context(), repositories, nil, always(time.Time{}))
	if err != nil {
		t.Fatal(err)
	}
	done := doneActions(r.State)
	p, all, err := s.site.wayBack(t.Context(), r.State, done, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range all {
		a := x.Action
		secret := a.Role == plan.Kill || a.Role == plan.Mint || a.Role == plan.Deliver || a.Role == plan.Destroy || a.Role == plan.Test
		trust := a.Use == "aws.role.deny_trust" || a.Use == "vault.jwt_role.block" || a.Role == plan.Cut
		if x.By != nil && (secret || trust) {
			t.Errorf("%s would be taken back by %s", a.ID, x.By.Use)
		}
		if x.By == nil && x.Why == "" {
			t.Errorf("%s is not taken back, and nobody says why", a.ID)
		}
	}
	b, err := plan.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	now := s.clock.Now()
	s.log = append(s.log, respond.Event{Time: now, Data: respond.Paused{Reason: "partial"}}, respond.Event{Time: now, Data: respond.Resumed{Operator: "bob"}},
		respond.Event{Time: now, Data: respond.Planned{Digest: plan.Digest(b), Bytes: json.RawMessage(b), Plan: p}})
	s.responder = overriding{s.answer}
	if r, err = s.run(nil); err != nil {
		t.Fatal(err)
	}
	for _, x := range p.Actions {
		i := slices.IndexFunc(r.State.Actions, func(a respond.ActionState) bool { return a.Action.ID == x.ID })
		if i < 0 || r.State.Actions[i].Outcome != plan.Done {
			t.Errorf("%s was not carried out", x.ID)
		}
	}
	is, err := s.site.look(t.Context(), repositories, nil, always(time.Time{}))
	if err != nil {
		t.Fatal(err)
	}
	changed, left := snapshot.Compare(was.snapshot, after.snapshot), snapshot.Compare(was.snapshot, is.snapshot)
	for _, c := range left {
		if !stays(c) {
			t.Errorf("%s %s %s %s is left: %s", c.What, c.Kind, c.Target, c.Name, c.Detail)
		}
	}
	if back := len(changed) - len(left); back < 4 { // the workflow, the tags, the environment, the forks
		t.Errorf("%d of %d differences were taken back:\n%s", back, len(changed), told(changed))
	}
}

// stays reports whether a difference is one that no rollback takes back.
func stays(c snapshot.Change) bool {
	return slices.Contains([]string{"secret", "secrets-manager-secret", "kv", "access-key", "token", "trust-policy", "jwt-role", "inline-policy"}, c.Kind)
}

func told(all []snapshot.Change) string {
	var out strings.Builder
	for _, c := range all {
		out.WriteString(c.What + " " + c.Kind + " " + c.Target + " " + c.Name + ": " + c.Detail + "\n")
	}
	return out.String()
}
