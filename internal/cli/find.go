package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/firebreak/firebreak/adapters/github"
	"github.com/firebreak/firebreak/internal/diag"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/scene"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/view"
)

// firstLook is the first look at the repositories: workflows and live runs alone.
type firstLook struct {
	snapshot *snapshot.Snapshot
	now      time.Time // GitHub's clock
	named    []snapshot.Live
	gaps     []string
}

// gitHub is the provider that knows of runs.
func (s *site) gitHub() (*github.Provider, error) {
	for _, p := range s.providers {
		if g, ok := p.(*github.Provider); ok {
			return g, nil
		}
	}
	return nil, errors.New("there is no GitHub here")
}

// glance follows the addresses of runs and looks at every repository once. It
// completes about: the named runs' workflows, and workflows given without their
// repository where there are several. Mistakes are told all at once.
func (s *site) glance(ctx context.Context, about *subject) (*firstLook, error) {
	gh, err := s.gitHub()
	if err != nil {
		return nil, err
	}
	g := &firstLook{snapshot: &snapshot.Snapshot{Schema: snapshot.Schema, Taken: s.clock.Now().UTC()}}
	if err := g.follow(ctx, gh, about); err != nil {
		return nil, err
	}
	if len(about.repos) == 0 && len(about.actions)+len(about.secrets) > 0 && s.config.GitHub.Owner != "" {
		all, unseen, rerr := gh.Repositories(ctx, s.config.GitHub.Owner)
		if rerr != nil {
			return nil, &Fault{CodeOf(rerr), rerr, "name the repositories with --repo OWNER/NAME"}
		}
		about.repos = all
		for _, x := range unseen {
			g.gaps = append(g.gaps, x.What+": "+x.Why)
		}
	}
	if len(about.repos) == 0 {
		return nil, fault(Usage, "name it with --repo OWNER/NAME", "it is not said which repository this is about")
	}
	if len(about.actions) > 0 && len(about.workflows) == 0 && len(about.repos) > few {
		return g, nil // nothing to shut yet; searching looks at each anyway
	}
	if err := g.look(ctx, gh, about.repos); err != nil {
		return nil, err
	}
	return g, g.locate(about)
}

// few is how many repositories are looked at at once before something is found.
const few = 20

// follow reads the runs that were named.
func (g *firstLook) follow(ctx context.Context, gh *github.Provider, about *subject) error {
	var refs []github.RunRef
	var wrong []error
	for _, text := range about.runs {
		ref, err := gh.ParseRun(text)
		if err != nil {
			wrong = append(wrong, &Fault{Usage, err, ""})
		}
		refs = append(refs, ref)
	}
	if len(wrong) > 0 {
		return errors.Join(wrong...)
	}
	for _, ref := range refs {
		run, err := gh.Run(ctx, ref)
		if err != nil {
			return err
		}
		g.named = append(g.named, run)
		about.candidates = append(about.candidates, scene.Named(run.Repository, run.Run))
		about.workflows = append(about.workflows, run.Repository+"/"+run.Path)
		if !slices.Contains(about.repos, run.Repository) {
			about.repos = append(about.repos, run.Repository)
		}
	}
	return nil
}

func (g *firstLook) look(ctx context.Context, gh *github.Provider, repos []string) error {
	seen := make([]snapshot.Repository, len(repos))
	errs := make([]error, len(repos))
	times := make([]time.Time, len(repos))
	var wait sync.WaitGroup
	for i, r := range repos {
		wait.Go(func() { seen[i], times[i], errs[i] = gh.Glance(ctx, r) })
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for i := range seen {
		g.snapshot.Repositories = append(g.snapshot.Repositories, seen[i])
		if times[i].After(g.now) {
			g.now = times[i]
		}
		repos[i] = seen[i].FullName // as GitHub writes it
	}
	snapshot.Sort(g.snapshot)
	return nil
}

// locate makes sure that every workflow exists, and says where one is that was given
// without its repository.
func (g *firstLook) locate(about *subject) error {
	var out []string
	var wrong diag.List
	for _, w := range about.workflows {
		repository, file, is := apart(w)
		if !is {
			repository, file = "", w
		}
		before := len(out)
		var known []string
		for _, r := range g.snapshot.Repositories {
			if repository != "" && !strings.EqualFold(r.FullName, repository) {
				continue
			}
			for _, x := range r.Workflows {
				known = append(known, x.Path)
				if x.Path == file {
					out = append(out, r.FullName+"/"+x.Path)
				}
			}
		}
		if len(out) == before {
			if repository == "" {
				repository = strings.Join(about.repos, ", ")
			}
			hint := diag.DidYouMean(file, once(known))
			if hint == "" {
				hint = "a file that never ran and is not on the default branch is not known to Actions"
			}
			wrong.Add(diag.Diagnostic{File: "--workflow", Message: fmt.Sprintf("%s has no workflow %s", repository, file), Hint: hint})
		}
	}
	about.workflows = once(out)
	return wrong.Err()
}

// hit is what searching one repository for the actions and secrets gave.
type hit struct {
	found, others, foreign []scene.Site
	gaps                   []string
}

// usesIn searches a repository's files for every action of the subject.
func (about *subject) usesIn(models []inventory.Model) hit {
	var h hit
	for _, text := range about.actions {
		a, err := scene.ParseAction(text)
		if err != nil {
			continue // complete has said so
		}
		for i := range models {
			f, o, x := scene.UsesOf(a, &models[i])
			h.found, h.others, h.foreign = append(h.found, f...), append(h.others, o...), append(h.foreign, x...)
		}
	}
	return h
}

// atOnce searches the default branches alone, for what can be shut at once, and stops
// at the deadline when something was found. What it misses the second round finds.
func (s *site) atOnce(ctx context.Context, about *subject, g *firstLook, until time.Time) ([]string, error) {
	if len(about.actions) == 0 && len(about.secrets) == 0 {
		return nil, nil
	}
	gh, err := s.gitHub()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, name := range about.repos {
		if len(out) > 0 && !s.clock.Now().Before(until) {
			g.gaps = append(g.gaps, "not every repository was searched before the first door was shut; the second round searches the rest")
			break
		}
		r := g.repository(name)
		if r == nil {
			seen, now, err := gh.Glance(ctx, name)
			if err != nil {
				g.gaps = append(g.gaps, err.Error())
				continue
			}
			g.snapshot.Repositories, g.now = append(g.snapshot.Repositories, seen), now
			r = g.repository(seen.FullName)
		}
		files, err := gh.FilesAt(ctx, name, r.DefaultBranch)
		if err != nil {
			g.gaps = append(g.gaps, err.Error())
			continue
		}
		r.Files = nil
		part := snapshot.Snapshot{Repositories: []snapshot.Repository{{FullName: r.FullName, DefaultBranch: r.DefaultBranch, Files: files}}}
		l := s.understand(&part)
		for _, x := range about.usesIn(l.models).found {
			out = append(out, x.Repository+"/"+x.Workflow)
		}
		for _, name := range about.secrets {
			out = append(out, scene.ReachesSecret(l.inventory, name)...)
		}
	}
	snapshot.Sort(g.snapshot)
	return once(slices.DeleteFunc(out, func(x string) bool { return !g.knows(x) })), nil
}

func (g *firstLook) repository(name string) *snapshot.Repository {
	for i := range g.snapshot.Repositories {
		if g.snapshot.Repositories[i].FullName == name {
			return &g.snapshot.Repositories[i]
		}
	}
	return nil
}

// knows reports whether Actions knows a workflow: only then can it be disabled. A
// called workflow may have no event of its own and still be known.
func (g *firstLook) knows(subject string) bool {
	repository, file, _ := apart(subject)
	r := g.repository(repository)
	return r != nil && slices.ContainsFunc(r.Workflows, func(w snapshot.Workflow) bool { return w.Path == file })
}

// lives are the live runs of the subjects, as far as a glance shows them.
func (g *firstLook) lives(subjects []string) []snapshot.Live {
	var out []snapshot.Live
	for _, r := range g.snapshot.Repositories {
		for _, run := range r.Runs {
			if slices.Contains(subjects, r.FullName+"/"+run.Path) {
				out = append(out, snapshot.Live{Repository: r.FullName, Run: run, Jobs: []snapshot.Job{}})
			}
		}
	}
	return out
}

// choices says what could be named, for somebody who named no workflow.
func (g *firstLook) choices() string {
	var live, rest []string
	for _, r := range g.snapshot.Repositories {
		for _, w := range r.Workflows {
			n := 0
			for _, run := range r.Runs {
				if run.WorkflowID == w.ID {
					n++
				}
			}
			name := view.Line(strings.TrimPrefix(w.Path, ".github/workflows/"))
			switch {
			case n > 0:
				live = append(live, fmt.Sprintf("%s (%d live runs)", name, n))
			case w.State == "active":
				rest = append(rest, name)
			}
		}
	}
	return strings.Join(append(live, rest...), ", ")
}

// given is the exposure that a playbook's inputs alone tell.
func given(inputs map[string]any) plan.Exposure {
	text, _ := inputs["since"].(string)
	s := subject{since: text}
	return s.exposed(nil)
}
