package view

import (
	"io"
	"strings"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// IncidentSchema names the JSON form of an incident's state. Fields are added,
// never renamed.
const IncidentSchema = "firebreak.incident/1"

// Incident is where an incident stands, for run, status and resume.
type Incident struct {
	Schema   string           `json:"schema"`
	Incident string           `json:"incident"`
	State    string           `json:"state"` // open, paused, closed
	Step     plan.Step        `json:"step"`  // the earliest with something open
	Actions  []IncidentAction `json:"actions"`
	Open     []OpenItem       `json:"open"`
	Gates    []IncidentGate   `json:"gates"`
	Next     string           `json:"next"` // what a person does now
	// Key is the idempotency key it was begun with.
	Key string `json:"key,omitempty"`
}

// IncidentAction is one action. Outcome is "" while it is open.
type IncidentAction struct {
	ID      string     `json:"id"`
	Action  string     `json:"action"`
	Target  string     `json:"target"`
	Outcome plan.State `json:"outcome"`
	Proof   plan.Proof `json:"proof"`
	Reason  string     `json:"reason,omitempty"`
	// Undone says how often it was undone, and by whom as far as the provider's log tells.
	Undone string `json:"undone,omitempty"`
}

// OpenItem is a credential or identity that is not closed, or an action in doubt.
type OpenItem struct {
	Kind string `json:"kind"` // credential, identity, action
	ID   string `json:"id"`
	Why  string `json:"why"`
}

// IncidentGate is one gate.
type IncidentGate struct {
	Gate   plan.Gate `json:"gate"`
	Holds  bool      `json:"holds"`
	Reason string    `json:"reason"`
}

// NewIncident reads s. No slice in the result is nil.
func NewIncident(s *respond.State, next string) Incident {
	v := Incident{
		Schema: IncidentSchema, Incident: s.Opened.Incident, State: s.Phase, Step: s.Step, Next: next, Key: s.Opened.Key,
		Actions: []IncidentAction{}, Open: []OpenItem{}, Gates: []IncidentGate{},
	}
	for i := range s.Actions {
		a := &s.Actions[i]
		v.Actions = append(v.Actions, IncidentAction{a.Action.ID, a.Action.Use, TargetName(a.Action), OutcomeOf(a), a.Proof, a.Reason, undoneOf(a)})
		if OutcomeOf(a) == plan.Unknown {
			v.Open = append(v.Open, OpenItem{"action", a.Action.ID, "UNKNOWN whether it happened"})
		}
	}
	for _, c := range s.Closings {
		if !c.Closed {
			v.Open = append(v.Open, OpenItem{c.Kind, c.Credential, c.Why})
		}
	}
	for _, g := range s.Gates {
		v.Gates = append(v.Gates, IncidentGate{g.Gate, g.Holds, gateReason(g)})
	}
	return v
}

// OutcomeOf is an action's outcome, unknown while a call of it is in doubt.
func OutcomeOf(a *respond.ActionState) plan.State {
	if a.Phase == respond.Doubtful {
		return plan.Unknown
	}
	return a.Outcome
}

func gateReason(g respond.GateState) string {
	if g.Override != nil {
		return "overridden by " + g.Override.By + ": " + g.Override.Reason
	}
	return strings.Join(g.Why, "; ")
}

// Status writes an incident's state for a person.
func Status(w io.Writer, st Style, v Incident) error {
	var b strings.Builder
	b.WriteString(st.Strong("Incident "+Line(v.Incident)) + "  " + Line(v.State))
	if v.State != "closed" && v.Step != "" {
		b.WriteString(", in step " + string(v.Step))
	}
	b.WriteString("\n\n")
	t := Table{Style: st, Head: []string{"ACTION", "TARGET", "OUTCOME", "PROOF", ""}}
	for _, a := range v.Actions {
		t.Add(Line(a.Action), Line(a.Target), State(st, a.Outcome), string(a.Proof), Line(joined(a.Reason, a.Undone)))
	}
	if err := t.Write(&b); err != nil {
		return err
	}
	if len(v.Open) > 0 {
		b.WriteString("\n" + st.Strong("Open") + "\n")
	}
	for _, o := range v.Open {
		b.WriteString("  " + Line(o.Kind) + " " + st.Bad(Line(o.ID)) + ": " + Line(o.Why) + "\n")
	}
	for _, g := range v.Gates {
		if !g.Holds {
			b.WriteString("gate " + Line(string(g.Gate)) + " " + st.Warn("does not hold") + ": " + Line(g.Reason) + "\n")
		}
	}
	if v.Next != "" {
		b.WriteString("\nnext: " + Line(v.Next) + "\n")
	}
	_, err := io.WriteString(w, st.fit(b.String()))
	return err
}

// State is an outcome or reading as a word. Unknown stands out.
func State(st Style, s plan.State) string {
	//exhaustive:enforce
	switch s {
	case plan.Unknown:
		return st.Bad("UNKNOWN")
	case plan.Refused, plan.Broken:
		return st.Bad(string(s))
	case plan.Skipped:
		return st.Warn(string(s))
	case plan.Done, plan.Held:
		return st.Good(string(s))
	case "":
		return "open"
	}
	return Line(string(s))
}
