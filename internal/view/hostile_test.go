package view

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/evidence"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// hostile is a name an attacker may give a workflow, branch, cache or job.
const hostile = "x\x1b[2J\x07\u202e\r\n| <script>alert(1)</script> [a](https://evil.example) ![i](//e) @all `q`"

// poison puts hostile text into every string of a value.
func poison(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			poison(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.CanSet() {
				poison(f)
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Uint8 && v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		for i := range v.Len() {
			poison(v.Index(i))
		}
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() {
			v.SetString(hostile)
		}
	}
}

// TestHostileTextIsShownNotObeyed renders everything with every string hostile (I13).
func TestHostileTextIsShownNotObeyed(t *testing.T) {
	a := plan.Action{Step: plan.Disable, Role: plan.Kill, Effect: plan.Irreversible, Proof: plan.P2, Calls: []plan.Call{{}}}
	poison(reflect.ValueOf(&a).Elem())
	a.Inputs, a.Before = map[string]plan.Value{hostile: {Literal: hostile}}, json.RawMessage(`{"k":"v"}`)
	p := &plan.Plan{Schema: plan.Schema, Actions: []plan.Action{a}, Closings: []plan.Closing{{}}, Gaps: []plan.Gap{{}}}
	for i := range p.Closings {
		poison(reflect.ValueOf(&p.Closings[i]).Elem())
	}
	poison(reflect.ValueOf(&p.Gaps[0]).Elem())
	d := respond.New()
	var events []respond.Event
	at := time.Date(2026, 5, 11, 3, 0, 0, 0, time.UTC)
	for _, x := range []respond.Data{
		respond.Opened{Incident: "inc-1", Began: at, Author: hostile, Operator: hostile},
		respond.Planned{Digest: "d", Plan: p},
		respond.Verified{Action: a.ID, Reading: plan.Reading{State: plan.Broken, Detail: hostile, Next: []plan.Call{{Key: hostile, Verb: hostile, Object: hostile}}, Found: []plan.Found{{Kind: hostile, Target: hostile, Why: hostile}}, Saved: []plan.Saved{{Evidence: hostile, Listing: hostile, Gap: hostile}}}},
		respond.Answered{Ask: "confirm/disable/irreversible#1", Choice: "go", By: hostile, Reason: hostile},
		respond.Intended{Action: a.ID, Call: plan.Call{Key: hostile, Verb: hostile, Object: hostile}, Number: 1},
		respond.Outcome{Action: a.ID, Number: 1, Outcome: plan.Outcome{State: plan.Refused, Detail: hostile}},
		respond.Surveyed{Scope: "boundary", Findings: []respond.Finding{{Rule: hostile, Where: hostile, Message: hostile}}, Unknown: []string{hostile}},
		respond.Overridden{Gate: plan.GateContain, Actions: []string{hostile, a.ID}, Reason: hostile, By: hostile},
		respond.Settled{Action: a.ID, Number: 1, Settlement: plan.Settlement{Happened: "yes", Detail: hostile}, By: hostile, Reason: hostile},
		respond.HandedOver{From: hostile, To: hostile, Epoch: 2, Note: hostile},
		respond.Paused{Reason: hostile, Code: 4},
	} {
		e := respond.Event{Time: at, Data: x}
		events = append(events, e)
		d.Observe(e)
	}
	s := d.State()
	var inv inventory.Inventory
	poison(reflect.ValueOf(&inv).Elem())
	style := NewStyle(io.Discard, false)
	for name, write := range map[string]func(io.Writer) error{
		"where": func(w io.Writer) error { return Where(w, style, s, hostile, hostile) },
		"where within": func(w io.Writer) error {
			_, err := io.WriteString(w, WhereWithin(1, style, s, hostile, hostile)+WhereShort(style, s))
			return err
		},
		"message": func(w io.Writer) error {
			_, err := io.WriteString(w, Messages(s, hostile, []*plan.Action{&a}))
			return err
		},
		"hand-over": func(w io.Writer) error {
			_, err := io.WriteString(w, HandOver(s, respond.HandedOver{From: hostile, To: hostile, Note: hostile, Checkpoint: "note"}, hostile))
			return err
		},
		"doubts": func(w io.Writer) error {
			return WriteDoubts(w, style, []Doubt{{&a, plan.Attempt{Call: plan.Call{Verb: hostile, Object: hostile}, Outcome: &plan.Outcome{Detail: hostile, Request: hostile}}}})
		},
		"reversals": func(w io.Writer) error {
			return Reversals(w, style, []Reversal{{Action: &a, By: hostile}, {Action: &a, Why: hostile}, {Action: &a, Why: hostile, Person: true}})
		},
		"exercise": func(w io.Writer) error {
			return Exercise(w, style, []Asked{{Step: hostile, Question: hostile, Choice: hostile, Reason: hostile}}, []string{hostile}, []string{hostile}, 1)
		},
		"status": func(w io.Writer) error { return Status(w, style, NewIncident(s, hostile)) },
		"plan":   func(w io.Writer) error { return Plan(w, style, p, "d") },
		"details": func(w io.Writer) error {
			_, err := io.WriteString(w, Details(&a))
			return err
		},
		"events": func(w io.Writer) error {
			for _, e := range events {
				if _, err := io.WriteString(w, Event(style, e, s, true)); err != nil {
					return err
				}
			}
			return nil
		},
		"inventory":          func(w io.Writer) error { return Inventory(w, style, inv) },
		"radius":             func(w io.Writer) error { return Radius(w, style, inv) },
		"html inventory":     func(w io.Writer) error { return InventoryHTML(w, inv) },
		"mermaid":            func(w io.Writer) error { return Mermaid(w, inv) },
		"added":              func(w io.Writer) error { return WriteAdded(w, style, hostileAdded(hostile)) },
		"markdown added":     func(w io.Writer) error { return AddedMarkdown(w, hostileAdded(hostile)) },
		"drift":              func(w io.Writer) error { return Drift(w, style, hostileDrift(hostile)) },
		"markdown drift":     func(w io.Writer) error { return DriftMarkdown(w, hostileDrift(hostile)) },
		"markdown inventory": func(w io.Writer) error { return InventoryMarkdown(w, inv) },
		"markdown report":    func(w io.Writer) error { return ReportMarkdown(w, evidence.Build(events, s), journal.Proven{}) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		out := b.String()
		bad := []string{"\x1b", "\x07", "\u202e", "\r"}
		if strings.HasPrefix(name, "markdown") {
			bad = append(bad, "<script", "](http", "https://evil", "![i", "@all `")
		}
		if strings.HasPrefix(name, "html") {
			bad = append(bad, "<script>alert")
		}
		for _, x := range bad {
			if i := strings.Index(out, x); i >= 0 {
				t.Errorf("%s: %q reaches the reader: %q", name, x, out[max(0, i-60):min(len(out), i+40)])
			}
		}
		if !strings.Contains(out, `\x1b`) && !strings.Contains(out, "#92;x1b") {
			t.Errorf("%s: the name is not shown at all", name)
		}
	}
}

func hostileAdded(hostile string) Added {
	return Added{Changes: []snapshot.Change{{What: "added", Kind: hostile, Target: hostile, Name: hostile, Detail: hostile}}, Gaps: []AddedGap{{"earlier", hostile, hostile}}}
}

func hostileDrift(hostile string) inventory.Drift {
	return inventory.Drift{Changed: []inventory.Difference{{Kind: "reach", Repository: hostile, Path: hostile, Job: hostile, Name: hostile, Was: hostile, Is: hostile}}}
}
