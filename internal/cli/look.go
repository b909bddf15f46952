package cli

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/boundary"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/playbook"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/view"
)

// look is what was seen at one moment and what follows from it.
type look struct {
	snapshot  *snapshot.Snapshot
	models    []inventory.Model
	inventory inventory.Inventory
	since     time.Time // start of the exposure; zero where nobody said
}

// always gives a start of the exposure that does not depend on what is seen.
func always(t time.Time) func(*snapshot.Snapshot) time.Time {
	return func(*snapshot.Snapshot) time.Time { return t }
}

// look surveys repositories, then the identities, issuers and stores that their
// workflows reach. since tells from the first when the exposure began. It only reads.
func (s *site) look(ctx context.Context, repositories, subjects []string, since func(*snapshot.Snapshot) time.Time) (look, error) {
	snap := &snapshot.Snapshot{Schema: snapshot.Schema, Taken: s.clock.Now().UTC()}
	if err := s.survey(ctx, adapters.Scope{Repositories: repositories}, snap); err != nil {
		return look{}, err
	}
	l := s.understand(snap)
	reached := l.inventory
	if len(subjects) > 0 {
		reached = inventory.ForSubjects(l.inventory, subjects)
	}
	scope := scopeOf(reached)
	scope.Since = since(snap)
	if err := s.survey(ctx, scope, snap); err != nil {
		return look{}, err
	}
	snapshot.Sort(snap)
	l = s.understand(snap)
	l.since = scope.Since
	return l, nil
}

// lookWithActions is look, with the commits at which the tags and branches of used
// actions stand: what pinning takes them from.
func (s *site) lookWithActions(ctx context.Context, repositories []string) (look, error) {
	l, err := s.look(ctx, repositories, nil, always(time.Time{}))
	if err != nil {
		return l, err
	}
	refs := actionRefs(l.models)
	gh, err := s.gitHub()
	if err != nil || len(refs) == 0 {
		return l, err
	}
	seen := &snapshot.Snapshot{Schema: snapshot.Schema, Taken: s.clock.Now().UTC()}
	if err := gh.Survey(ctx, adapters.Scope{ActionRefs: refs}, seen); err != nil {
		return l, err
	}
	l.snapshot = snapshot.Merge(l.snapshot, seen)
	return l, nil
}

// tries is how often a listing that failed in passing is asked for: what is missing
// from a survey is a credential missed.
const tries = 4

// survey lists scope at every provider, at all at once. A provider that can read nothing
// of it is an error: what is not known of it would be everything.
func (s *site) survey(ctx context.Context, scope adapters.Scope, into *snapshot.Snapshot) error {
	seen, failed := make([]*snapshot.Snapshot, len(s.providers)), make([]error, len(s.providers))
	var wait sync.WaitGroup
	for i, p := range s.providers {
		wait.Go(func() { seen[i], failed[i] = s.ask(ctx, p, scope) })
	}
	wait.Wait()
	var errs []error
	for i, p := range s.providers {
		switch err := failed[i]; {
		case err != nil && s.lenient && p.Name() != "github" && ctx.Err() == nil:
			s.without(p.Name(), err)
		case err != nil:
			errs = append(errs, fmt.Errorf("survey %s: %w", p.Name(), err))
		}
		*into = *snapshot.Merge(into, seen[i])
	}
	return errors.Join(errs...)
}

// without notes that a provider could not be asked.
func (s *site) without(provider string, err error) {
	if !slices.ContainsFunc(s.absent, func(a view.Absent) bool { return a.Provider == provider }) {
		s.absent = append(s.absent, view.Absent{Provider: provider, Why: adapters.Cause(err), Leaves: []string{}})
	}
}

// ask surveys one provider, again where something failed that may pass.
func (s *site) ask(ctx context.Context, p adapters.Provider, scope adapters.Scope) (*snapshot.Snapshot, error) {
	for n := 1; ; n++ {
		seen := &snapshot.Snapshot{Schema: snapshot.Schema, Taken: s.clock.Now().UTC()}
		err := p.Survey(ctx, scope, seen)
		again := err != nil && !hopeless(err) || slices.ContainsFunc(seen.Gaps, func(g snapshot.Gap) bool {
			return g.Passing && !(s.lenient && g.What == "everything") // a provider that cannot be reached is named, not waited for
		})
		if !again || n == tries {
			return seen, err
		}
		if cut := s.clock.Sleep(ctx, time.Duration(n)*time.Second); cut != nil {
			return seen, errors.Join(err, cut)
		}
	}
}

// hopeless reports whether asking again gives the same: nothing was sent, what was asked
// for is not there, or we may not ask.
func hopeless(err error) bool {
	return as[adapters.Unconfigured](err) || as[adapters.NotThere](err) || !adapters.Passing(adapters.StatusOf(err))
}

// understand computes inventory and findings from a snapshot. It is pure.
func (s *site) understand(snap *snapshot.Snapshot) look {
	models := inventory.ParseBy(inventory.FromSnapshot(snap), together)
	inventory.Expand(models, together)
	inv := inventory.Build(models, snap, &s.config)
	return look{snapshot: snap, models: models, inventory: inv.WithFindings(boundary.CheckBy(models, inv, together))}
}

// scopeOf is what has to be surveyed of an inventory's identities and credentials.
func scopeOf(inv inventory.Inventory) adapters.Scope {
	scope := adapters.Scope{Identities: map[string]string{}}
	for _, i := range inv.Identities {
		ref := i.ARN
		if ref == "" {
			ref = i.Mount + "/" + i.Role
		}
		scope.Identities[ref] = i.Kind
	}
	for _, c := range inv.Credentials {
		if c.Issuer != nil {
			scope.Issuers = append(scope.Issuers, adapters.Selector{Name: c.Issuer.Name, With: c.Issuer.With})
		}
		for _, st := range c.Stores {
			scope.Stores = append(scope.Stores, adapters.Selector{Name: st.Name, With: st.With})
		}
	}
	return scope
}

// rounds bounds how often a plan may ask for more to be surveyed.
const rounds = 5

// compile makes the plan, surveying what the snapshot turns out to lack. Offline
// a lack is a mistake.
func (s *site) compile(ctx context.Context, book *playbook.Playbook, inputs map[string]any, l look, offline bool) (*plan.Plan, look, error) {
	var asked []*adapters.Missing
	for n, unseen := 1, false; ; n++ {
		p, err := playbook.Compile(book, playbook.Request{
			Inputs: inputs, Inventory: l.inventory, Snapshot: l.snapshot, Config: s.config, Catalogue: s.catalogue,
			Exposure: s.exposure, Lenient: s.lenient && n > 1, Unseen: unseen,
		})
		var lacks *playbook.Incomplete
		if !errors.As(err, &lacks) {
			return p, l, err
		}
		if offline || len(lacks.Others) > 0 || n == rounds {
			return nil, l, &Fault{Usage, err, "survey it with firebreak survey, or plan without --snapshot"}
		}
		unseen = slices.ContainsFunc(lacks.Missing, func(m *adapters.Missing) bool {
			return slices.ContainsFunc(asked, func(before *adapters.Missing) bool { return reflect.DeepEqual(before, m) })
		})
		asked = append(asked, lacks.Missing...)
		more := &snapshot.Snapshot{Schema: snapshot.Schema, Taken: s.clock.Now().UTC()}
		for _, m := range lacks.Missing {
			scope := m.Scope
			scope.Since = l.since
			if err := s.survey(ctx, scope, more); err != nil {
				return nil, l, err
			}
		}
		since := l.since
		l = s.understand(snapshot.Merge(l.snapshot, more))
		l.since = since
	}
}
