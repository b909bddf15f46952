package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/firebreak/firebreak/adapters/github"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/scene"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/view"
)

// How far a look into the past goes. What is beyond is said.
const (
	back        = 30 * 24 * time.Hour // for runs that used an action, without --since
	mostCommits = 60                  // commits of one repository whose files are read
	mostChanges = 25                  // commits at which one workflow's file is compared
	mostLogs    = 40                  // jobs whose log is read
)

// wide is the second look: everything the subjects reach, and everything about them
// that a person wants to know at once.
type wide struct {
	look     look
	subjects []string
	scene    view.Scene
}

// widen looks at every branch, at what the subjects reach, at the runs so far. It
// completes about with the workflows that actions and secrets lead to.
func (s *site) widen(ctx context.Context, about *subject, g *firstLook) (*wide, error) {
	gh, err := s.gitHub()
	if err != nil {
		return nil, err
	}
	w := &wide{scene: view.Scene{
		Looked: g.now, Live: []snapshot.Live{}, Identities: []view.SceneIdentity{}, Runners: []view.SceneRunner{}, Uses: []scene.Site{}, Others: []scene.Site{},
		Affected: []view.AffectedRun{}, Absent: []view.Absent{}, Lacking: []view.Lacking{}, Unknown: slices.Clone(g.gaps), Counts: map[string]int{},
	}}
	if w.scene.Looked.IsZero() {
		w.scene.Looked = s.clock.Now().UTC()
	}
	if len(about.actions)+len(about.secrets) > 0 {
		if err := w.search(ctx, s, gh, about); err != nil {
			return nil, err
		}
	}
	if len(about.workflows) == 0 && len(about.actions)+len(about.secrets) > 0 {
		return nil, fault(Usage, "look at other repositories with --repo, or name a --workflow", "%s", nothingFound(about))
	}
	w.subjects = about.subjects()
	if len(about.actions)+len(about.secrets) > 0 {
		about.repos = repositoriesOf(w.subjects) // those searched in vain are not under response
	}
	if w.look, err = s.look(ctx, about.repos, w.subjects, func(seen *snapshot.Snapshot) time.Time { return about.exposed(seen).Since }); err != nil {
		return nil, err
	}
	w.alive(ctx, gh)
	w.history(ctx, gh, about)
	w.scene.Exposure = about.exposed(w.look.snapshot)
	w.scene.Doors = scene.Doors(w.look.snapshot, w.look.models, w.subjects, w.scene.Looked)
	w.reached(s)
	return w, nil
}

func nothingFound(about *subject) string {
	return fmt.Sprintf("in %d repositories no workflow uses or reaches %s", len(about.repos), strings.Join(slices.Concat(about.actions, about.secrets), ", "))
}

func repositoriesOf(subjects []string) []string {
	var out []string
	for _, x := range subjects {
		if r, _, is := apart(x); is {
			out = append(out, r)
		}
	}
	return once(out)
}

// search reads the code of every repository and adds the workflows it leads to.
func (w *wide) search(ctx context.Context, s *site, gh *github.Provider, about *subject) error {
	logs := 0
	for _, name := range slices.Clone(about.repos) {
		r, gaps, err := gh.Code(ctx, name)
		if err != nil {
			w.unknown("whether %s is affected: %v", name, err)
			continue
		}
		for _, gap := range gaps {
			w.unknown("%s: %s", gap.What, gap.Why)
		}
		l := s.understand(&snapshot.Snapshot{Repositories: []snapshot.Repository{r}})
		h := about.usesIn(l.models)
		w.scene.Uses, w.scene.Others = append(w.scene.Uses, h.found...), append(w.scene.Others, h.others...)
		for _, f := range h.foreign {
			w.unknown("%s/%s calls %s of another repository, whose steps were not read", f.Repository, f.Workflow, f.Uses)
		}
		for _, x := range h.found {
			about.about(append(about.workflows, x.Repository+"/"+x.Workflow))
		}
		for _, secret := range about.secrets {
			about.about(append(about.workflows, scene.ReachesSecret(l.inventory, secret)...))
		}
		if len(about.actions) > 0 {
			w.past(ctx, gh, about, r, l.models, &logs)
		}
	}
	w.count(about)
	return ctx.Err()
}

func (w *wide) unknown(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(w.scene.Unknown, text) {
		w.scene.Unknown = append(w.scene.Unknown, text)
	}
}

// past finds the runs of a repository that used an action, by the files at their commit.
func (w *wide) past(ctx context.Context, gh *github.Provider, about *subject, r snapshot.Repository, now []inventory.Model, logs *int) {
	from := w.scene.Looked.Add(-back)
	if t, err := time.Parse(time.RFC3339, about.since); err == nil {
		from = t
	} else {
		w.unknown("runs of %s before %s were not looked at: give --since to look further back", r.FullName, from.UTC().Format(time.RFC3339))
	}
	runs, whole, err := gh.Runs(ctx, r.FullName, "", from)
	if err != nil {
		w.unknown("%v", err)
		return
	}
	if !whole {
		w.unknown("GitHub shows only the newest %d runs of %s: name a later --since", len(runs), r.FullName)
	}
	at := map[string]hit{}
	heads := map[string][]string{}
	for _, b := range r.Branches {
		heads[b.SHA] = append(heads[b.SHA], b.Name)
	}
	byDefault := about.usesIn(now)
	for _, run := range runs {
		h, known := at[run.SHA]
		if !known {
			h = w.filesOf(ctx, gh, about, r, run.SHA, heads[run.SHA], len(at))
			at[run.SHA] = h
		}
		used := usesAt(run.Path, h.found, "")
		// Some events run the default branch's copy whatever commit the run is about.
		used = once(append(used, usesAt(run.Path, byDefault.found, r.DefaultBranch)...))
		maybe := once(append(usesAt(run.Path, h.others, ""), usesAt(run.Path, byDefault.others, r.DefaultBranch)...))
		w.judge(ctx, gh, about, snapshot.Live{Repository: r.FullName, Run: run, Jobs: []snapshot.Job{}}, used, maybe, logs)
	}
}

// filesOf searches the files at a commit. The head of a branch was read already.
func (w *wide) filesOf(ctx context.Context, gh *github.Provider, about *subject, r snapshot.Repository, sha string, branches []string, n int) hit {
	files := []snapshot.File{}
	switch {
	case len(branches) > 0:
		for _, f := range r.Files {
			if slices.Contains(f.Branches, branches[0]) {
				f.Branches = nil
				files = append(files, f)
			}
		}
	case n >= mostCommits:
		w.unknown("only the files at %d commits of %s were searched for the action; runs of other commits are judged by the default branch alone", mostCommits, r.FullName)
		return hit{}
	default:
		var err error
		if files, err = gh.FilesAt(ctx, r.FullName, sha); err != nil {
			w.unknown("whether runs of %s at %.10s used it: %v", r.FullName, sha, err)
			return hit{}
		}
	}
	part := snapshot.Snapshot{Repositories: []snapshot.Repository{{FullName: r.FullName, Files: files}}}
	return about.usesIn(inventory.Parse(inventory.FromSnapshot(&part)))
}

// usesAt gives the distinct `uses:` of a workflow; branch "" is any.
func usesAt(path string, all []scene.Site, branch string) []string {
	var out []string
	for _, x := range all {
		if x.Workflow == path && (branch == "" || slices.Contains(x.Branches, branch)) {
			out = append(out, x.Uses)
		}
	}
	return once(out)
}

// judge adds a run that used the action. Its log says what a ref stood for when it
// ran; where a commit was named, that decides for refs which are other words for it.
func (w *wide) judge(ctx context.Context, gh *github.Provider, about *subject, l snapshot.Live, used, maybe []string, logs *int) {
	if len(used) == 0 && (len(maybe) == 0 || !namesCommit(about.actions)) {
		return
	}
	gh.Fill(ctx, &l)
	var resolved []string
	for _, j := range l.Jobs {
		if j.Status != "completed" {
			continue
		}
		if *logs >= mostLogs {
			w.unknown("only %d jobs' logs were read for the commits that refs stood for", mostLogs)
			break
		}
		*logs++
		got, err := gh.Resolved(ctx, l.Repository, j.ID)
		if err != nil {
			w.unknown("which commit the action was in run %d of %s: %v", l.ID, l.Repository, err)
			break
		}
		for _, x := range got {
			if slices.Contains(used, x.Uses) || slices.Contains(maybe, x.Uses) {
				resolved = append(resolved, x.Uses+" = "+x.SHA)
				if is(about.actions, x) {
					used = append(used, x.Uses)
				}
			}
		}
	}
	if len(used) == 0 {
		return
	}
	used = once(used)
	w.scene.Affected = append(w.scene.Affected, view.AffectedRun{Live: l, Uses: used, Resolved: once(resolved)})
	about.about(append(about.workflows, l.Repository+"/"+l.Path))
	about.candidates = append(about.candidates, plan.Candidate{
		Time: l.Created.UTC(), Kind: scene.UsedIt, Evidence: fmt.Sprintf("run %d of %s/%s used %s", l.ID, l.Repository, l.Path, strings.Join(used, ", ")),
	})
}

// is reports whether an action as a job took it is one that was named by its commit.
func is(actions []string, x github.Resolved) bool {
	name, _, _ := strings.Cut(x.Uses, "@")
	return slices.ContainsFunc(actions, func(text string) bool {
		a, err := scene.ParseAction(text)
		return err == nil && a.Of(name+"@"+x.SHA) == scene.ThisExact && a.Ref != ""
	})
}

func namesCommit(actions []string) bool {
	return slices.ContainsFunc(actions, func(text string) bool {
		_, ref, _ := strings.Cut(text, "@")
		return len(ref) == 40 && strings.Trim(ref, "0123456789abcdef") == ""
	})
}

// count keeps the earliest candidate of many runs, and counts.
func (w *wide) count(about *subject) {
	var first *plan.Candidate
	rest := []plan.Candidate{}
	for _, c := range scene.Order(about.candidates) {
		if c.Kind != scene.UsedIt {
			rest = append(rest, c)
		} else if first == nil {
			first = &c
		}
	}
	if first != nil {
		rest = append(rest, *first)
	}
	about.candidates = scene.Order(rest)
	var repos []string
	for _, u := range w.scene.Uses {
		repos = append(repos, u.Repository)
	}
	for _, a := range w.scene.Affected {
		repos = append(repos, a.Repository)
		w.scene.Counts["jobs"] += len(a.Jobs)
	}
	w.scene.Counts["runs"], w.scene.Counts["repositories"] = len(w.scene.Affected), len(once(repos))
}

// alive fills in the live runs of the subjects.
func (w *wide) alive(ctx context.Context, gh *github.Provider) {
	for _, r := range w.look.snapshot.Repositories {
		for _, run := range r.Runs {
			if !slices.Contains(w.subjects, r.FullName+"/"+run.Path) {
				continue
			}
			l := snapshot.Live{Repository: r.FullName, Run: run}
			gh.Fill(ctx, &l)
			w.scene.Live = append(w.scene.Live, l)
		}
		for _, x := range r.Runners {
			if x.Busy {
				w.scene.Runners = append(w.scene.Runners, view.SceneRunner{Repository: r.FullName, Name: x.Name, Labels: x.Labels})
			}
		}
	}
}

// history looks for when each workflow's file became what it is now.
func (w *wide) history(ctx context.Context, gh *github.Provider, about *subject) {
	if about.since != "" {
		return // a person said since when
	}
	for _, x := range w.subjects {
		repository, file, _ := apart(x)
		runs, _, err := gh.Runs(ctx, repository, file, time.Time{})
		if err != nil {
			w.unknown("since when %s is as it is now: %v", x, err)
			continue
		}
		blobs := map[string]string{}
		var versions []scene.Version
		for _, run := range runs { // newest first
			sha, known := blobs[run.SHA]
			if !known {
				if len(blobs) == mostChanges {
					w.unknown("runs of %s before %s were not compared with its file as it is now", x, run.Created.UTC().Format(time.RFC3339))
					break
				}
				if sha, err = gh.BlobAt(ctx, repository, run.SHA, file); err != nil {
					w.unknown("what %s was at %.10s: %v", x, run.SHA, err)
				}
				blobs[run.SHA] = sha
			}
			versions = append(versions, scene.Version{Run: run, SHA: sha})
		}
		about.candidates = append(about.candidates, scene.Changes(repository, versions)...)
	}
}

// reached says what the subjects can become, and what could not be asked.
func (w *wide) reached(s *site) {
	for _, i := range inventory.ForSubjects(w.look.inventory, w.subjects).Identities {
		w.scene.Identities = append(w.scene.Identities, view.SceneIdentity{ID: i.ID, Kind: i.Kind, Verdict: i.Verdict, Witness: i.Witness, Owner: i.Owner})
	}
	for _, g := range w.look.snapshot.Gaps {
		switch {
		case g.Provider == "github":
			w.unknown("%s: %s", g.What, g.Why)
		case g.What == "everything":
			s.without(g.Provider, errors.New(g.Why))
		}
	}
	for i := range s.absent {
		a := &s.absent[i]
		a.Leaves = []string{}
		for _, x := range w.scene.Identities {
			if strings.HasPrefix(x.Kind, a.Provider+".") {
				a.Leaves = append(a.Leaves, x.ID)
			}
		}
	}
	w.scene.Absent = append(w.scene.Absent, s.absent...)
}
