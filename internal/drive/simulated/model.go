package simulated

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// Model is the outcome model of every kind of action: what the provider really
// has, what a reader sees of it and when, and what a call may answer. It keeps a
// list of breaches of the invariants it can see from the provider's side.
type Model struct {
	Clock  Clock
	Rand   *rand.Rand
	Faults float64 // probability that a call or reading goes wrong
	Undo   float64 // probability, per reading of a held containment, that somebody undid it
	Lag    time.Duration

	objects  map[string]*object // by action id
	minted   map[string]*minted // by object id
	sealed   map[string]string  // reference → minted id
	Fixed    bool               // the boundary was fixed
	Breaches []string
	next     int
	effects  int
}

type object struct {
	wished  bool      // the wished state is really there
	visible time.Time // from here on readers see it
	calls   []sentCall
	runs    int // calls that took effect
}

type sentCall struct {
	number int
	at     time.Time
	took   bool
	id     string
}

type minted struct {
	id, action string
	sealed     bool
	dead       bool
}

// NewModel gives a model in which nothing has been done.
func NewModel(c Clock, r *rand.Rand) *Model {
	return &Model{Clock: c, Rand: r, Lag: 4 * time.Second, objects: map[string]*object{}, minted: map[string]*minted{}, sealed: map[string]string{}}
}

func (m *Model) object(id string) *object {
	if m.objects[id] == nil {
		m.objects[id] = &object{}
	}
	return m.objects[id]
}

func (m *Model) breach(format string, args ...any) {
	m.Breaches = append(m.Breaches, fmt.Sprintf(format, args...))
}

// Apply implements drive.Hands.
func (m *Model) Apply(_ context.Context, s *respond.State, c respond.Apply) plan.Outcome {
	m.check(s, c)
	x := m.Rand.Float64()
	switch {
	case x < m.Faults/4:
		m.sent(c, false, "")
		return plan.Outcome{State: plan.Refused, Temporary: true, RetryAfter: plan.Duration(3 * time.Second), Detail: "rate limit"}
	case x < m.Faults/2:
		m.sent(c, false, "")
		return plan.Outcome{State: plan.Unknown, Detail: "timeout before the provider saw it"}
	}
	out := m.effect(c)
	if x < m.Faults {
		m.Forget(c)
		return plan.Outcome{State: plan.Unknown, Detail: "timeout after success"}
	}
	return plan.Outcome{State: plan.Done, Outputs: out}
}

// Forget drops what an answer carried: nothing was sealed.
func (m *Model) Forget(c respond.Apply) {
	for _, t := range m.object(c.Action.ID).calls {
		if t.number == c.Number && t.id != "" {
			m.minted[t.id].sealed = false
			delete(m.sealed, "sealed:"+t.id)
		}
	}
}

func (m *Model) sent(c respond.Apply, took bool, id string) {
	o := m.object(c.Action.ID)
	o.calls = append(o.calls, sentCall{number: c.Number, at: m.Clock.Now(), took: took, id: id})
}

func (m *Model) effect(c respond.Apply) map[string]plan.Output {
	o := m.object(c.Action.ID)
	m.effects++
	o.runs++
	o.visible = m.Clock.Now().Add(m.Lag)
	if c.Action.Role != plan.Mint {
		o.wished = true
		m.sent(c, true, "")
		return nil
	}
	if orphan, ok := strings.CutPrefix(c.Call.Key, "destroy "); ok {
		if m.minted[orphan] == nil {
			m.breach("I3: %s destroys %s, which it never minted", c.Action.ID, orphan)
		} else {
			m.minted[orphan].dead = true
		}
		m.sent(c, true, "")
		return nil
	}
	m.next++
	id := fmt.Sprintf("%s@%d", c.Action.ID, m.next)
	m.minted[id] = &minted{id: id, action: c.Action.ID, sealed: true}
	m.sealed["sealed:"+id] = id
	m.sent(c, true, id)
	return map[string]plan.Output{"id": {Value: id}, "value": {Sealed: "sealed:" + id}}
}

// Settle implements drive.Hands: from the provider's own memory, after the lag.
func (m *Model) Settle(_ context.Context, _ *respond.State, c respond.Settle) plan.Settlement {
	if m.Rand.Float64() < m.Faults/2 {
		return plan.Settlement{Happened: "unknown", Wait: plan.Duration(2 * time.Second), Detail: "cannot be read"}
	}
	for _, t := range m.object(c.Action.ID).calls {
		if t.number != c.Number {
			continue
		}
		if m.Clock.Now().Before(t.at.Add(m.Lag)) {
			return plan.Settlement{Happened: "unknown", Wait: plan.Duration(m.Lag)}
		}
		if !t.took {
			return plan.Settlement{Happened: "no"}
		}
		if t.id == "" {
			return plan.Settlement{Happened: "yes"}
		}
		return plan.Settlement{Happened: "yes", Lost: true, Outputs: map[string]plan.Output{"id": {Value: t.id}}}
	}
	return plan.Settlement{Happened: "no"}
}

// Verify implements drive.Hands.
func (m *Model) Verify(_ context.Context, s *respond.State, c respond.Verify) plan.Reading {
	if m.Rand.Float64() < m.Faults/2 {
		return plan.Reading{State: plan.Unknown, Detail: "timeout"}
	}
	a := c.Action
	o := m.object(a.ID)
	contains := a.Role == plan.Contain || a.Role == plan.Cut
	if contains && o.wished && !m.enabled(s) && m.Rand.Float64() < m.Undo {
		o.wished = false // somebody with write access undid it
	}
	if a.Role == plan.Mint {
		return m.readMint(s, a)
	}
	if a.Effect == plan.Read {
		return plan.Reading{State: plan.Held, Proof: a.Proof, Saved: saved(a)}
	}
	if o.wished && !m.Clock.Now().Before(o.visible) {
		return plan.Reading{State: plan.Held, Proof: shown(a.Proof)}
	}
	if a.Proof == plan.P3 && o.wished {
		return plan.Reading{State: plan.Broken, Detail: "accepted, not yet effective"}
	}
	return plan.Reading{State: plan.Broken, Next: []plan.Call{{Key: "do", Verb: "do", Object: a.Target.Name}}, Saved: saved(a)}
}

// shown is what one reading proves: a probe everything, a read-back P1.
func shown(p plan.Proof) plan.Proof {
	if p == plan.P2 {
		return plan.P1
	}
	return p
}

func saved(a *plan.Action) []plan.Saved {
	var out []plan.Saved
	if a.Role != plan.Export {
		return nil
	}
	for _, e := range a.Evidence {
		out = append(out, plan.Saved{Evidence: e, Listing: "listed"})
	}
	return out
}

func (m *Model) readMint(s *respond.State, a *plan.Action) plan.Reading {
	var mine plan.Output
	for _, st := range s.Actions {
		if st.Action.ID == a.ID {
			mine = st.Outputs["value"]
		}
	}
	for _, id := range m.ids(a.ID) {
		x := m.minted[id]
		if !x.dead && (mine.Sealed == "" || m.sealed[mine.Sealed] != id) {
			return plan.Reading{State: plan.Broken, Detail: "an orphan", Next: []plan.Call{{Key: "destroy " + id, Verb: "destroy", Object: id}}}
		}
	}
	if id := m.sealed[mine.Sealed]; id != "" {
		return plan.Reading{State: plan.Held, Proof: plan.P1}
	}
	return plan.Reading{State: plan.Broken, Next: []plan.Call{{Key: "mint", Verb: "mint", Object: a.Target.Name}}}
}

func (m *Model) ids(action string) []string {
	var out []string
	for id, x := range m.minted {
		if x.action == action {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

func (m *Model) enabled(s *respond.State) bool {
	for _, st := range s.Actions {
		if st.Action.Role == plan.Enable && m.object(st.Action.ID).wished {
			return true
		}
	}
	return false
}

// Survey implements drive.Hands.
func (m *Model) Survey(_ context.Context, _ *respond.State, c respond.Survey) respond.Surveyed {
	out := respond.Surveyed{Scope: c.Scope, Digest: fmt.Sprint(m.Fixed)}
	if c.Scope == "boundary" && !m.Fixed {
		out.Findings = []respond.Finding{{Rule: "untrusted-checkout-with-secrets", Where: "acme/shop ci.yml:3:1", Message: "not fixed"}}
	}
	return out
}
