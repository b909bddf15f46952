// Package evidence makes what is shown to others out of a journal: the report of
// an incident and the verification of its folder.
//
// Build is pure: events and the state they lead to in, plain data out. Nothing
// here is formatted; internal/view does that. What is not known stands under
// Unknowns and is never left out (invariant I11). Strings that came from
// providers, workflows and people are untrusted: views escape them.
package evidence

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// ReportSchema names the JSON form of Report. Fields are added, never renamed.
const ReportSchema = "firebreak.report/1"

// Report is what happened in an incident and where it stands.
type Report struct {
	Schema   string    `json:"schema"`
	Incident string    `json:"incident"`
	Mode     string    `json:"mode"` // "real" or "rehearsal"
	World    string    `json:"world,omitempty"`
	State    string    `json:"state"` // "open", "paused", "closed"
	Code     int       `json:"code"`  // exit code of the pause; 0 otherwise
	Reason   string    `json:"reason,omitempty"`
	Began    time.Time `json:"began"`
	Ended    time.Time `json:"ended,omitzero"` // when it was closed
	Since    time.Time `json:"since,omitzero"` // t0
	SinceWhy string    `json:"since_why,omitempty"`
	// Candidates are the times the exposure may have begun at, with what each rests on.
	Candidates  []plan.Candidate    `json:"since_candidates,omitempty"`
	Author      string              `json:"author"`
	Operator    string              `json:"operator"`
	Endpoints   map[string]string   `json:"endpoints"`
	Accounts    map[string]string   `json:"accounts"`
	Sittings    []Sitting           `json:"sittings"`
	Plans       []Plan              `json:"plans"`
	Approvals   []Approval          `json:"approvals"`
	Steps       []Step              `json:"steps"`
	Credentials []Credential        `json:"credentials"` // credentials and identities: the proof table
	Actions     []Action            `json:"actions"`
	Gates       []Gate              `json:"gates"`
	Overrides   []Override          `json:"overrides"`
	HandOvers   []HandOver          `json:"hand_overs"`
	Words       []Word              `json:"words"`      // outcomes a person settled: a word, not a proof
	Waits       []Wait              `json:"waits"`      // propagation waits the configuration changed
	Unknowns    []Open              `json:"unknowns"`   // what could not be told
	Shortfalls  []Open              `json:"shortfalls"` // what was proven less than it could be, and why
	Left        []Open              `json:"left"`       // what somebody still has to do
	Gaps        []plan.Gap          `json:"gaps"`       // what was not known or not preserved from the start
	Found       []plan.Found        `json:"found"`
	Findings    []respond.Finding   `json:"findings"` // of the last boundary survey
	Exceptions  []respond.Exception `json:"exceptions"`
	Evidence    []plan.Saved        `json:"evidence"`
	Timeline    []Entry             `json:"timeline"`
	Calls       map[plan.State]int  `json:"calls"` // mutating calls by outcome
}

// Sitting is one process that worked on the incident.
type Sitting struct {
	Operator string    `json:"operator"`
	Program  string    `json:"program"`
	Began    time.Time `json:"began"`
	Ended    time.Time `json:"ended,omitzero"` // zero: it was killed, or goes on
	Code     int       `json:"code"`
	Reason   string    `json:"reason,omitempty"`
	Cut      string    `json:"cut,omitempty"` // torn tail found when it began
}

// Plan is a plan of the incident, the first or an amendment.
type Plan struct {
	Digest    string      `json:"digest"`
	At        time.Time   `json:"at"`
	Amendment bool        `json:"amendment,omitempty"`
	Playbook  plan.Source `json:"playbook"`
	Inventory string      `json:"inventory"`
	Snapshot  string      `json:"snapshot"`
	Subjects  []string    `json:"subjects"`
	Actions   int         `json:"actions"`
}

// Approval is an approval that was used.
type Approval struct {
	At time.Time `json:"at"`
	respond.Approved
}

// Step is when work on a step was done.
type Step struct {
	Step    plan.Step `json:"step"`
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"` // zero while something is open
	Actions int       `json:"actions"`
	Open    int       `json:"open"`
}

// Credential is a credential or identity and how sure we are that it is closed.
type Credential struct {
	ID        string             `json:"id"`
	Name      string             `json:"name"`
	Kind      string             `json:"kind"` // "credential" or "identity"
	Owner     string             `json:"owner,omitempty"`
	Closed    bool               `json:"closed"`
	Proof     plan.Proof         `json:"proof"`                    // the weakest of the actions that end it; "" when none
	Dead      time.Time          `json:"claimed_dead_at,omitzero"` // since when the old value is claimed dead
	ClosedAt  time.Time          `json:"closed_at,omitzero"`
	Why       string             `json:"why,omitempty"` // what is missing
	Exception *respond.Exception `json:"exception,omitempty"`
	Actions   []string           `json:"actions"` // ids
}

// Action is an action and its end.
type Action struct {
	ID        string      `json:"id"`
	Step      plan.Step   `json:"step"`
	Use       string      `json:"use"`
	Target    plan.Target `json:"target"`
	Effect    plan.Effect `json:"effect"`
	Outcome   plan.State  `json:"outcome"` // "" while open
	Proof     plan.Proof  `json:"proof"`
	Required  plan.Proof  `json:"required"`
	Shortfall string      `json:"shortfall,omitempty"`
	Reason    string      `json:"reason,omitempty"`
	Owner     string      `json:"owner,omitempty"`
	Calls     int         `json:"calls"`
	// Undone is how often what was done was found undone by somebody, and done again.
	Undone int `json:"undone,omitempty"`
	// Undoings is each of these times, and whom the provider's own log names for it.
	Undoings []Undoing   `json:"undoings,omitempty"`
	Started  time.Time   `json:"started,omitzero"`
	Ended    time.Time   `json:"ended,omitzero"`
	Amended  bool        `json:"amended,omitempty"` // carried out on another before-image than planned
	Assisted bool        `json:"assisted,omitempty"`
	Gates    []plan.Gate `json:"gates,omitempty"` // that hold it back now
}

// Gate is a gate something waits for, or that was overridden.
type Gate struct {
	Gate     plan.Gate           `json:"gate"`
	Holds    bool                `json:"holds"`
	Fresh    bool                `json:"fresh"`
	Why      []string            `json:"why,omitempty"`
	Override *respond.Overridden `json:"override,omitempty"`
}

// Override is an override and when it was given.
type Override struct {
	At time.Time `json:"at"`
	respond.Overridden
}

// HandOver is a change of owner and when it was recorded.
type HandOver struct {
	At time.Time `json:"at"`
	respond.HandedOver
}

// Word is what a person said of a call whose outcome could not be told.
type Word struct {
	At       time.Time `json:"at"`
	Action   string    `json:"action"` // id
	Name     string    `json:"name"`   // action and target for people
	Call     string    `json:"call"`
	Number   int       `json:"number"`
	Happened string    `json:"happened"` // "yes" or "no"
	By       string    `json:"by"`
	Reason   string    `json:"reason"`
}

// Wait is a propagation wait the configuration changed.
type Wait struct {
	Action string `json:"action"`
	Wait   string `json:"wait"`
}

// Open is something with a reason, about an action, credential or gate.
type Open struct {
	About string `json:"about"` // an id
	Name  string `json:"name"`
	Why   string `json:"why"`
	Owner string `json:"owner,omitempty"`
}

// Build makes the report of the incident whose journal holds events and whose
// decider stands at s. Lists are never nil, so that they are [] in JSON.
func Build(events []respond.Event, s *respond.State) Report {
	o, e := s.Opened, s.Exposure()
	r := Report{
		Schema: ReportSchema, Incident: o.Incident, Mode: o.Mode, World: o.World, State: s.Phase,
		Began: o.Began, Since: e.Since, SinceWhy: e.Why, Candidates: e.Candidates, Author: o.Author, Operator: o.Operator,
		Endpoints: o.Endpoints, Accounts: o.Accounts,
		Exceptions: some(o.Exceptions), Found: some(s.Found), Calls: map[plan.State]int{},
		Plans: []Plan{}, Approvals: []Approval{}, Overrides: []Override{}, HandOvers: []HandOver{}, Words: []Word{}, Sittings: []Sitting{}, Steps: []Step{},
		Credentials: []Credential{}, Actions: []Action{}, Gates: []Gate{}, Waits: []Wait{}, Gaps: []plan.Gap{},
		Unknowns: []Open{}, Shortfalls: []Open{}, Left: []Open{}, Findings: []respond.Finding{}, Evidence: []plan.Saved{},
	}
	if s.Pause != nil {
		r.Code, r.Reason = s.Pause.Code, s.Pause.Reason
	}
	r.history(events)
	r.words(events)
	r.plans(s)
	r.actions(s)
	r.credentials(s)
	r.gates(s)
	r.Timeline = timeline(events)
	return r
}

func some[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

func (r *Report) plans(s *respond.State) {
	for i, p := range s.Plans {
		if p.Plan == nil || i >= len(r.Plans) {
			continue
		}
		for _, g := range p.Plan.Gaps {
			r.gap(g)
		}
		for _, a := range slices.Sorted(maps.Keys(p.Plan.Waits)) {
			r.Waits = append(r.Waits, Wait{a, p.Plan.Waits[a]})
		}
		r.Plans[i].Playbook, r.Plans[i].Inventory, r.Plans[i].Snapshot = p.Plan.Playbook, p.Plan.Inventory, p.Plan.Snapshot
		r.Plans[i].Subjects, r.Plans[i].Actions = some(p.Plan.Subjects), len(p.Plan.Actions)
	}
}

func (r *Report) gates(s *respond.State) {
	for _, g := range s.Gates {
		r.Gates = append(r.Gates, Gate{g.Gate, g.Holds, g.Fresh, g.Why, g.Override})
		if !g.Holds && g.Override == nil {
			for _, why := range g.Why {
				r.Left = append(r.Left, Open{About: string(g.Gate), Name: string(g.Gate), Why: why})
			}
		}
	}
	if s.Boundary == nil {
		return
	}
	r.Findings = some(s.Boundary.Findings)
	for _, why := range s.Boundary.Unknown {
		r.Unknowns = append(r.Unknowns, Open{About: "boundary", Name: "boundary", Why: why})
	}
}

func (r *Report) credentials(s *respond.State) {
	for _, c := range s.Closings {
		r.Credentials = append(r.Credentials, Credential{
			ID: c.Credential, Name: c.Name, Kind: c.Kind, Owner: c.Owner, Closed: c.Closed, Proof: c.Proof,
			Dead: c.Dead, ClosedAt: c.Claimed, Why: c.Why, Exception: c.Exception, Actions: some(c.Actions),
		})
		if !c.Closed {
			r.Left = append(r.Left, Open{About: c.Credential, Name: c.Name, Why: cmp.Or(c.Why, "not closed"), Owner: c.Owner})
		}
	}
}
