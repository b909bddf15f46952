package plan

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func valid() *Plan {
	return &Plan{
		Schema: Schema, Inputs: map[string]any{"n": int64(3)},
		Actions: []Action{
			{ID: "revoke/a", Step: Revoke, Effect: Disruptive, Lost: ResendSafe, Proof: P2, Before: Image(map[string]int{"b": 1, "a": 2})},
			{ID: "rotate/m", Step: Rotate, Effect: Reversible, Lost: Detectable, Proof: P1, After: []string{"revoke/a"}},
			{ID: "rotate/k", Step: Rotate, Effect: Irreversible, Lost: ResendSafe, Proof: P3, Until: []string{"rotate/m"}, Deadline: Duration(time.Hour), Inputs: map[string]Value{"keep": {Literal: false}, "old": {Held: "old:x"}}},
			{ID: "rotate/p", Step: Rotate, Effect: Irreversible, Lost: ResendSafe, Proof: P1, Inputs: map[string]Value{"value": {Output: &Ref{"rotate/m", "value"}}}},
		},
		Closings:          []Closing{{Credential: "x", Actions: []string{"rotate/k"}}, {Credential: "y", Actions: []string{}, Open: "nobody knows"}},
		FirstIrreversible: "rotate/k",
	}
}

func TestEncodeDecode(t *testing.T) {
	a, err := Encode(valid())
	if err != nil {
		t.Fatal(err)
	}
	p, err := Decode(a)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Errorf("other bytes:\n%s\n%s", a, b)
	}
	if !SameImage(p.Actions[0].Before, []byte(`{ "a": 2, "b": 1 }`)) || SameImage(p.Actions[0].Before, []byte(`{"a":2}`)) {
		t.Error("images are compared wrongly")
	}
	for name, broken := range map[string][]byte{
		"unknown field":    bytes.Replace(a, []byte(`"schema"`), []byte(`"more": 1, "schema"`), 1),
		"other schema":     bytes.Replace(a, []byte(Schema), []byte("firebreak.plan/9"), 1),
		"something behind": append(slices.Clone(a), "{}"...),
		"cut off":          a[:len(a)/2],
	} {
		if _, err := Decode(broken); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestValidate(t *testing.T) {
	if err := Validate(valid()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		want  string
		spoil func(p *Plan)
	}{
		{`the id "revoke/a" is empty or given twice`, func(p *Plan) { p.Actions[1].ID = "revoke/a" }},
		{`there is no action "gone"`, func(p *Plan) { p.Actions[1].After = []string{"gone"} }},
		{`closing x: there is no action "gone"`, func(p *Plan) { p.Closings[0].Actions = []string{"gone"} }},
		{`closing y: no action closes it`, func(p *Plan) { p.Closings[1].Open = "" }},
		{`first irreversible action: there is no action "gone"`, func(p *Plan) { p.FirstIrreversible = "gone" }},
		{`it waits for itself`, func(p *Plan) { p.Actions[0].After = []string{"rotate/p"} }},
		{`it waits for itself`, func(p *Plan) { p.Actions[0].Inputs = map[string]Value{"x": {Output: &Ref{"revoke/a", "x"}}} }},
		{`it waits with until, but without a deadline`, func(p *Plan) { p.Actions[2].Deadline = 0 }},
		{`unknown step "later"`, func(p *Plan) { p.Actions[0].Step = "later" }},
		{`unknown effect "mild"`, func(p *Plan) { p.Actions[0].Effect = "mild" }},
		{`unknown proof ""`, func(p *Plan) { p.Actions[0].Proof = "" }},
		{`it does not say what a lost call is`, func(p *Plan) { p.Actions[0].Lost = "" }},
		{`unknown gate "ticket"`, func(p *Plan) { p.Actions[0].Gates = []string{"ticket"} }},
		{`the input "old" must be a literal, an output or a held value`, func(p *Plan) { p.Actions[2].Inputs["old"] = Value{} }},
		{`the input "old" must be a literal, an output or a held value`, func(p *Plan) { p.Actions[2].Inputs["old"] = Value{Held: "a", Literal: "b"} }},
	} {
		p := valid()
		c.spoil(p)
		if err := Validate(p); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("want %q, got %v", c.want, err)
		}
	}
}

// Order gives one order, keeps steps together, and puts what is needed first.
func TestOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 12).Draw(t, "actions")
		var actions []Action
		for i := range n {
			a := Action{ID: string(rune('a' + i)), Step: Steps()[rapid.IntRange(1, 3).Draw(t, "step")]}
			for j := range i {
				if rapid.Bool().Draw(t, "needs") {
					a.After = append(a.After, string(rune('a'+j)))
				}
			}
			actions = append(actions, a)
		}
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		one, two := slices.Clone(actions), slices.Clone(actions)
		rnd.Shuffle(n, func(i, j int) { one[i], one[j] = one[j], one[i] })
		Order(one)
		Order(two)
		place := map[string]int{}
		for i, a := range one {
			if a.ID != two[i].ID {
				t.Fatalf("two orders: %v %v", one, two)
			}
			place[a.ID] = i
		}
		for i, a := range one {
			if i > 0 && slices.Index(Steps(), one[i-1].Step) > slices.Index(Steps(), a.Step) {
				t.Fatal("steps are mixed")
			}
			for _, b := range one {
				if b.Step == a.Step && slices.Contains(a.After, b.ID) && place[b.ID] > i {
					t.Fatalf("%s stands before %s, which it needs", a.ID, b.ID)
				}
			}
		}
	})
}

func TestDurationText(t *testing.T) {
	var d Duration
	if err := d.UnmarshalText([]byte("90s")); err != nil || d.D() != 90*time.Second {
		t.Error(d, err)
	}
	if err := d.UnmarshalText([]byte("soon")); err == nil {
		t.Error("soon is no span of time")
	}
}
