package github

import (
	"errors"
	"slices"
	"testing"

	"github.com/firebreak/firebreak/internal/snapshot"
)

// A repository that is incomplete alone is handed on as it is, behind it what came; where
// one after the other is, none of them is.
func TestIncompleteRepositoriesAreKeptBack(t *testing.T) {
	whole := func(name string) Surveyed { return Surveyed{Repository: snapshot.Repository{FullName: name}} }
	short := func(name string) Surveyed {
		x := whole(name)
		x.Gaps = []snapshot.Gap{{Provider: "github", What: "rulesets of " + name, Why: "GitHub answered 502", Passing: true}}
		return x
	}
	var got []string
	c := collector{each: func(x Surveyed) error { got = append(got, x.Repository.FullName); return nil }}
	handed := func(want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Fatalf("handed on %v, want %v", got, want)
		}
	}
	take := func(x Surveyed) {
		t.Helper()
		if err := c.take(x); err != nil {
			t.Fatal(err)
		}
	}
	take(whole("a"))
	take(short("b"))
	handed("a")
	take(whole("c"))
	handed("a", "b", "c")
	take(short("d"))
	handed("a", "b", "c")
	if err := c.rest(); err != nil {
		t.Fatal(err)
	}
	handed("a", "b", "c", "d")
	for range inARow - 1 {
		take(short("e"))
	}
	if err := c.take(short("f")); !errors.Is(err, errSilent) {
		t.Errorf("got %v", err)
	}
	if err := c.take(whole("g")); !errors.Is(err, errSilent) {
		t.Errorf("after the end: %v", err)
	}
	handed("a", "b", "c", "d")
}
