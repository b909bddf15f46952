package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// the is the value of --incident without one: there is only one open incident.
const the = "the one that is open"

// addIncident adds the flag that makes a plan a further one of an incident.
func addIncident(fl *pflag.FlagSet, to *string) {
	fl.StringVar(to, "incident", "", "add to this `incident`, as contain began it; without a name: the one that is open")
	fl.Lookup("incident").NoOptDefVal = the
}

// incidentArgument takes the incident's name out of the arguments: a flag whose value
// may be left out leaves the next word to them.
func incidentArgument(incident string, args []string) (name string, rest []string) {
	if incident != the || len(args) != 2 {
		return incident, args
	}
	for i, a := range args {
		if strings.HasPrefix(a, "inc-") || strings.ContainsRune(a, filepath.Separator) && !isPlanFile(a) && !isPlaybookFile(a) {
			return a, slices.Delete(slices.Clone(args), i, i+1)
		}
	}
	return incident, args
}

// amended is an incident that is to get a further plan.
type amended struct {
	dir   string
	state *respond.State
}

// openIncident finds the incident a further plan is for. It must be open and real.
func (f *Factory) openIncident(name string) (*amended, error) {
	if name == the {
		name = ""
	}
	dir, err := f.incident(name)
	if err != nil {
		return nil, err
	}
	r, d, err := readIncident(dir)
	if err != nil {
		return nil, err
	}
	s := d.State()
	id := r.Opened.Incident
	switch {
	case len(s.Plans) == 0:
		return nil, fault(Usage, "begin it again, with firebreak contain or run", "%s was cut short before it had a plan; nothing was sent", id)
	case s.Phase == "closed":
		return nil, fault(Usage, "begin another incident", "%s is closed", id)
	case r.Opened.Mode == "rehearsal":
		return nil, fault(Usage, "firebreak resume "+id, "%s is a rehearsal, whose plan comes from its scenario", id)
	}
	return &amended{dir, s}, nil
}

// fill takes over what the incident is about into flags that were not given: its
// repositories, workflows and since when. It gives the exposure that the further plan
// is to carry on; nil where --since says otherwise.
func (a *amended) fill(to *subject) *plan.Exposure {
	repositories, subjects := about(a.state)
	for _, r := range repositories {
		if !slices.Contains(to.repos, r) {
			to.repos = append(to.repos, r)
		}
	}
	to.workflows = append(to.workflows, subjects...)
	if to.since != "" {
		return nil
	}
	e := a.state.Exposure()
	if !e.Since.IsZero() {
		to.since = e.Since.UTC().Format(time.RFC3339)
	}
	return &e
}

// amend adds the playbook or plan to an incident and goes on with it.
func (opts *runOptions) amend(ctx context.Context, format string) error {
	f := opts.f
	if opts.trigger.key != "" {
		return fault(Usage, "leave --idempotency-key out", "a key begins an incident; this one has begun")
	}
	inc, err := f.openIncident(opts.incident)
	if err != nil {
		return err
	}
	s, err := f.realSite(ctx, f.agent("incident "+inc.state.Opened.Incident), false)
	if err != nil {
		return err
	}
	s.exposure = inc.fill(&opts.subject)
	o, err := opts.opening(ctx, s)
	if err != nil {
		return err
	}
	approved, err := f.judgeFurther(s, o, inc.state.Opened)
	if err != nil {
		return err
	}
	watching, ndjson := f.observers(format)
	r, err := journal.Read(inc.dir)
	if err != nil {
		return err
	}
	ndjson.behind = r.Events
	t, err := f.resumeSitting(ctx, s, inc.dir, place{takeOver: opts.takeOver}, watching)
	if err != nil {
		return err
	}
	events := []respond.Data{respond.Planned{
		Digest: plan.Digest(o.bytes), Bytes: o.bytes, Plan: o.plan,
		Author: s.config.Author, Approvals: s.config.Confirm.Approvals, Recipients: s.recipients,
	}}
	if approved != nil {
		if err := approved.file.Save(inc.dir); err != nil {
			return errors.Join(err, t.log.Close())
		}
		events = append(events, approved.events...)
	}
	if err := errors.Join(t.log.Append(events...), t.prepare(recipientsOf(t.log.State()))); err != nil {
		return errors.Join(err, t.log.Close())
	}
	return t.sit(ctx, format, opts.nonInteractive, ndjson)
}

// judgeFurther holds an approval against a further plan: its statement names the
// incident. What the configuration asks for now is asked for, though the incident may
// have been begun without it.
func (f *Factory) judgeFurther(s *site, o opening, was respond.Opened) (*judged, error) {
	opened := was
	opened.Approvals = max(was.Approvals, s.config.Confirm.Approvals)
	if s.config.Author != "" {
		opened.Author = s.config.Author
	}
	o.further = true
	j, err := f.judge(s, o, opened, plan.Digest(o.bytes))
	if err != nil {
		return nil, fmt.Errorf("incident %s: %w", was.Incident, err)
	}
	return j, nil
}

// recipientsOf is everybody who must be able to open what is sealed in an incident.
func recipientsOf(s *respond.State) []string {
	all := slices.Clone(s.Opened.Recipients)
	for _, p := range s.Plans {
		all = append(all, p.Recipients...)
	}
	return once(all)
}

// asWas gives where we are in the words an incident was begun with. What a
// configuration calls an AWS account is no part of where that is: contain begins
// without one, and the accounts get their names later.
func asWas(had, have map[string]string) map[string]string {
	out := maps.Clone(have)
	if places(had["aws"]) != nil && !slices.ContainsFunc(places(had["aws"]), func(p string) bool { return !slices.Contains(places(have["aws"]), p) }) {
		out["aws"] = had["aws"]
	}
	return out
}

// places are the addresses or ids of "name=place name=place".
func places(text string) []string {
	var out []string
	for word := range strings.FieldsSeq(text) {
		_, p, _ := strings.Cut(word, "=")
		out = append(out, p)
	}
	return once(out)
}
