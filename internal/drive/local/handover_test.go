package local

import (
	"errors"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/respond"
)

func handedTo(t *testing.T, who string) (dir string, parts func(takeOver string) Parts) {
	t.Helper()
	dir = t.TempDir()
	parts = func(takeOver string) Parts {
		return Parts{Dir: dir, Decider: respond.New(), Clock: &clock{now: t0}, TakeOver: takeOver}
	}
	l, err := Create(parts(""), respond.Opened{Incident: "inc-1", Operator: "bob"})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.HandOver(respond.HandedOver{From: "bob", To: who, Epoch: 2}), l.Append(respond.Paused{}), l.Close()); err != nil {
		t.Fatal(err)
	}
	return dir, parts
}

func TestOnlyTheNewOwnerGoesOn(t *testing.T) {
	dir, parts := handedTo(t, "carol")
	_, err := Resume(parts(""), Place{}, respond.Resumed{Operator: "bob"})
	var not *NotYours
	if !errors.As(err, &not) || not.Owner != "carol" || not.Epoch != 2 {
		t.Fatalf("bob resumes with %v", err)
	}
	before, err := journal.Read(dir)
	if err != nil || len(before.Events) != 3 {
		t.Fatalf("the refusal left %d records (%v)", len(before.Events), err)
	}
	l, err := Resume(parts(""), Place{}, respond.Resumed{Operator: "carol"})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestTakingOverBeginsANewEpoch(t *testing.T) {
	_, parts := handedTo(t, "carol")
	l, err := Resume(parts("carol is asleep"), Place{}, respond.Resumed{Operator: "dave"})
	if err != nil {
		t.Fatal(err)
	}
	s := l.State()
	if s.Owner != "dave" || s.Epoch != 3 || s.Handed.From != "carol" || s.Handed.Note != "carol is asleep" {
		t.Fatalf("owner %q, epoch %d, %+v", s.Owner, s.Epoch, s.Handed)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Resume(parts(""), Place{}, respond.Resumed{Operator: "carol"}); err == nil {
		t.Fatal("who was taken over goes on")
	}
}

func TestAHandOverCarriesASignedCheckpoint(t *testing.T) {
	dir, _ := handedTo(t, "carol")
	r, err := journal.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	h, ok := r.Events[1].Data.(respond.HandedOver)
	if !ok || !strings.Contains(h.Checkpoint, "firebreak.journal/inc-1\n1\n") {
		t.Fatalf("the record is %+v", r.Events[1].Data)
	}
	if _, _, err := journal.Verify(dir, []byte(h.Checkpoint)); err != nil {
		t.Fatal(err)
	}
}

func TestNobodyIsHandedAnIncident(t *testing.T) {
	_, parts := handedTo(t, "carol")
	if _, err := Resume(parts(" "), Place{}, respond.Resumed{Operator: "dave"}); !errors.As(err, new(*NotYours)) {
		t.Errorf("it is taken over without a reason: %v", err)
	}
	l, err := Resume(parts(""), Place{}, respond.Resumed{Operator: "carol"})
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"", "  ", "dave\nnext: rm -rf /", "dave\x1b[2J"} {
		var nobody *Nobody
		if err := l.HandOver(respond.HandedOver{From: "carol", To: to, Epoch: 3}); !errors.As(err, &nobody) {
			t.Errorf("handed over to %q: %v", to, err)
		}
	}
	if s := l.State(); s.Owner != "carol" {
		t.Errorf("it is %q's now", s.Owner)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	// A journal that came from elsewhere may have such a name.
	if e := (&NotYours{Owner: "x\nnext: y", Operator: "bob"}); strings.Contains(e.Error(), "\n") {
		t.Errorf("a name adds a line to %q", e.Error())
	}
}
