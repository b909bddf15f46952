package cli

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/rehearse"
	"github.com/firebreak/firebreak/internal/tally"
	"github.com/firebreak/firebreak/internal/world"
)

// pairs is a scenario in which the value of each issuer lies in each kind of store.
const pairs = "testdata/pairs.yaml"

// unpaired are the issuers without a place in the scenario, and why.
var unpaired = map[string]string{
	"http.": "its services are declared by the user: the adapter's own tests are held against one that answers",
}

// Each issuer's new value is delivered to each kind of store; the old one ends dead, and
// the twin that was not stolen lives.
func TestEachIssuersValueReachesEachStore(t *testing.T) {
	s := newStageIn(t, setting{scenario: pairs})
	r, err := s.run(nil)
	if err != nil {
		t.Fatal(err)
	}
	s.closed(r, "never killed")
	delivered := map[string]bool{} // by issuer's mint and store's put
	mints := map[string]string{}   // by credential
	for _, a := range r.State.Actions {
		if a.Action.Role == plan.Mint {
			mints[a.Action.Credential] = a.Action.Use
		}
	}
	for _, a := range r.State.Actions {
		if a.Action.Use == "vault.approle.destroy" && (a.Proof != plan.P3 || a.Shortfall != "") {
			t.Errorf("the role id of a pair is no old value that lacks: %s, %s", a.Proof, a.Shortfall)
		}
		if a.Action.Role == plan.Deliver && a.Outcome == plan.Done {
			delivered[mints[a.Action.Credential]+" "+a.Action.Use] = true
		}
	}
	pairs := 0
	for _, p := range s.site.providers {
		for _, i := range p.Issuers() {
			if slices.ContainsFunc(slices.Collect(maps.Keys(unpaired)), func(prefix string) bool { return strings.HasPrefix(i.Name, prefix) }) {
				continue
			}
			for _, q := range s.site.providers {
				for _, st := range q.Stores() {
					if pairs++; !delivered[i.Mint+" "+st.Put] {
						t.Errorf("no value of %s was put into %s: give it a place in testdata/pairs", i.Name, st.Name)
					}
				}
			}
		}
	}
	for _, twin := range []string{"credential NPM_TWIN", "credential DEPLOY_TWIN", "credential PAT_TWIN", "credential SECRET_ID_TWIN", "credential APP_KEY_TWIN", "credential HOOK_TWIN"} {
		if end := s.projection(); end[twin] != "alive" {
			t.Errorf("%s is %s", twin, end[twin])
		}
	}
	tally.Note(t, "%d pairs of issuer and store rotated, real adapters", pairs)
}

// TestCrashPointsOfEachIssuerAndStore stops the rotation of each issuer's credential, a
// copy of which lies in each kind of store, at a third of the places of every mutating call;
// make soak at all of them.
func TestCrashPointsOfEachIssuerAndStore(t *testing.T) {
	if testing.Short() {
		t.Skip("a hundred incidents over HTTP; run without -short")
	}
	share := 3
	if os.Getenv("FIREBREAK_SOAK") != "" {
		share = 1
	}
	points, calls := crashEverywhere(t, pairs, share)
	tally.Note(t, "%d crash points at %d mutating calls of each issuer with each store, real adapters in virtual time", points, calls)
}

// TestLostAnswersOfEachIssuerAndStore loses the answer of every mutating call once.
func TestLostAnswersOfEachIssuerAndStore(t *testing.T) {
	if testing.Short() {
		t.Skip("a hundred incidents over HTTP; run without -short")
	}
	straight := newStageIn(t, setting{scenario: pairs})
	r, err := straight.run(nil)
	if err != nil {
		t.Fatal(err)
	}
	straight.closed(r, "nothing lost")
	want, nth, lost := straight.projection(), map[string]int{}, 0
	for _, e := range straight.r.World.Entries() {
		if e.Kind != "request" || !e.Mutating {
			continue
		}
		nth[e.Call]++
		lost++
		f := rehearse.Fault{Call: e.Call, Nth: nth[e.Call], Then: world.TimeoutAfterSuccess}
		t.Run(fmt.Sprintf("%s %d", f.Call, f.Nth), func(t *testing.T) {
			s := newStageIn(t, setting{scenario: pairs, faults: []rehearse.Fault{f}})
			r, err := s.run(nil)
			if err != nil {
				t.Fatal(err)
			}
			s.closed(r, "lost")
			if d := differences(s.projection(), want); d != "" {
				t.Errorf("ends otherwise:\n%s", d)
			}
		})
	}
	tally.Note(t, "%d answers lost, one at a time, of each issuer with each store", lost)
}
