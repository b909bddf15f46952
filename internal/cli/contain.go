package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/scene"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/ticket"
	"github.com/firebreak/firebreak/internal/view"
)

// containPlaybook is the shipped playbook that contain carries out, in two rounds.
const containPlaybook = "contain"

type containOptions struct {
	f              *Factory
	repos          []string
	nonInteractive bool
	subject        subject
	trigger        trigger
	cmd            *cobra.Command // whose flags say what is asked for
}

func newCmdContain(f *Factory, runF func(*containOptions) error) *cobra.Command {
	opts := &containOptions{f: f}
	cmd := &cobra.Command{
		Use:   "contain [OWNER/REPO]...",
		Short: "Shut the doors now: disable, cancel, deny",
		Long: `The first five minutes. Disable the workflows, end their runs, deny the cloud
identities they can become and put out who is inside. Only GITHUB_TOKEN is needed: no
configuration, playbook, recipients or approval. Providers that are not configured are
named and left out. Nothing irreversible is done.

The command is the consent: on a terminal it says once what will happen and asks;
without one, or with --non-interactive, it begins. The first door is shut before
anything else is looked at. Then a full look finds who can come back and when, what the
workflows can become and since when an attacker may have been in, and the rest of
containment is added to the same incident.

With --idempotency-key a machine may repeat the command blindly, as with firebreak run;
then --output json gives what run gives, every time.

The incident stays open. What is left (secrets, tokens, rebuild, review, restore) is
` + "`firebreak run compromised-workflow --incident INCIDENT`" + `.`,
		Example: `  firebreak contain acme/shop --workflow pr-checks.yml
  firebreak contain --run https://github.com/acme/shop/actions/runs/123456789
  firebreak contain acme/shop acme/web --action tj-actions/changed-files@v45`,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.repos, opts.cmd = args, cmd
			if runF != nil {
				return runF(opts)
			}
			return containRun(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.nonInteractive, "non-interactive", false, "ask nobody; containment needs no answer")
	opts.subject.addFlags(cmd.Flags())
	opts.trigger.addFlags(cmd.Flags())
	return cmd
}

// claim holds the trigger's key, where it has one; see Factory.claim.
func (opts *containOptions) claim() (*ticket.Claim, *ticket.Incident, error) {
	opts.trigger.contains = true
	if err := opts.trigger.check(); err != nil || opts.trigger.key == "" {
		return nil, nil, err
	}
	cfg, err := opts.f.readConfig()
	if err != nil {
		return nil, nil, err
	}
	about := &opts.subject
	about.repos = once(append(slices.Clone(opts.repos), about.repos...))
	if err := about.complete(cfg.GitHub.Owner); err != nil {
		return nil, nil, err
	}
	if err := opts.trigger.digest(opts.cmd, []byte(strings.Join(about.repos, "\n"))); err != nil {
		return nil, nil, err
	}
	return opts.f.claim(opts.trigger)
}

// slow bounds what is waited for before the first door is shut, beyond what shutting
// it needs.
const slow = 4 * time.Second

func containRun(ctx context.Context, opts *containOptions) (err error) {
	f := opts.f
	format, err := f.format("human", "json", "ndjson")
	if err != nil {
		return err
	}
	id, err := f.newIncident()
	if err != nil {
		return err
	}
	claim, before, err := opts.claim()
	if err != nil {
		return err
	}
	if before != nil {
		return f.again(ctx, opts.trigger, before.Dir, format, opts.nonInteractive)
	}
	defer func() { err = errors.Join(err, claim.Release()) }()
	s, err := f.realSite(ctx, f.agent("incident "+id), false)
	if err != nil {
		return err
	}
	s.lenient = true
	about := &opts.subject
	about.repos = once(append(slices.Clone(opts.repos), about.repos...))
	if err := about.complete(s.config.GitHub.Owner); err != nil {
		return err
	}
	r := &containment{f: f, site: s, about: about, begun: s.clock.Now()}
	o, err := r.first(ctx, id)
	if err != nil {
		return err
	}
	looked := s.clock.Now()
	if err := opts.confirm(ctx, o.plan, r.glance); err != nil {
		return err
	}
	r.begun = r.begun.Add(s.clock.Now().Sub(looked)) // the time a person thinks is theirs
	dir, err := f.incidentsFolder()
	if err != nil {
		return err
	}
	o.dir = filepath.Join(dir, id)
	o.opened.Key, o.opened.Inputs = opts.trigger.key, opts.trigger.inputs
	r.begin()
	r.tell = opts.tell(format)
	watching, ndjson := f.observers(format, r)
	if err := claim.Mean(id); err != nil {
		return err
	}
	t, err := f.begin(ctx, s, o, watching)
	if err != nil {
		return err
	}
	if err := errors.Join(claim.Begun(id), claim.Release()); err != nil {
		return errors.Join(err, t.log.Close())
	}
	t.rounds = r
	return opts.sit(ctx, t, format, ndjson)
}

// first looks at what was named and nothing else, and plans the first round.
func (r *containment) first(ctx context.Context, id string) (opening, error) {
	o := opening{incident: id}
	var err error
	if r.book, err = r.site.playbook(containPlaybook); err != nil {
		return o, err
	}
	who := make(chan selves, 1)
	asking, enough := context.WithTimeout(ctx, slow)
	go func() { defer enough(); who <- r.site.selves(asking) }()
	if r.glance, err = r.site.glance(ctx, r.about); err != nil {
		<-who
		return o, err
	}
	found, err := r.site.atOnce(ctx, r.about, r.glance, r.begun.Add(slow))
	us := <-who
	r.site.asked = &us
	if err != nil {
		return o, err
	}
	for _, p := range r.site.providers { // a provider that answered, and is yet a problem: its clock
		if _, answered := us.accounts[p.Name()]; answered && us.problems[p.Name()] != "" {
			r.glance.gaps = append(r.glance.gaps, us.problems[p.Name()])
		}
	}
	r.about.about(append(r.about.workflows, found...))
	if len(r.about.workflows) == 0 && len(r.about.actions)+len(r.about.secrets) > 0 {
		// Nothing on the default branches: only a look at every branch and at past runs tells.
		w, err := r.site.widen(ctx, r.about, r.glance)
		if err != nil {
			return o, err
		}
		r.about.workflows = w.subjects
		if err := r.glanceAt(ctx); err != nil {
			return o, err
		}
	}
	if len(r.about.workflows) == 0 {
		return o, fault(Usage, "name one with --workflow: "+r.glance.choices(), "it is not said which workflow of %s to shut", strings.Join(r.about.repos, ", "))
	}
	e := r.about.exposed(r.glance.snapshot)
	r.site.exposure = &e
	o.opened = respond.Opened{Mode: "real", Since: e.Since, SinceWhy: e.Why}
	return r.plan(ctx, o)
}

// glanceAt looks again where the workflows are that only a full look found.
func (r *containment) glanceAt(ctx context.Context) error {
	gh, err := r.site.gitHub()
	if err != nil {
		return err
	}
	r.glance.snapshot = &snapshot.Snapshot{Schema: snapshot.Schema, Taken: r.site.clock.Now().UTC()}
	return r.glance.look(ctx, gh, r.about.repos)
}

// plan makes the first round's plan of the workflows Actions knows: only those can be
// disabled. Repositories without one wait for the second round.
func (r *containment) plan(ctx context.Context, o opening) (opening, error) {
	now := subject{since: r.about.since}
	now.about(r.about.subjects())
	now.workflows = deleteUnknown(now.workflows, r.glance)
	now.repos = repositoriesOf(now.workflows)
	l := look{snapshot: r.glance.snapshot, inventory: inventory.Inventory{Schema: inventory.Schema}}
	var err error
	if o.plan, _, err = r.site.compile(ctx, r.book, now.inputs(), l, true); err != nil {
		return o, err
	}
	o.bytes, err = plan.Encode(o.plan)
	return o, err
}

func deleteUnknown(subjects []string, g *firstLook) []string {
	var out []string
	for _, x := range subjects {
		if g.knows(x) {
			out = append(out, x)
		}
	}
	return out
}

// confirm says once what will happen. Without a terminal the command itself is the
// consent.
func (opts *containOptions) confirm(ctx context.Context, p *plan.Plan, g *firstLook) error {
	f := opts.f
	st := f.IO.ErrStyle()
	var b bytes.Buffer
	if err := view.WriteLive(&b, st, g.lives(p.Subjects), g.now); err != nil {
		return err
	}
	b.WriteString(st.Strong("Now") + "\n")
	for i := range p.Actions {
		a := &p.Actions[i]
		b.WriteString(st.Fit("  "+view.Line(a.Use)+" "+view.Line(view.TargetName(a))+": "+view.Line(a.Breaks), 4) + "\n")
	}
	b.WriteString(st.Fit("Then every cloud identity these workflows can become is denied and its sessions are ended. All of it can be taken back, except that runs that were cancelled stay so.", 2) + "\n")
	if _, err := f.IO.Err.Write(b.Bytes()); err != nil {
		return err
	}
	if opts.nonInteractive || !f.IO.CanAsk() {
		return nil
	}
	ok, err := f.IO.Agree(ctx, "Shut "+view.Count(len(p.Subjects), "workflow")+" now?")
	if err != nil {
		return err
	}
	if !ok {
		return fault(Approval, "", "not agreed to: nothing was done")
	}
	return nil
}

// tell shows what the full look found as soon as it is there. Machines get it at the end.
func (opts *containOptions) tell(format string) func(*wide) error {
	f := opts.f
	return func(w *wide) error {
		if format != "human" {
			return nil
		}
		var b bytes.Buffer
		if err := view.WriteScene(&b, f.IO.ErrStyle(), w.scene); err != nil {
			return err
		}
		_, err := f.IO.Err.Write(append([]byte("\n"), append(b.Bytes(), '\n')...))
		return err
	}
}

// sit runs the sitting and tells how it ended.
func (opts *containOptions) sit(ctx context.Context, t *sitting, format string, ndjson *stream) (err error) {
	defer func() { err = errors.Join(err, t.log.Close(), ndjson.err) }()
	person := t.person(opts.nonInteractive)
	state, err := t.run(ctx, &consent{next: person, by: t.f.operator()})
	if err != nil {
		return err
	}
	r := t.rounds
	r.mu.Lock()
	defer r.mu.Unlock()
	after := -1.0
	if !r.effect.IsZero() {
		after = r.effect.Sub(r.begun).Seconds()
	}
	if format == "json" && opts.trigger.key == "" { // how long it took is told once, and every trigger is told the same
		next := nextStep(state)
		c := view.Containment{
			Schema: view.ContainmentSchema, Incident: state.Opened.Incident, State: state.Phase, FirstEffect: after,
			Workflows: r.about.subjects(), Status: view.NewIncident(state, next), Next: next,
		}
		if r.found != nil {
			c.Scene = r.found.scene
			shut(c.Scene.Doors, state)
		}
		err = errors.Join(view.JSON(t.f.IO.Out, c), t.checkpoint())
	} else {
		err = t.finish(format, state)
		if after >= 0 && format == "human" {
			_, told := fmt.Fprintf(t.f.IO.Err, "the first call was answered %.1f s after the first read\n", after)
			err = errors.Join(err, told)
		}
	}
	return errors.Join(err, ended(state), r.unknown(state))
}

// shut brings doors up to what was proven since they were looked at.
func shut(doors []scene.Door, s *respond.State) {
	for _, a := range s.Actions {
		if a.Action.Use != "github.workflow.disable" || a.Outcome != plan.Done {
			continue
		}
		for i := range doors {
			if d := &doors[i]; d.Repository+"/"+d.Workflow == a.Action.Target.ID {
				d.State, d.Open = "disabled_manually", false
			}
		}
	}
}

// unknown is the error of a second round that could not look: the doors that were
// named are shut, and nobody knows which others there are.
func (r *containment) unknown(s *respond.State) error {
	if r.err == nil || s.Pause != nil && s.Pause.Code == int(Interrupted) {
		return nil
	}
	return fault(Unknown, "firebreak run compromised-workflow --incident "+s.Opened.Incident,
		"the named workflows were dealt with, but it is not known what they reach: %v", r.err)
}
