package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/ticket"
	"github.com/firebreak/firebreak/internal/view"
)

// trigger is what a machine says of a command that it may repeat: one key is one
// incident.
type trigger struct {
	key      string
	wait     bool
	newState bool
	inputs   string // digest of what is asked for
	contains bool   // it is firebreak contain, which answers for containment and looks a second time
}

func (t *trigger) addFlags(fl *pflag.FlagSet) {
	fl.StringVar(&t.key, "idempotency-key", "", "one `ticket` is one incident: repeated with the same inputs, where that incident stands is told and nothing is begun")
	fl.BoolVar(&t.wait, "wait", false, "with --idempotency-key: answer once the incident has closed or paused, and take it up if whoever carried it out has died")
	fl.BoolVar(&t.newState, "new-state", false, "with --idempotency-key: it is right that the state folder knows of no incident yet")
}

// secondary are the flags that do not say what is asked for, only how.
var secondary = []string{
	"idempotency-key", "wait", "new-state", "approval", "non-interactive", "config", "output", "no-color", "state-dir", "verbose", "accessible",
}

// digest is over everything a command was asked for: its name, the bytes of the
// playbook or plan (nil without), and every flag that is not secondary. What the
// providers say is not in it: it changes while an incident goes on.
func (t *trigger) digest(cmd *cobra.Command, what []byte) error {
	asked := [][]string{{commandName(cmd), hash(what)}}
	cmd.Flags().Visit(func(fl *pflag.Flag) { // in the order of their names
		if slices.Contains(secondary, fl.Name) {
			return
		}
		row := []string{fl.Name, fl.Value.String()}
		if several, ok := fl.Value.(pflag.SliceValue); ok {
			row = append(row[:1], several.GetSlice()...)
		}
		asked = append(asked, row)
	})
	b, err := json.Marshal(asked)
	t.inputs = hash(b)
	return err
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// check says what is wrong with the flags.
func (t *trigger) check() error {
	switch {
	case t.key == "" && (t.wait || t.newState):
		return fault(Usage, "name the ticket with --idempotency-key", "--wait and --new-state belong to a trigger that may be repeated")
	case t.key == "":
		return nil
	}
	if err := ticket.Check(t.key); err != nil {
		return &Fault{Usage, err, "use the ticket's number as --idempotency-key"}
	}
	return nil
}

// claim holds the trigger's key until its incident is begun. before is the incident
// that the key has already; the claim is given back then.
func (f *Factory) claim(t trigger) (c *ticket.Claim, before *ticket.Incident, err error) {
	state, err := f.stateFolder()
	if err != nil {
		return nil, nil, err
	}
	if err := fresh(state, t); err != nil {
		return nil, nil, err
	}
	if c, err = ticket.Take(state, t.key); err != nil {
		return nil, nil, &Fault{Usage, err, "name a folder you may write to with --state-dir"}
	}
	before, err = c.Find()
	if err == nil && before != nil && before.Opened.Inputs != t.inputs {
		id := before.Opened.Incident
		err = fault(Usage, "firebreak status "+id+"; another incident needs another key", "key %q belongs to incident %s, which was begun with other inputs", t.key, id)
	}
	if err == nil && before == nil {
		return c, nil, nil
	}
	return nil, before, errors.Join(err, c.Release())
}

// fresh refuses to take a state folder without memory for one that says: this key is new.
func fresh(state string, t trigger) error {
	empty, err := ticket.Empty(state)
	switch {
	case err != nil:
		return &Fault{Usage, fmt.Errorf("look into the state folder: %w", err), "name a folder you may read and write with --state-dir"}
	case !empty || t.newState:
		return nil
	}
	return fault(Usage, "keep the state folder between runs, or say with --new-state that it is right that it is empty",
		"%s knows of no incident at all, so it cannot be told whether key %q was used before", state, t.key)
}

// again answers a trigger whose incident was begun before: with where it stands, or,
// with --wait, with how it ended. Nothing is sent, unless nobody carries the incident
// out any more.
func (f *Factory) again(ctx context.Context, t trigger, dir, format string, nonInteractive bool) error {
	for {
		r, d, err := readIncident(dir)
		if err != nil {
			return err
		}
		s := d.State()
		if s.Phase == "closed" || s.Pause != nil {
			return errors.Join(f.answer(format, r, d), ended(s), narrow(s))
		}
		alive, err := journal.Alive(dir)
		if err != nil {
			return err
		}
		switch {
		case !t.wait && alive:
			by, err := journal.HeldBy(dir)
			under := fault(Locked, "repeat this with --wait, or look with firebreak status "+s.Opened.Incident, "incident %s is being carried out by %s", s.Opened.Incident, by)
			return errors.Join(err, f.answer(format, r, d), under)
		case !t.wait:
			return errors.Join(f.answer(format, r, d), ended(s))
		case alive:
			err = journal.Await(dir)
		default:
			var took bool
			if took, err = f.takeUp(ctx, t, dir, format, nonInteractive); took {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
}

// narrow is the error of a containment that never came to its second look: the doors
// that were named are shut, and nobody knows which others there are.
func narrow(s *respond.State) error {
	if !contained(s) || len(s.Plans) > 1 || s.Plans[0].Plan.Playbook.Name != containPlaybook {
		return nil
	}
	return fault(Unknown, "firebreak run compromised-workflow --incident "+s.Opened.Incident,
		"the named workflows were dealt with, but it was not looked what they reach")
}

// answer tells where an incident stands, in the words of the one who carried it out.
func (f *Factory) answer(format string, r *journal.Replay, d *respond.Decider) error {
	switch format {
	case "json":
		return view.JSON(f.IO.Out, picture(d))
	case "ndjson":
		return view.Events(f.IO.Out, f.Version, r.Opened.Incident, r.Events)
	}
	return f.result(format, d.State())
}

// takeUp goes on with an incident whose process died. One of several that wait does;
// took is false for the others, who look again.
func (f *Factory) takeUp(ctx context.Context, t trigger, dir, format string, nonInteractive bool) (took bool, err error) {
	state, err := f.stateFolder()
	if err != nil {
		return false, err
	}
	c, err := ticket.Take(state, t.key)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, c.Release()) }()
	r, d, err := readIncident(dir)
	if err != nil {
		return false, err
	}
	alive, err := journal.Alive(dir)
	if s := d.State(); err != nil || alive || s.Phase == "closed" || s.Pause != nil {
		return false, err
	}
	s, err := f.realSite(ctx, f.agent("incident "+r.Opened.Incident), false)
	if err != nil {
		return true, err
	}
	watching, ndjson := f.observers(format)
	ndjson.behind = r.Events
	sit, err := f.resumeSitting(ctx, s, dir, place{}, watching)
	if held := (*journal.Locked)(nil); errors.As(err, &held) {
		return false, nil // somebody looked at the lock, or was faster
	}
	if err != nil {
		return true, err
	}
	if err := c.Release(); err != nil {
		return true, err
	}
	if _, err := io.WriteString(f.IO.Err, "whoever carried incident "+view.Line(r.Opened.Incident)+" out has died; going on with it\n"); err != nil {
		return true, err
	}
	person := sit.person(nonInteractive)
	if t.contains {
		person = &consent{next: person, by: f.operator()}
	}
	return true, sit.with(ctx, person, format, ndjson, narrow)
}

// contents are the bytes of the plan or playbook a trigger names.
func contents(what string) ([]byte, error) {
	if isPlanFile(what) {
		b, err := os.ReadFile(what)
		if err != nil {
			return nil, &Fault{Usage, fmt.Errorf("read plan: %w", err), "make one with firebreak plan -o " + what}
		}
		return b, nil
	}
	_, b, err := readPlaybook(what)
	return b, err
}
