package snapshot

import (
	"slices"
	"testing"
	"time"
)

func TestWhatWasSeenOnceStays(t *testing.T) {
	at := time.Date(2026, 3, 14, 16, 0, 0, 0, time.UTC)
	a := &Snapshot{AWS: []Account{{ID: "1", Chaining: &Chaining{Since: at, Regions: []string{"eu-west-1"}, Links: []Chain{
		{From: "a", To: "seen", Could: "it names it", Seen: 2, Last: at}, {From: "a", To: "let in then", Could: "it names it"}, {From: "b", To: "of another", Could: "it names it"},
		{From: "a", To: "both", Could: "then", Seen: 3, Last: at},
	}}}}}
	b := &Snapshot{AWS: []Account{{ID: "1", Chaining: &Chaining{Links: []Chain{{From: "a", To: "both", Could: "now"}}}}}}
	got := Merge(a, b).AWS[0].Chaining
	want := []Chain{
		{From: "a", To: "both", Could: "now", Seen: 3, Last: at}, {From: "a", To: "seen", Seen: 2, Last: at}, {From: "b", To: "of another", Could: "it names it"},
	}
	if !slices.Equal(got.Links, want) || !got.Since.Equal(at) || len(got.Regions) != 1 {
		t.Errorf("got %+v", got)
	}
	if got := Merge(b, a).AWS[0].Chaining; len(got.Links) != 4 {
		t.Errorf("the other way round: %+v", got)
	}
	only := &Snapshot{AWS: []Account{{ID: "1"}}}
	if Merge(a, only).AWS[0].Chaining == nil || Merge(only, a).AWS[0].Chaining == nil {
		t.Error("what one look found is lost by another that did not look")
	}
}

func TestANewChainIsAChange(t *testing.T) {
	a := &Snapshot{AWS: []Account{{ID: "1", Chaining: &Chaining{}}}}
	b := &Snapshot{AWS: []Account{{ID: "1", Chaining: &Chaining{Links: []Chain{{From: "a", To: "b", Could: "it names it"}}}}}}
	got := Compare(a, b)
	if len(got) != 1 || got[0].Kind != "role-chain" || got[0].What != "added" || got[0].Name != "a -> b" {
		t.Errorf("%+v", got)
	}
	if got := Compare(&Snapshot{AWS: []Account{{ID: "1"}}}, b); len(got) != 0 {
		t.Errorf("nobody had looked before: %+v", got)
	}
}
