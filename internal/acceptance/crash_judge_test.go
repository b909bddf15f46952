package acceptance

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/world"
)

// reads decodes what a command prints.
func (s *scene) reads(into any, args ...string) error {
	out, err := s.command(args...).Output()
	if err != nil {
		return fmt.Errorf("firebreak %s: %w\n%s", args[0], err, out)
	}
	return json.Unmarshal(out, into)
}

// judge holds an ended incident against the invariants a killed process could have
// broken, and reads the world's end into f.
func (s *scene) judge(f *fall) error {
	dir, err := s.incident()
	if err != nil {
		return err
	}
	r, err := journal.Read(dir)
	if err != nil {
		return err
	}
	var log []world.Entry
	if err := errors.Join(s.ask(s.ctx, "state", &f.end), s.ask(s.ctx, "log", &log), s.must("verify")); err != nil {
		return err
	}
	for _, e := range log {
		if strings.HasPrefix(e.Credential, "consumer ") {
			f.end[e.Credential] = e.Kind + " last" // born: it works; dies: it holds only a dead value
		}
	}
	for _, e := range r.Events {
		if v, ok := e.Data.(respond.Intended); ok {
			f.order = append(f.order, v.Action)
		}
	}
	ours := slices.DeleteFunc(log, func(e world.Entry) bool { return e.Kind != "request" || e.Number == 0 })
	f.calls = len(ours)
	return errors.Join(closed(r.Events), intended(r.Events, ours), resent(r.Events), minted(r.Events, dir))
}

// closed: the incident ended in order, with nothing unknown in it (I8, I11).
func closed(events []respond.Event) error {
	s := settled(events)
	if s.Phase != "closed" {
		return fmt.Errorf("the incident is %s", s.Phase)
	}
	var errs []error
	for _, a := range s.Actions {
		if a.Outcome != plan.Done {
			errs = append(errs, fmt.Errorf("%s ended %q: %s", a.Action.ID, a.Outcome, a.Reason))
		}
	}
	for _, c := range s.Closings {
		if !c.Closed {
			errs = append(errs, fmt.Errorf("I8: %s is not closed: %s", c.Credential, c.Why))
		}
	}
	return errors.Join(errs...)
}

func settled(events []respond.Event) *respond.State {
	d := respond.New()
	for _, e := range events {
		d.Observe(e)
	}
	return d.State()
}

// intended: before the k-th mutating call reached the world, k intents were in the
// journal (I4). Both tell the time by the same clock.
func intended(events []respond.Event, calls []world.Entry) error {
	n := 0
	at := func(k int) (out bool) {
		seen := 0
		for _, e := range events {
			if _, ok := e.Data.(respond.Intended); ok && !e.Time.After(calls[k].Time) {
				seen++
			}
		}
		return seen > k
	}
	for k := range calls {
		if !at(k) {
			n++
		}
	}
	if n > 0 {
		return fmt.Errorf("I4: %d of %d mutating calls had no intent before them", n, len(calls))
	}
	return nil
}

// resent: no call that cannot simply be sent again was sent twice without being
// settled in between (I7).
func resent(events []respond.Event) error {
	s := settled(events)
	careful := map[string]bool{}
	for _, a := range s.Actions {
		careful[a.Action.ID] = a.Action.Lost != plan.ResendSafe
	}
	open := map[string]int{} // attempts in doubt, by action
	for _, e := range events {
		switch v := e.Data.(type) {
		case respond.Intended:
			if careful[v.Action] && open[v.Action] > 0 {
				return fmt.Errorf("I7: %s was sent again while a call of it was in doubt", v.Action)
			}
			open[v.Action]++
		case respond.Outcome:
			if v.Outcome.State != plan.Unknown {
				open[v.Action] = max(0, open[v.Action]-1)
			}
		case respond.Settled:
			if v.Settlement.Happened != "unknown" {
				open[v.Action] = max(0, open[v.Action]-1)
			}
		}
	}
	return nil
}

// minted: what the journal says was minted is sealed (I6); that nothing else of the
// issuer is alive shows in the world's projection, which counts it.
func minted(events []respond.Event, dir string) error {
	for _, a := range settled(events).Actions {
		if a.Action.Role != plan.Mint {
			continue
		}
		value, ok := a.Outputs["value"]
		if !ok || value.Sealed == "" {
			return fmt.Errorf("I6: %s ended without a sealed value", a.Action.ID)
		}
		if _, err := os.Stat(secret.SealedFile(dir, value.Sealed)); err != nil {
			return fmt.Errorf("I6: the value of %s: %w", a.Action.ID, err)
		}
	}
	return nil
}

// deviates tells where an end differs from that of an incident never killed (I5).
func deviates(end, straight map[string]string) error {
	var out []string
	keys := maps.Clone(end)
	maps.Copy(keys, straight)
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		if end[k] != straight[k] {
			out = append(out, fmt.Sprintf("%s: %q, never killed %q", k, end[k], straight[k]))
		}
	}
	if len(out) == 0 {
		return nil
	}
	return fmt.Errorf("I5: it ends otherwise:\n%s", strings.Join(out, "\n"))
}

// tail is the end of a text.
func tail(s string, lines int) string {
	all := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
