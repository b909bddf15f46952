package rehearse

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/world"
)

// Score judges the rehearsal so far. s is the incident's state, nil when none was
// opened; it is asked for what was claimed, never for what happened.
func (r *Rehearsal) Score(s *respond.State) Report {
	if s == nil {
		s = &respond.State{}
	}
	log := r.World.Entries()
	v := verdict{r: r, s: s, log: log, from: s.Opened.Began}
	v.rep = Report{
		Schema: ReportSchema, Scenario: r.Name, Seed: r.Seed, World: r.World.ID(),
		Credentials: []Credential{}, Violations: []Violation{}, Refused: append([]string{}, r.World.Refused()...), Why: []string{},
	}
	v.credentials()
	v.persistence()
	v.findings()
	v.steps()
	v.violations()
	v.outcome()
	return v.rep
}

// verdict is a report in the making.
type verdict struct {
	r    *Rehearsal
	s    *respond.State
	log  []world.Entry
	from time.Time // when the response began
	rep  Report
}

// names are what is scored: everything stolen or expected closed.
func (v *verdict) names() []string {
	all := slices.Concat(v.r.Attacker.Holds, v.r.Expect.Closed)
	slices.Sort(all)
	return slices.Compact(all)
}

func (v *verdict) credentials() {
	for _, name := range v.names() {
		c := Credential{ID: name, StolenAt: v.r.stolen(), DeadAt: v.deadAt(name)}
		for _, e := range v.log {
			if e.Credential == name && strings.HasPrefix(e.Agent, "attacker/") && e.Kind == "request" && e.Status < 400 && !e.Time.Before(v.from) {
				c.Uses++
			}
		}
		v.r.look(func() { c.Dead = !v.r.World.Core().Alive(name) })
		if k := v.closing(name); k != nil {
			c.Proof, c.Owner = k.Proof, k.Owner
			if !k.Claimed.IsZero() && k.Exception == nil {
				c.ClaimedDead = &k.Claimed
			}
		}
		v.rep.Credentials = append(v.rep.Credentials, c)
	}
}

// deadAt is when a name stopped working for good, as far as the log goes.
func (v *verdict) deadAt(name string) *time.Time {
	var at *time.Time
	for _, e := range v.log {
		if e.Credential != name {
			continue
		}
		switch e.Kind {
		case "dies":
			t := e.At
			at = &t
		case "born":
			at = nil
		}
	}
	return at
}

// closing finds what the incident says of a name of the scenario: of the name itself, or
// of a secret that held it, which may be the second of a pair.
func (v *verdict) closing(name string) *respond.ClosingState {
	names := append([]string{name}, v.r.secretsOf(name)...)
	for _, n := range names {
		for i := range v.s.Closings {
			k := &v.s.Closings[i]
			if k.Credential == n || k.Name == n || strings.HasSuffix(k.Credential, ":"+n) || v.delivers(k.Credential, n) {
				return k
			}
		}
	}
	return nil
}

// delivers reports whether the incident writes a secret of this name for a credential.
func (v *verdict) delivers(credential, name string) bool {
	return slices.ContainsFunc(v.s.Actions, func(a respond.ActionState) bool {
		return a.Action.Credential == credential && a.Action.Role == plan.Deliver && a.Action.Inputs["name"].Literal == name
	})
}

// persistence: found when the incident shows its target, or a rule names its file.
func (v *verdict) persistence() {
	v.rep.Persistence = []Persistence{}
	for _, p := range v.r.persistence() {
		branch, file, _ := strings.Cut(p.Target, ":")
		for _, f := range v.s.Found {
			p.Found = p.Found || strings.Contains(f.Target, branch) || file != "" && strings.Contains(f.Target, file)
		}
		v.rep.Persistence = append(v.rep.Persistence, p)
	}
}

func (v *verdict) findings() {
	v.rep.Findings = []Finding{}
	seen := map[string]bool{}
	for _, e := range v.log {
		if e.Call == "finding told" {
			seen[e.Object] = true
		}
	}
	if v.s.Boundary != nil {
		for _, f := range v.s.Boundary.Findings {
			seen[f.Rule] = true
		}
	}
	for _, rule := range v.r.Expect.Findings {
		v.rep.Findings = append(v.rep.Findings, Finding{rule, seen[rule]})
	}
}

func (v *verdict) steps() {
	v.rep.Steps = []Step{}
	for _, step := range plan.Steps() {
		out, open := Step{Step: step}, false
		for _, a := range v.s.Actions {
			if a.Action.Step != step {
				continue
			}
			out.Actions++
			out.Started = earlier(out.Started, a.Started)
			out.Ended = later(out.Ended, a.Ended)
			open = open || a.Phase != respond.Finished
		}
		if open {
			out.Ended = nil
		}
		if out.Actions > 0 {
			v.rep.Steps = append(v.rep.Steps, out)
		}
	}
}

func earlier(a *time.Time, b time.Time) *time.Time {
	if b.IsZero() || a != nil && !b.Before(*a) {
		return a
	}
	return &b
}

func later(a *time.Time, b time.Time) *time.Time {
	if b.IsZero() || a != nil && !b.After(*a) {
		return a
	}
	return &b
}

// outcome: breached before incomplete before contained, with the reasons.
func (v *verdict) outcome() {
	breached := false
	for _, c := range v.rep.Credentials {
		if slices.Contains(v.r.Expect.Closed, c.ID) && !c.Dead {
			breached = true
			v.because("%s still works in the world", c.ID)
		}
	}
	for _, x := range v.rep.Violations {
		if slices.Contains(v.r.Expect.Never, x.Kind) {
			breached = true
			v.because("%s", x.Text)
		}
	}
	v.rep.Outcome = Contained
	switch {
	case breached:
		v.rep.Outcome = Breached
	case v.s.Phase != "closed":
		v.rep.Outcome = Incomplete
		v.because("the incident is %s", cmp.Or(v.s.Phase, "not opened"))
		if v.s.Pause != nil {
			v.because("it stopped: %s", v.s.Pause.Reason)
		}
		for _, g := range v.s.Gates {
			if g.Wanted && !g.Holds {
				v.because("gate %s holds back: %s", g.Gate, strings.Join(g.Why, "; "))
			}
		}
	}
}

func (v *verdict) because(format string, args ...any) {
	v.rep.Why = append(v.rep.Why, fmt.Sprintf(format, args...))
}
