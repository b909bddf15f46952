package adaptertest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// bench is one action over one fresh world with a breakable wire.
type bench struct {
	t        *testing.T
	s        Suite
	world    World
	wire     *wire
	provider adapters.Provider
	action   adapters.Action
	spec     plan.Spec
	history  []plan.Attempt
	minted   []secret.Text
	began    time.Time
}

func newBench(t *testing.T, s Suite, readOnly bool) *bench {
	t.Helper()
	w := s.World(t)
	b := &bench{t: t, s: s, world: w, wire: &wire{next: w.Transport, mutates: s.Mutates}, began: w.Now()}
	b.provider = s.Provider(t, adapters.Wire{
		Transport: b.wire,
		Sleep: func(ctx context.Context, d time.Duration) error {
			w.Advance(d)
			return ctx.Err()
		},
		Now:      w.Now,
		ReadOnly: readOnly,
		Agent:    "firebreak/test",
	})
	for _, a := range b.provider.Actions() {
		if a.Spec().Name == s.Action {
			b.action, b.spec = a, a.Spec()
		}
	}
	if b.action == nil {
		t.Fatalf("provider %s has no action %s", b.provider.Name(), s.Action)
	}
	t.Cleanup(func() { b.noLeak("requests sent", strings.Join(b.wire.sent, "\n")) })
	return b
}

func (b *bench) survey() *snapshot.Snapshot {
	b.t.Helper()
	s := &snapshot.Snapshot{Schema: snapshot.Schema, Taken: b.world.Now()}
	if err := b.provider.Survey(b.t.Context(), b.s.Scope, s); err != nil {
		b.t.Fatalf("survey: %v", err)
	}
	b.noLeak("snapshot", s)
	return s
}

func (b *bench) plan() plan.Change {
	b.t.Helper()
	c, err := b.action.Plan(b.s.Inputs, b.survey())
	if err != nil {
		b.t.Fatalf("plan: %v", err)
	}
	b.noLeak("change", c)
	return c
}

// task is the action as the driver would hand it over now. The before-image is
// that of a plan made at the beginning of the response.
func (b *bench) task(c plan.Change) adapters.Task {
	inputs := map[string]any{}
	for name, v := range b.s.Inputs {
		if v.Literal != nil {
			inputs[name] = v.Literal
		}
	}
	for name, v := range b.s.Values {
		inputs[name] = v
	}
	return adapters.Task{
		Action: plan.Action{
			ID: "test/" + b.s.Action, Use: b.s.Action, Target: c.Target, Inputs: b.s.Inputs,
			Effect: b.spec.Effect, Role: b.spec.Role, Lost: b.spec.Lost, Proof: b.spec.Proof, Settle: b.spec.Settle,
			Before: c.Before, Calls: c.Calls, Kills: c.Kills,
		},
		Inputs: inputs, Secrets: b.s.Secrets, History: b.history, Began: b.began, Now: b.world.Now(), Save: save, SaveFrom: saveFrom,
	}
}

func save(name string, data []byte) (plan.Saved, error) {
	sum := sha256.Sum256(data)
	return plan.Saved{File: name, Digest: hex.EncodeToString(sum[:])}, nil
}

func saveFrom(name string, r io.Reader) (plan.Saved, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return plan.Saved{}, err
	}
	return save(name, data)
}

func (b *bench) verify(c plan.Change) plan.Reading {
	b.t.Helper()
	before := b.wire.mutations
	r := b.action.Verify(b.t.Context(), b.task(c))
	if b.wire.mutations != before {
		b.t.Errorf("Verify sent a mutation: %v", b.wire.sent)
	}
	switch r.State {
	case plan.Held, plan.Broken, plan.Unknown:
	default:
		b.t.Errorf("Verify answered %q, which is no state of a reading", r.State)
	}
	if r.State == plan.Held && len(r.Next) > 0 {
		b.t.Errorf("held, and yet it wants calls: %v", keys(r.Next))
	}
	if r.State == plan.Held && b.world.Truth != nil && !b.world.Truth() {
		b.t.Errorf("held at %s, but in the world it does not hold yet: %+v", b.world.Now(), r)
	}
	seen := map[string]bool{}
	for _, call := range r.Next {
		if call.Key == "" || seen[call.Key] {
			b.t.Errorf("call keys must be unique and not empty: %v", keys(r.Next))
		}
		seen[call.Key] = true
	}
	b.noLeak("reading", r)
	return r
}

// apply sends one call and records the attempt as the journal would.
func (b *bench) apply(c plan.Change, call plan.Call) plan.Outcome {
	b.t.Helper()
	asked, before := b.world.Now(), b.wire.mutations
	b.history = append(b.history, plan.Attempt{Call: call, Number: len(b.history) + 1, At: asked})
	r := b.action.Apply(b.t.Context(), b.task(c), call)
	if n := b.wire.mutations - before; n > 1 {
		b.t.Errorf("Apply sent %d mutations, one is allowed: %v", n, b.wire.sent)
	}
	out := r.Outcome
	switch out.State {
	case plan.Done, plan.Refused, plan.Unknown:
	default:
		b.t.Errorf("Apply answered %q, which is no state of an outcome", out.State)
	}
	for name, v := range r.Secrets {
		if v.Empty() {
			b.t.Errorf("secret output %s is empty", name)
		}
		if out.State != plan.Done {
			b.t.Errorf("secret output %s of a call that is %s", name, out.State)
		}
		b.minted = append(b.minted, v)
		if out.Outputs == nil {
			out.Outputs = map[string]plan.Output{}
		}
		out.Outputs[name] = plan.Output{Sealed: fmt.Sprintf("sealed:test-%d-%s", len(b.history), name)}
	}
	b.history[len(b.history)-1].Outcome = &out
	b.noLeak("outcome", r.Outcome)
	return out
}

func (b *bench) settle(c plan.Change, call plan.Call) plan.Settlement {
	b.t.Helper()
	before := b.wire.mutations
	s := b.action.Settle(b.t.Context(), b.task(c), call)
	if b.wire.mutations != before {
		b.t.Errorf("Settle sent a mutation: %v", b.wire.sent)
	}
	switch s.Happened {
	case "yes", "no", "unknown":
	default:
		b.t.Errorf("Settle answered %q", s.Happened)
	}
	b.noLeak("settlement", s)
	return s
}

// converge reads, calls and reads again until the wished state is held.
func (b *bench) converge(c plan.Change) plan.Reading {
	b.t.Helper()
	end := b.world.Now().Add(b.s.Quirks.Deadline)
	for round := 0; b.world.Now().Before(end) && round < 2000; round++ {
		r := b.verify(c)
		if r.State == plan.Held {
			return r
		}
		for _, call := range r.Next {
			if o := b.apply(c, call); o.State != plan.Done && !o.Temporary {
				b.t.Fatalf("apply %s: %s: %s", call.Key, o.State, o.Detail)
			}
		}
		b.world.Advance(pause(r, b.spec))
	}
	b.t.Fatalf("not held after %s: %+v\nsent: %v", b.s.Quirks.Deadline, b.verify(c), b.wire.sent)
	return plan.Reading{}
}

func pause(r plan.Reading, spec plan.Spec) time.Duration {
	switch {
	case r.Wait > 0:
		return r.Wait.D()
	case len(r.Next) > 0:
		return time.Second
	case spec.Settle > 0:
		return spec.Settle.D()
	}
	return 5 * time.Second
}

// first gives the first call the action wants.
func (b *bench) first(c plan.Change) plan.Call {
	b.t.Helper()
	r := b.verify(c)
	if r.State == plan.Held || len(r.Next) == 0 {
		b.t.Fatalf("in a fresh world the wished state must not hold and a call must be wanted, got %+v", r)
	}
	return r.Next[0]
}

// noLeak looks for every secret of the suite in what an adapter gave away.
func (b *bench) noLeak(what string, v any) {
	b.t.Helper()
	text := fmt.Sprintf("%+v", v)
	j, err := json.Marshal(v)
	if err != nil && !errors.Is(err, secret.ErrSealed) {
		b.t.Errorf("%s is not plain data: %v", what, err)
	}
	text += "\n" + string(j)
	for _, s := range b.secrets() {
		if enc, found := leak(text, s.Reveal()); found {
			b.t.Errorf("%s holds a secret value (%s)", what, enc)
		}
	}
}

func (b *bench) secrets() []secret.Text {
	all := append([]secret.Text{}, b.s.Canaries...)
	for _, v := range b.s.Secrets {
		all = append(all, v)
	}
	return append(all, b.minted...)
}

func keys(calls []plan.Call) []string {
	var out []string
	for _, c := range calls {
		out = append(out, c.Key)
	}
	return out
}
