package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// Glance lists what shutting the first door needs and nothing else: the workflows as
// the Actions service knows them, and the live runs. It is two or three round trips,
// so that a response does not wait for a survey. now is the provider's time.
func (p *Provider) Glance(ctx context.Context, name string) (r snapshot.Repository, now time.Time, err error) {
	var repo struct {
		ID       int64  `json:"id"`
		FullName string `json:"full_name"`
		Default  string `json:"default_branch"`
		Private  bool   `json:"private"`
	}
	v := p.surveyorOf(name)
	if now, err = get(ctx, v.client, at(name), &repo); err != nil {
		return r, now, unseen(name, err)
	}
	if repo.FullName == "" {
		return r, now, fmt.Errorf("read %s: GitHub's answer names no repository", name)
	}
	v.r.FullName, v.r.ID, v.r.DefaultBranch, v.r.Private = repo.FullName, repo.ID, repo.Default, repo.Private
	var wait sync.WaitGroup
	var listed, lives error
	wait.Go(func() { listed = v.workflows(ctx) })
	wait.Go(func() { lives = v.runs(ctx) })
	wait.Wait()
	var cut *incomplete
	if errors.As(lives, &cut) {
		lives = nil // the runs that could be read are a beginning; cancelling lists them anew
	}
	if err := errors.Join(listed, lives); err != nil {
		return r, now, fmt.Errorf("look at the workflows and live runs of %s: %w", name, err)
	}
	return *v.r, now, nil
}

// surveyorOf reads single things of a repository as a survey does, by name alone.
func (p *Provider) surveyorOf(name string) *surveyor {
	return &surveyor{Provider: p, client: p.client(p.surveying), granted: &granted{}, r: &snapshot.Repository{FullName: name}}
}

// unseen makes a repository that GitHub does not show to us a mistake of the user's:
// it answers 404 for one that is not there and for one we may not see alike, and 301
// for one that has moved.
func unseen(name string, err error) error {
	switch status(err) {
	case http.StatusNotFound:
		return adapters.NotThere(fmt.Sprintf("%s does not exist, or the token may not see it", name))
	case http.StatusMovedPermanently:
		return adapters.NotThere(name + " has been renamed or moved; use the name it has now")
	}
	return fmt.Errorf("read %s: %w", name, advised(err))
}

// Run reads one run.
func (p *Provider) Run(ctx context.Context, ref RunRef) (snapshot.Live, error) {
	var w struct {
		runWire
		Title string `json:"display_title"`
	}
	_, err := get(ctx, p.client(p.surveying), at(ref.Repository, "actions", "runs", strconv.FormatInt(ref.ID, 10)), &w)
	if status(err) == http.StatusNotFound {
		return snapshot.Live{}, adapters.NotThere(fmt.Sprintf("run %d of %s does not exist (GitHub keeps runs for 400 days at most), or the token may not see it", ref.ID, ref.Repository))
	}
	if err != nil {
		return snapshot.Live{}, fmt.Errorf("read run %d of %s: %w", ref.ID, ref.Repository, err)
	}
	if w.Path == "" {
		return snapshot.Live{}, fmt.Errorf("read run %d of %s: GitHub's answer names no workflow", ref.ID, ref.Repository)
	}
	return snapshot.Live{Repository: ref.Repository, Run: runOf(w.runWire), Title: w.Title, Jobs: []snapshot.Job{}}, nil
}

// Runs lists the runs of a workflow ("" for all) created since a time, newest first.
// whole is false where GitHub shows fewer than there are.
func (p *Provider) Runs(ctx context.Context, repository, workflow string, since time.Time) (runs []snapshot.Run, whole bool, err error) {
	all, err := runsSince(ctx, p.client(p.surveying), repository, workflow, since)
	var cut *incomplete
	if err != nil && !errors.As(err, &cut) {
		return nil, false, fmt.Errorf("list the runs of %s: %w", repository, err)
	}
	for _, r := range slices.Backward(all) {
		runs = append(runs, runOf(r))
	}
	return runs, cut == nil, nil
}

func runOf(r runWire) snapshot.Run {
	return snapshot.Run{
		ID: r.ID, WorkflowID: r.WorkflowID, Path: bare(r.Path), Event: r.Event, Branch: r.Branch, SHA: r.SHA, Status: r.Status,
		Conclusion: r.Conclusion, Actor: r.Actor.Login, Attempt: r.Attempt, Created: r.Created.UTC(),
	}
}

// bare is a run's path without the ref some servers write behind it.
func bare(path string) string {
	for i := range path {
		if path[i] == '@' {
			return path[:i]
		}
	}
	return path
}

// Fill adds jobs, with the runner that has each, and what the run waits for. What
// cannot be read is said in the run's gap.
func (p *Provider) Fill(ctx context.Context, l *snapshot.Live) {
	client := p.client(p.surveying)
	id := strconv.FormatInt(l.ID, 10)
	type jobFacts struct {
		jobWire
		Conclusion string    `json:"conclusion"`
		Attempt    int       `json:"run_attempt"`
		Runner     string    `json:"runner_name"`
		Group      string    `json:"runner_group_name"`
		Labels     []string  `json:"labels"`
		Started    time.Time `json:"started_at"`
		Ended      time.Time `json:"completed_at"`
	}
	jobs, _, err := list[jobFacts](ctx, client, at(l.Repository, "actions", "runs", id, "jobs"), "jobs", url.Values{"filter": {"all"}})
	if err != nil {
		l.Gap = "its jobs could not be read: " + why(err)
	}
	l.Jobs = []snapshot.Job{}
	for _, j := range jobs {
		job := snapshot.Job{ID: j.ID, Name: j.Name, Status: j.Status, Conclusion: j.Conclusion, Attempt: j.Attempt, Runner: j.Runner, Group: j.Group, Labels: j.Labels}
		if j.Status != "queued" && j.Status != "waiting" { // GitHub gives these a start that is none
			job.Started = j.Started.UTC()
		}
		if j.Status == completed {
			job.Ended = j.Ended.UTC()
		}
		l.Jobs = append(l.Jobs, job)
	}
	if l.Status != "waiting" {
		return
	}
	var pending []struct {
		Environment struct {
			Name string `json:"name"`
		} `json:"environment"`
	}
	if _, err := get(ctx, client, at(l.Repository, "actions", "runs", id, "pending_deployments"), &pending); err != nil {
		l.Gap = "what it waits for could not be read: " + why(err)
		return
	}
	for _, x := range pending {
		l.Waits = append(l.Waits, x.Environment.Name)
	}
}

// FilesAt reads the workflow files and local actions of one commit or branch; they
// name no branch.
func (p *Provider) FilesAt(ctx context.Context, repository, ref string) ([]snapshot.File, error) {
	v := p.surveyorOf(repository)
	tree, err := v.tree(ctx, snapshot.Branch{Name: ref, SHA: ref})
	if err != nil {
		return nil, fmt.Errorf("the files of %s at %s: %s", repository, ref, why(err))
	}
	out := []snapshot.File{}
	for _, e := range tree {
		content, err := v.blob(ctx, e.SHA)
		if err != nil {
			return nil, fmt.Errorf("%s of %s at %s: %s", e.Path, repository, ref, why(err))
		}
		out = append(out, snapshot.File{Path: e.Path, SHA: e.SHA, Content: content})
	}
	return out, cutShort(v, ref)
}

// BlobAt is the git blob of one file at a commit, "" where the commit lacks it.
func (p *Provider) BlobAt(ctx context.Context, repository, ref, file string) (string, error) {
	v := p.surveyorOf(repository)
	tree, err := v.tree(ctx, snapshot.Branch{Name: ref, SHA: ref})
	if err != nil {
		return "", fmt.Errorf("the files of %s at %s: %s", repository, ref, why(err))
	}
	for _, e := range tree {
		if e.Path == file {
			return e.SHA, nil
		}
	}
	return "", cutShort(v, ref)
}

func cutShort(v *surveyor, ref string) error {
	if len(v.gaps) == 0 {
		return nil
	}
	return fmt.Errorf("the files at %s: %s", ref, v.gaps[0].Why)
}

// Repositories lists the full names of an owner's repositories that are neither
// archived nor disabled: nothing runs in those. unseen tells of those the token may not see.
func (p *Provider) Repositories(ctx context.Context, owner string) (out []string, unseen []snapshot.Gap, err error) {
	h := p.house(owner)
	all, unseen, err := p.repositoriesOf(ctx, h)
	if err != nil {
		return nil, nil, err
	}
	if !h.personal {
		unseen = h.unseen(ctx, len(all))
	}
	for _, r := range all {
		if !r.Archived && !r.Disabled {
			out = append(out, r.FullName)
		}
	}
	return out, unseen, nil
}

// Code reads the workflow files and local actions of every branch, and no more.
func (p *Provider) Code(ctx context.Context, name string) (snapshot.Repository, []snapshot.Gap, error) {
	v := p.surveyorOf(name)
	var repo struct {
		FullName string `json:"full_name"`
		Default  string `json:"default_branch"`
	}
	if _, err := get(ctx, v.client, at(name), &repo); err != nil {
		return snapshot.Repository{}, nil, unseen(name, err)
	}
	v.r.FullName, v.r.DefaultBranch = repo.FullName, repo.Default
	err := v.files(ctx)
	return *v.r, v.gaps, err
}
