package snapshot

import (
	"slices"
	"testing"
)

func TestAMovedTagShows(t *testing.T) {
	ref := func(ref, sha string) ActionRef { return ActionRef{Uses: "acme/build", Ref: ref, SHA: sha} }
	a := &Snapshot{Actions: []ActionRef{ref("v1", "aaa"), ref("v2", "bbb")}}
	b := &Snapshot{Actions: []ActionRef{ref("v3", "ddd"), ref("v2", "ccc")}}
	want := []Change{{"changed", "action", "", "acme/build@v2", "was bbb, is ccc"}}
	if got := Compare(a, b); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if got := Merge(a, b).Actions; !slices.Equal(got, []ActionRef{ref("v1", "aaa"), ref("v2", "ccc"), ref("v3", "ddd")}) {
		t.Errorf("the later look does not count, or the order is not fixed: %v", got)
	}
}
