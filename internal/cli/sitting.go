package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/drive/local"
	"github.com/firebreak/firebreak/internal/durable"
	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/term"
)

// sitting is one process at work on one incident.
type sitting struct {
	f        *Factory
	site     *site
	dir      string
	sealer   *secret.Sealer
	evidence *local.Evidence
	log      *local.Log
	takeOver string          // why we go on with what was handed to somebody else
	enough   <-chan struct{} // when it is closed the sitting ends in order; nil: never
	rounds   *containment    // what is added to the incident while it goes on; nil for nothing
}

// parts is what the incident's log is made of.
func (t *sitting) parts(observers []drive.Observer) local.Parts {
	return local.Parts{
		Dir: t.dir, Owner: t.f.owner(), Decider: respond.New(), Clock: t.site.clock, Redactor: t.f.Redactor, Observers: observers,
		TakeOver: t.takeOver,
	}
}

// prepare opens what lies beside the journal. Recipients are those of the
// incident's first record.
func (t *sitting) prepare(recipients []string) (err error) {
	if t.sealer, err = secret.OpenSealer(t.dir, recipients); err != nil {
		return fmt.Errorf("prepare sealing: %w", err)
	}
	t.evidence, err = local.OpenEvidence(t.dir, t.f.Redactor)
	return err
}

// opening is what a new incident begins with.
type opening struct {
	incident string
	dir      string
	plan     *plan.Plan
	bytes    []byte // of the plan
	opened   respond.Opened
	approval string // file, "" for none
	further  bool   // the plan is a further one of an incident that has begun
}

// makeIncident makes an incident's folder, durably.
func makeIncident(dir string) error {
	if err := durable.Mkdir(dir, 0o700); err != nil {
		return fault(Usage, "name a folder you may write to with --state-dir", "make the incident's folder: %v", err)
	}
	return nil
}

// begin opens a new incident: opened, planned, approved.
func (f *Factory) begin(ctx context.Context, s *site, o opening, observers []drive.Observer) (t *sitting, err error) {
	term.OutliveReaders()
	t = &sitting{f: f, site: s, dir: o.dir}
	who := s.selves(ctx) // preflight asks again and tells what is wrong
	opened := o.opened
	opened.Incident, opened.Program, opened.Decider = o.incident, f.Version, respond.Version
	opened.Began, opened.Operator = s.clock.Now().UTC(), f.operator()
	opened.Endpoints, opened.Accounts, opened.Self, opened.SelfUnknown, opened.Recipients = s.endpoints, who.accounts, who.kills, who.unknown, s.recipients
	opened.Approvals, opened.Author = s.config.Confirm.Approvals, s.config.Author
	if opened.Author == "" {
		opened.Author = opened.Operator
	}
	for _, x := range s.accepted.Exceptions {
		opened.Exceptions = append(opened.Exceptions, respond.Exception{Credential: x.Credential, Reason: x.Reason, Owner: x.Owner, Expires: x.Expires})
	}
	digest := plan.Digest(o.bytes)
	approved, err := f.judge(s, o, opened, digest)
	if err != nil {
		return nil, err
	}
	if err := makeIncident(o.dir); err != nil {
		return nil, err
	}
	if t.log, err = local.Create(t.parts(observers), opened); err != nil {
		return nil, err
	}
	if err := t.start(respond.Planned{Digest: digest, Bytes: o.bytes, Plan: o.plan}, approved, opened.Recipients); err != nil {
		return nil, errors.Join(err, t.log.Close())
	}
	return t, nil
}

func (t *sitting) start(planned respond.Planned, approved *judged, recipients []string) error {
	if err := t.prepare(recipients); err != nil {
		return err
	}
	events := []respond.Data{planned}
	if approved != nil {
		if err := approved.file.Save(t.dir); err != nil {
			return err
		}
		events = append(events, approved.events...)
	}
	return t.log.Append(events...)
}

// place is what a resumed sitting has besides its site.
type place struct {
	world    string          // the world's id; "" for real providers
	takeOver string          // why we go on with what was handed to somebody else
	enough   <-chan struct{} // when it is closed the sitting ends in order; nil: never
}

// resumeSitting goes on with the incident in dir.
func (f *Factory) resumeSitting(ctx context.Context, s *site, dir string, where place, observers []drive.Observer) (*sitting, error) {
	term.OutliveReaders()
	r, err := journal.Read(dir)
	if err != nil {
		return nil, err
	}
	t := &sitting{f: f, site: s, dir: dir, takeOver: where.takeOver}
	who := s.selves(ctx)
	if len(who.accounts) < len(r.Opened.Accounts) {
		return nil, fault(Usage, "set the credentials this incident was begun with", "it cannot be told that this is where the incident was begun: %s", strings.Join(slices.Sorted(maps.Values(who.problems)), "; "))
	}
	lost, err := lostValues(dir, r)
	if err != nil {
		return nil, err
	}
	at := local.Place{World: where.world, Endpoints: asWas(r.Opened.Endpoints, s.endpoints), Accounts: asWas(r.Opened.Accounts, who.accounts)}
	t.log, err = local.Resume(t.parts(observers), at, respond.Resumed{Operator: f.operator(), Program: f.Version, Lost: lost})
	if err != nil {
		return nil, err
	}
	if err := t.prepare(recipientsOf(t.log.State())); err != nil {
		return nil, errors.Join(err, t.log.Close())
	}
	return t, nil
}

// lostValues lists the sealed values of an incident that cannot be opened any more:
// their file or the incident's key is gone.
func lostValues(dir string, r *journal.Replay) ([]string, error) {
	sealer, err := secret.OpenSealer(dir, r.Opened.Recipients)
	if err != nil {
		return nil, err
	}
	s := replay(r.Events).State()
	refs := slices.Collect(maps.Values(s.Held))
	for _, a := range s.Actions {
		for _, o := range a.Outputs {
			refs = append(refs, o.Sealed)
		}
	}
	slices.Sort(refs)
	var gone []string
	for _, ref := range slices.Compact(refs) {
		var l *secret.Lost
		if ref == "" {
			continue
		}
		if _, err := sealer.Open(ref); errors.As(err, &l) {
			gone = append(gone, ref)
		} else if err != nil {
			return nil, err
		}
	}
	return gone, nil
}

// run carries the incident on until it is closed, paused or interrupted. Ctrl-C
// once finishes what is under way, twice leaves at once.
func (t *sitting) run(ctx context.Context, responder drive.Responder) (*respond.State, error) {
	interrupt, stop := term.CatchInterrupts(t.f.IO.Err)
	defer stop()
	if t.enough != nil {
		watched, forget := context.WithCancel(ctx)
		defer forget()
		interrupt = either(watched, interrupt, t.enough)
	}
	look := &eyes{site: t.site, evidence: t.evidence}
	survey, amend := look.Survey, (<-chan []respond.Data)(nil)
	if t.rounds != nil {
		survey, amend = t.rounds.over(look)
	}
	hands := local.NewHands(local.HandsOptions{
		Catalogue: t.site.catalogue, Sealer: t.sealer, Redactor: t.f.Redactor, Evidence: t.evidence, Clock: t.site.clock, Survey: survey,
	})
	return local.Run(ctx, local.Options{Log: t.log, Hands: hands, Responder: responder, Interrupt: interrupt, Destroy: t.sealer.Destroy, Amend: amend})
}

// person is the one at the terminal, or nobody.
func (t *sitting) person(nonInteractive bool) drive.Responder {
	if nonInteractive || !t.f.IO.CanAsk() {
		return &nobody{clock: t.site.clock}
	}
	return &term.Person{IO: t.f.IO, By: t.f.operator(), Seal: t.seal, SecondPerson: t.site.config.Confirm.SecondPerson}
}

// seal makes a pasted value known to the redactor before it is sealed.
func (t *sitting) seal(name string, v secret.Text) (string, error) {
	t.f.Redactor.Add(v)
	return t.sealer.Seal(name, v)
}

// checkpoint keeps a signed checkpoint in the incident's folder and prints it for a
// ticket to hold.
func (t *sitting) checkpoint() error {
	note, err := t.log.Checkpoint()
	if err != nil {
		return err
	}
	if err := durable.WriteFile(filepath.Join(t.dir, "checkpoint"), note, 0o600); err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.f.IO.Err, "\ncheckpoint, to be kept elsewhere (firebreak verify --checkpoint FILE):\n%s", note)
	return err
}

// ended is the error a state stands for: nil when the incident is closed, or when a
// plan that leaves the rest to a further one has come to its end.
func ended(s *respond.State) error {
	if s.Phase == "closed" || contained(s) {
		return nil
	}
	code, why := Interrupted, "the incident is "+s.Phase
	if s.Pause != nil {
		code, why = Code(s.Pause.Code), s.Pause.Reason
	}
	next := "firebreak resume " + s.Opened.Incident
	switch code {
	case Approval:
		if left(s) { // somebody was asked and chose to stop: that is no lack of an answer
			return fault(Interrupted, nextStep(s), "%s", why)
		}
		next += " on a terminal, or with --approval FILE; firebreak show " + s.Opened.Incident + " --plan prints what to approve"
	case Gate:
		next = "firebreak status " + s.Opened.Incident + " says what holds it back; then " + next
	case OK: // closed with something left that a person has to look at
		code = Gate
	}
	return fault(code, next, "%s", why)
}
