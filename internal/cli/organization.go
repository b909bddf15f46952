package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/github"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/view"
)

// organization surveys everything of an organization or user, and then the identities,
// issuers and stores that its workflows reach. What is done is kept in the state folder
// as it comes, so that a survey that is broken off goes on, and answers of the last one
// are asked for again only where they changed. With afresh nothing of it counts. What was
// kept goes when use has taken the whole: where that fails, nothing was in vain.
func (s *site) organization(ctx context.Context, f *Factory, login string, afresh bool, use func(*snapshot.Snapshot) error) error {
	if login == "" || strings.ContainsAny(login, "/\\ .") {
		return fault(Usage, "write it as --org acme", "%q is not an organization", login)
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process
	gh, err := s.gitHub()
	if err != nil {
		return err
	}
	state, err := f.stateFolder()
	if err != nil {
		return err
	}
	dir := filepath.Join(state, "surveys", fileName(s.endpoints["github"]), fileName(login))
	part, err := openPart(dir, s.clock.Now().UTC(), afresh)
	if err != nil {
		return err
	}
	defer part.close() //nolint:errcheck // what is in the file was written already
	p := &progress{f: f, login: login, done: len(part.known), began: s.clock.Now(), now: s.clock.Now}
	org, gaps, err := gh.SurveyOwner(ctx, login, github.OwnerSurvey{
		Known: func(name string) bool { return part.known[name] }, Listed: p.listed, Memory: memory{filepath.Join(dir, "memory")},
		Each: func(x github.Surveyed) error {
			p.one()
			return part.add(x)
		},
	})
	if err != nil {
		if as[adapters.NotThere](err) || as[adapters.Unconfigured](err) {
			return err
		}
		return fmt.Errorf("survey %s: %w; %d repositories are done, and the same command goes on with the others", login, err, p.done)
	}
	snap, err := part.snapshot()
	if err != nil {
		return err
	}
	snap.Organizations, snap.Gaps = append(snap.Organizations, org), append(snap.Gaps, gaps...)
	if snap, err = s.beyond(ctx, snap); err != nil {
		return err
	}
	if err := use(snap); err != nil {
		return err
	}
	return part.done()
}

// beyond surveys what the repositories reach at other providers. A provider that cannot
// be asked is a gap: hours of survey do not end for want of a token.
func (s *site) beyond(ctx context.Context, snap *snapshot.Snapshot) (*snapshot.Snapshot, error) {
	models := inventory.ParseBy(inventory.FromSnapshot(snap), together)
	scope := scopeOf(inventory.Build(models, snap, &s.config))
	scope.ActionRefs = actionRefs(models)
	for _, p := range s.providers {
		seen, err := s.ask(ctx, p, scope)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil && len(seen.Gaps) == 0 {
			seen.Gaps = append(seen.Gaps, snapshot.Gap{Provider: p.Name(), What: "everything", Why: adapters.Cause(err)})
		}
		snap = snapshot.Merge(snap, seen)
	}
	return snap, nil
}

// actionRefs are the tags and branches by which workflows use other people's actions.
func actionRefs(models []inventory.Model) []string {
	var out []string
	seen := map[string]bool{}
	add := func(uses string) {
		name, ref, ok := strings.Cut(uses, "@")
		parts := strings.SplitN(name, "/", 3)
		if !ok || len(parts) < 2 || strings.HasPrefix(uses, "./") || strings.HasPrefix(uses, "docker://") || strings.Contains(uses, "${{") || snapshot.IsCommit(ref) {
			return
		}
		if key := parts[0] + "/" + parts[1] + "@" + ref; !seen[key] {
			seen[key] = true
			out = append(out, key)
		}
	}
	for i := range models {
		for _, w := range models[i].Workflows {
			for k := range w.Jobs {
				if c := w.Jobs[k].Call; c != nil {
					add(c.Uses)
				}
				for _, st := range w.Jobs[k].Steps {
					add(st.Uses)
				}
			}
		}
		for _, a := range models[i].Actions {
			for _, st := range a.Steps {
				add(st.Uses)
			}
		}
	}
	return out
}

// fileName is a name as it can stand for a folder.
func fileName(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, strings.ToLower(s))
}

// progress tells on stderr how far a survey is, at most every ten seconds.
type progress struct {
	f           *Factory
	login       string
	done, total int
	began, told time.Time
	new         int
	now         func() time.Time
}

func (p *progress) listed(repositories, idle int) {
	p.total, p.told = repositories, p.now()
	text := fmt.Sprintf("%s has %d repositories", p.login, repositories)
	if idle > 0 {
		text += fmt.Sprintf("; %d more are archived or disabled, in which nothing runs", idle)
	}
	if p.done > 0 {
		text += fmt.Sprintf("; %d of them were surveyed before this was broken off", p.done)
	}
	p.tell(text)
}

func (p *progress) one() {
	p.done, p.new = p.done+1, p.new+1
	if now := p.now(); now.Sub(p.told) >= 10*time.Second && p.new > 0 {
		left := time.Duration(float64(now.Sub(p.began)) / float64(p.new) * float64(p.total-p.done))
		p.told = now
		p.tell(fmt.Sprintf("%d of %d repositories, about %s to go", p.done, p.total, left.Round(time.Second)))
	}
}

// tell leaves a message unsaid that cannot be written: the survey matters more.
func (p *progress) tell(text string) {
	fmt.Fprintln(p.f.IO.Err, view.Line(text)) //nolint:errcheck // see above
}

// gapsIn tells what could not be listed. What is the same of many is one line.
func gapsIn(f *Factory, s *snapshot.Snapshot) error {
	type kind struct{ provider, what, why string }
	count, first := map[kind]int{}, map[kind]snapshot.Gap{}
	var order []kind
	for _, g := range s.Gaps {
		k := kind{g.Provider, g.What, g.Why}
		if i := strings.LastIndex(g.What, " of "); i >= 0 && strings.Count(g.What[i:], "/") == 1 {
			k.what = g.What[:i] // the same of several repositories
		} else if sort, name, ok := strings.Cut(g.What, " arn:"); ok {
			k.what, k.why = sort, strings.ReplaceAll(g.Why, name[strings.LastIndexByte(name, '/')+1:], "")
		}
		if count[k]++; count[k] == 1 {
			order, first[k] = append(order, k), g
		}
	}
	var errs []error
	for _, k := range order {
		g := first[k]
		more := ""
		if n := count[k] - 1; n > 0 {
			more = fmt.Sprintf(" (and %d more of the kind)", n)
		}
		_, err := fmt.Fprintf(f.IO.Err, "gap: %s: %s: %s%s\n", view.Line(g.Provider), view.Line(g.What), view.Line(g.Why), more)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
