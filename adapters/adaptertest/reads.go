package adaptertest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/plan"
)

var dottedName = regexp.MustCompile(`^[a-z]+(\.[a-z_]+)+$`)

func checkSpec(t *testing.T, s Suite) {
	b := newBench(t, s, true)
	sp := b.spec
	if !dottedName.MatchString(sp.Name) || !strings.HasPrefix(sp.Name, b.provider.Name()+".") {
		t.Errorf("name %q must be dotted and begin with the provider %q", sp.Name, b.provider.Name())
	}
	if sp.Summary == "" || sp.Target == "" || sp.Source == "" {
		t.Errorf("summary, target and source must not be empty: %+v", sp)
	}
	if sp.Effect.Rank() < 0 || sp.Proof.Rank() < 0 || sp.Without != "" && sp.Without.Rank() < 0 {
		t.Errorf("effect %q or proof %q, %q is not a word of package plan", sp.Effect, sp.Proof, sp.Without)
	}
	switch sp.Lost {
	case plan.ResendSafe, plan.Detectable, plan.Undetectable:
	default:
		t.Errorf("lost %q is not a word of package plan", sp.Lost)
	}
	if len(sp.Permissions) == 0 && sp.Effect != plan.Read {
		t.Errorf("an action that changes something must name the permissions it needs")
	}
	seen := map[string]bool{}
	for _, f := range append(append([]plan.Field{}, sp.Inputs...), sp.Outputs...) {
		if f.Name == "" || f.Type == "" || f.Doc == "" {
			t.Errorf("field %+v needs a name, a type and a sentence", f)
		}
	}
	for _, f := range sp.Inputs {
		if seen[f.Name] {
			t.Errorf("input %s is listed twice", f.Name)
		}
		seen[f.Name] = true
	}
	for name := range s.Inputs {
		if !seen[name] {
			t.Errorf("the suite gives input %s, which the spec does not have", name)
		}
	}
	for _, f := range sp.Inputs {
		if _, ok := s.Inputs[f.Name]; f.Required && !ok {
			t.Errorf("the suite lacks the required input %s", f.Name)
		}
	}
	if len(b.wire.sent) > 0 {
		t.Errorf("building the provider and asking for specs did I/O: %v", b.wire.sent)
	}
}

func checkPlan(t *testing.T, s Suite) {
	b := newBench(t, s, true)
	snap := b.survey()
	if b.wire.mutations > 0 {
		t.Errorf("Survey sent a mutation: %v", b.wire.sent)
	}
	sent := len(b.wire.sent)
	var first []byte
	for range 3 {
		c, err := b.action.Plan(s.Inputs, snap)
		if err != nil {
			t.Fatalf("plan: %v", err)
		}
		got, err := json.Marshal(c)
		if err != nil {
			t.Fatalf("a change must be plain data: %v", err)
		}
		if first == nil {
			first = got
		}
		if string(first) != string(got) {
			t.Errorf("planned twice from one snapshot:\n%s\n%s", first, got)
		}
		if c.Target.Provider != b.provider.Name() || c.Target.Kind == "" || c.Target.ID == "" || c.Target.Name == "" {
			t.Errorf("target is not complete: %+v", c.Target)
		}
		if c.Inverse != nil && c.Inverse.Use != b.spec.Revert {
			t.Errorf("the plan's inverse is %s, the spec's Revert names %q", c.Inverse.Use, b.spec.Revert)
		}
		if len(c.Before) > 0 && !json.Valid(c.Before) {
			t.Errorf("the before-image is not JSON: %s", c.Before)
		}
	}
	if len(b.wire.sent) != sent {
		t.Errorf("Plan did I/O: %v", b.wire.sent[sent:])
	}
}

func checkVerifyReads(t *testing.T, s Suite) {
	b := newBench(t, s, false)
	c := b.plan()
	differ := ""
	for range 3 { // a real server's clock goes on, and a call may name its second
		first, second := b.verify(c), b.verify(c)
		x, y := mustJSON(t, first.Next), mustJSON(t, second.Next)
		if differ = ""; first.State != second.State || x != y {
			differ = fmt.Sprintf("%s %s, %s %s", first.State, x, second.State, y)
			continue
		}
		break
	}
	if differ != "" {
		t.Errorf("two readings of an unchanged world differ: %s", differ)
	}
	if b.wire.mutations > 0 {
		t.Errorf("a mutation was sent: %v", b.wire.sent)
	}
}

// checkReads breaks every read there is: what is not known must not be held.
func checkReads(t *testing.T, s Suite) {
	for _, f := range []fault{lostBefore, broken, limited, garbage, cut, denied, unauth} {
		t.Run(string(f), func(t *testing.T) {
			b := newBench(t, s, false)
			c := b.plan()
			before := b.wire.reads
			b.wire.choose = func(bool, int, *http.Request) fault { return f }
			r := b.verify(c)
			if b.wire.reads == before {
				return // nothing to read: nothing to get wrong
			}
			if r.State == plan.Held {
				t.Errorf("no read succeeded, and it claims held: %+v", r)
			}
			if refused := f == denied || f == unauth; r.State != plan.Unknown && !refused {
				t.Errorf("no read succeeded, want unknown, got %s: %s", r.State, r.Detail)
			}
		})
	}
}

func checkDryRun(t *testing.T, s Suite) {
	b := newBench(t, s, true)
	c := b.plan()
	r := b.verify(c)
	for _, call := range r.Next {
		o := b.action.Apply(t.Context(), b.task(c), call)
		if o.State != plan.Refused || o.Temporary {
			t.Errorf("apply in a dry run: want refused for good, got %s (temporary %v): %s", o.State, o.Temporary, o.Detail)
		}
		b.noLeak("outcome", o.Outcome)
	}
	if b.wire.mutations > 0 {
		t.Errorf("a dry run sent a mutation: %v", b.wire.sent)
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
