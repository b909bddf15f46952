package rehearse_test

import (
	"slices"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/rehearse"
	"github.com/firebreak/firebreak/internal/respond"
)

// A store whose value is dead is a broken consumer, told when it happens; in
// overlap order that is a violation until the deadline, and not after it.
func TestConsumerLeftWithADeadValue(t *testing.T) {
	const id = "acme/shop:repository:NPM_TOKEN"
	for _, c := range []struct {
		deadline time.Duration
		overlap  bool
		want     []string
	}{
		{10 * time.Minute, true, []string{"github repository/NPM_TOKEN", "vault secret/ci/npm#token"}},
		{time.Minute, true, nil},
		{10 * time.Minute, false, nil},
	} {
		r, clock := start(t)
		deleteToken(t, r)
		clock.Advance(2 * time.Minute)
		round(t, r)
		a := &plan.Action{ID: "destroy", Credential: id}
		if c.overlap {
			a.Until, a.Deadline = []string{"test"}, plan.Duration(c.deadline)
		}
		s := &respond.State{
			Opened:   respond.Opened{Began: began},
			Actions:  []respond.ActionState{{Action: a}},
			Closings: []respond.ClosingState{{Closing: plan.Closing{Credential: id, Name: "NPM_TOKEN"}}},
		}
		var got []string
		for _, v := range r.Score(s).Violations {
			if v.Kind == "consumer_broken_in_overlap" {
				got = append(got, v.Target)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("deadline %s, overlap %v: broken %v, want %v", c.deadline, c.overlap, got, c.want)
		}
	}
}

func TestNothingIsBrokenAtTheBeginning(t *testing.T) {
	r, _ := start(t)
	works := 0
	for _, e := range r.World.Entries() {
		switch e.Call {
		case "consumer works":
			works++
		case "consumer broken":
			t.Errorf("%s is broken at the beginning", e.Object)
		}
	}
	if works != 5 {
		t.Errorf("%d consumers work, want three secrets, Secrets Manager and Vault", works)
	}
}

func TestPromotePublishesWhatWasBuiltOnce(t *testing.T) {
	r, _ := start(t)
	if err := r.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := published(r); n != 0 {
		t.Fatalf("%d versions were published without a build", n)
	}
	dispatchRebuild(t, r)
	for range 2 {
		if err := r.Promote(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := published(r); n != 1 {
		t.Errorf("%d versions were published, want the rebuilt one once", n)
	}
}

func published(r *rehearse.Rehearsal) (n int) {
	for _, e := range r.World.Entries() {
		if e.Call == "npm PUT package" && e.Agent == "team/release" && e.Status < 400 {
			n++
		}
	}
	return n
}
