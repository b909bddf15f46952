package github

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// Surveyed is one repository of an owner's with what could not be listed of it. What we
// may change there is left out: of thousands of repositories nobody plans at once.
type Surveyed struct {
	Repository snapshot.Repository `json:"repository"`
	Gaps       []snapshot.Gap      `json:"gaps,omitempty"`
}

// OwnerSurvey says how to survey all repositories of an owner.
type OwnerSurvey struct {
	// Known says that a repository was surveyed before the survey was broken off: it is
	// passed over.
	Known func(name string) bool
	// Each takes a repository as it is done, in no order, one at a time. Its error ends
	// the survey.
	Each func(Surveyed) error
	// Listed is told, once, how many repositories there are and how many of them are
	// left out because nothing runs in them.
	Listed func(repositories, idle int)
	// Memory keeps answers from one survey to the next; nil for none.
	Memory Memory
}

// atOnce is how many repositories are surveyed side by side. How many requests are out
// at once is the pacer's.
const atOnce = 3

// SurveyOwner surveys every repository of an organization or user: what stands, not
// what comes and goes (see snapshot.Repository.Left). What repositories share is read
// once; what an answer of an earlier survey still holds for is asked for conditionally,
// which costs none of the hourly quota. It waits for the quota as long as it takes.
//
// Where GitHub stops answering the survey ends with an error, and goes on another time
// with what Each was given.
func (p *Provider) SurveyOwner(ctx context.Context, login string, o OwnerSurvey) (snapshot.Organization, []snapshot.Gap, error) {
	ctx = adapters.Unhurried(ctx)
	h := p.house(login)
	h.whole, h.memory = true, o.Memory
	all, unseen, err := p.repositoriesOf(ctx, h)
	if err != nil {
		return snapshot.Organization{}, nil, err
	}
	listed := len(all)
	all = slices.DeleteFunc(all, func(r repositoryWire) bool { return r.Archived || r.Disabled })
	if o.Listed != nil {
		o.Listed(len(all), listed-len(all))
	}
	all = slices.DeleteFunc(all, func(r repositoryWire) bool { return o.Known != nil && o.Known(r.FullName) })
	out, gaps := snapshot.Organization{Login: h.login}, []snapshot.Gap(nil)
	for n := 1; !h.personal; n++ { // again where something failed that may pass
		out, gaps = h.survey(ctx)
		gaps = append(gaps, h.unseen(ctx, listed)...)
		if n == tries || !unfinished(gaps) {
			break
		}
		if err := p.wire.Sleep(ctx, time.Duration(n)*2*time.Second); err != nil {
			return snapshot.Organization{}, nil, err
		}
	}
	return out, append(gaps, unseen...), p.surveyAll(ctx, h, all, o.Each)
}

// survey lists what is the organization's own.
func (h *house) survey(ctx context.Context) (snapshot.Organization, []snapshot.Gap) {
	out := snapshot.Organization{Login: h.login}
	var gaps []snapshot.Gap
	gap := func(what string, err error) {
		if err != nil {
			gaps = append(gaps, snapshot.Gap{Provider: "github", What: what + " of the organization " + h.login, Why: why(err), Passing: adapters.Passing(status(err))})
		}
	}
	var err error
	out.Hooks, err = h.hooks(ctx)
	gap("webhooks", err)
	out.Runners, err = h.runners(ctx)
	gap("self-hosted runners", err)
	out.Apps, err = h.apps(ctx)
	gap("installed Apps", err)
	out.Subject, err = h.subject(ctx)
	gap("OIDC subject template", err)
	out.TokenDefaults, err = h.tokenDefaults(ctx)
	gap("default permissions of GITHUB_TOKEN", err)
	out.Repositories = h.size(ctx)
	return out, gaps
}

// surveyAll surveys repositories side by side.
func (p *Provider) surveyAll(ctx context.Context, h *house, all []repositoryWire, each func(Surveyed) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	c := collector{each: each}
	next := make(chan repositoryWire)
	var wait sync.WaitGroup
	for range atOnce {
		wait.Go(func() {
			for r := range next {
				x, err := p.surveyOf(ctx, h, r)
				if err == nil {
					err = c.take(x)
				}
				if err != nil {
					stop(fmt.Errorf("survey %s: %w", r.FullName, err))
				}
			}
		})
	}
	for _, r := range all {
		select {
		case next <- r:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(next)
	wait.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return c.rest()
}

// tries is how often a repository is looked at of which something failed in passing.
const tries = 3

// surveyOf surveys one repository, again where something failed that may pass. With a
// memory only what failed is transferred again.
func (p *Provider) surveyOf(ctx context.Context, h *house, r repositoryWire) (Surveyed, error) {
	for n := 1; ; n++ {
		v := &surveyor{Provider: p, granted: &granted{}, house: h}
		kept, err := remember(h.memory, r.FullName)
		if err != nil {
			return Surveyed{}, err
		}
		v.client = p.client(listening{conditional{p.surveying, kept}, v.granted})
		if err := v.fill(ctx, r); err != nil {
			return Surveyed{}, err
		}
		if err := kept.save(); err != nil {
			return Surveyed{}, err
		}
		out := Surveyed{*v.r, v.gaps}
		if n == tries || !unfinished(out.Gaps) {
			return out, nil
		}
		if err := p.wire.Sleep(ctx, time.Duration(n)*2*time.Second); err != nil {
			return Surveyed{}, err
		}
	}
}

func unfinished(gaps []snapshot.Gap) bool {
	return slices.ContainsFunc(gaps, func(g snapshot.Gap) bool { return g.Passing })
}

// collector hands on what was surveyed. A repository that is incomplete in passing is
// kept back until another is complete: where one after the other is not, it is GitHub
// that does not answer, and the survey ends without any of them.
type collector struct {
	mu    sync.Mutex
	each  func(Surveyed) error
	back  []Surveyed
	ended bool
}

// inARow is how many incomplete ones one after the other end a survey.
const inARow = 2 * atOnce

var errSilent = errors.New("GitHub does not answer as it should")

func (c *collector) take(x Surveyed) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return errSilent
	}
	c.back = append(c.back, x)
	if unfinished(x.Gaps) {
		if len(c.back) < inARow {
			return nil
		}
		c.ended = true
		i := slices.IndexFunc(x.Gaps, func(g snapshot.Gap) bool { return g.Passing })
		return fmt.Errorf("%w: %s: %s", errSilent, strings.TrimSuffix(x.Gaps[i].What, " of "+x.Repository.FullName), x.Gaps[i].Why)
	}
	return c.flush()
}

// rest hands on those that are still kept back, at the end.
func (c *collector) rest() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.flush()
}

func (c *collector) flush() error {
	for len(c.back) > 0 {
		if err := c.each(c.back[0]); err != nil {
			c.ended = true
			return err
		}
		c.back = c.back[1:]
	}
	return nil
}
