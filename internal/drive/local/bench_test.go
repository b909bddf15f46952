package local

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// in a bench incident: so many actions, each read, called once and read again.
const benchActions = 200

// quick hands answer at once: what is measured is the engine and its journal.
type quick struct {
	mu   sync.Mutex
	sent map[string]bool
}

func (q *quick) Apply(_ context.Context, _ *respond.State, c respond.Apply) plan.Outcome {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.sent[c.Action.ID] = true
	return plan.Outcome{State: plan.Done}
}

func (q *quick) Verify(_ context.Context, _ *respond.State, c respond.Verify) plan.Reading {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.sent[c.Action.ID] {
		return plan.Reading{State: plan.Held, Proof: plan.P1}
	}
	return plan.Reading{State: plan.Broken, Next: []plan.Call{{Key: "call", Verb: "shut", Object: c.Action.ID}}}
}

func (*quick) Settle(context.Context, *respond.State, respond.Settle) plan.Settlement {
	return plan.Settlement{Happened: "yes"}
}

func (*quick) Survey(_ context.Context, _ *respond.State, c respond.Survey) respond.Surveyed {
	return respond.Surveyed{Scope: c.Scope}
}

func benchPlan(b *testing.B, chained bool) respond.Planned {
	b.Helper()
	p := &plan.Plan{Schema: plan.Schema, Inputs: map[string]any{}}
	for i := range benchActions {
		a := plan.Action{
			ID: fmt.Sprintf("disable/%03d", i), Step: plan.Disable, Use: "bench.shut", Role: plan.Look, Effect: plan.Reversible,
			Lost: plan.ResendSafe, Proof: plan.P1, Target: plan.Target{Provider: "bench", Kind: "door", ID: fmt.Sprint(i), Name: fmt.Sprint(i)},
		}
		if chained && i > 0 {
			a.After = []string{fmt.Sprintf("disable/%03d", i-1)}
		}
		p.Actions = append(p.Actions, a)
	}
	raw, err := plan.Encode(p)
	if err != nil {
		b.Fatal(err)
	}
	return respond.Planned{Digest: plan.Digest(raw), Bytes: json.RawMessage(raw), Plan: p}
}

func benchIncident(b *testing.B, chained bool) {
	planned := benchPlan(b, chained)
	agreed := respond.Approved{Plan: planned.Digest, Signer: "carol", Effects: []plan.Effect{plan.Reversible}, NotAfter: t0.AddDate(1, 0, 0)}
	for i := 0; b.Loop(); i++ {
		l, err := Create(Parts{Dir: filepath.Join(b.TempDir(), fmt.Sprint("inc-", i)), Decider: respond.New(), Clock: &clock{now: t0}}, opened())
		if err != nil {
			b.Fatal(err)
		}
		if err := l.Append(planned, agreed); err != nil {
			b.Fatal(err)
		}
		s, err := Run(context.Background(), Options{Log: l, Hands: &quick{sent: map[string]bool{}}, Workers: 4})
		if err != nil || s.Phase != "closed" {
			b.Fatalf("the incident is %s (%v)", s.Phase, err)
		}
		if err := l.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchActions/1e3, "µs/action")
}

// One after another: every action pays for its own two batches.
func BenchmarkActionsInARow(b *testing.B) { benchIncident(b, true) }

// Side by side, four at a time: group commit shares them.
func BenchmarkActionsSideBySide(b *testing.B) { benchIncident(b, false) }

// What the disk asks for two bare fsyncs, each after a record's worth of bytes: the
// intent's and the outcome's.
func BenchmarkTwoBareFsyncs(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "file"))
	if err != nil {
		b.Fatal(err)
	}
	record := bytes.Repeat([]byte("x"), 400)
	for b.Loop() {
		for range 2 {
			if _, err := f.Write(record); err != nil {
				b.Fatal(err)
			}
			if err := f.Sync(); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1e3, "µs/pair")
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
}
