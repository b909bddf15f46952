package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strconv"
	"time"

	"github.com/google/go-github/v62/github"
)

// live lists every status of a run that has not ended, in the order in which a run goes
// through them: one that goes on while they are asked for in turn is met at least once.
// Source: GitHub REST reference, "List workflow runs for a workflow", parameter status.
func live() []string {
	return []string{"action_required", "requested", "pending", "waiting", "queued", "in_progress"}
}

const completed = "completed"

// slack widens every window in time: clocks differ.
const slack = 5 * time.Minute

// liveRuns lists the runs of a workflow ("" for all) that have not ended, by id. With *incomplete,
// the runs that could be read come too.
func liveRuns(ctx context.Context, c *github.Client, repository, workflow string) ([]runWire, time.Time, error) {
	var (
		all  []runWire
		when time.Time
		cut  *incomplete
	)
	for _, status := range live() {
		part, server, err := list[runWire](ctx, c, runsOf(repository, workflow), "workflow_runs", url.Values{"status": {status}})
		if err != nil && !errors.As(err, &cut) {
			return nil, when, fmt.Errorf("list runs that are %s: %w", status, err)
		}
		for _, r := range part {
			if r.Status != completed {
				all = append(all, r)
			}
		}
		when = server
	}
	all = byID(all)
	if cut != nil {
		return all, when, cut
	}
	return all, when, nil
}

// runsSince lists the runs of a workflow created since a time; all of them for the zero time.
func runsSince(ctx context.Context, c *github.Client, repository, workflow string, since time.Time) ([]runWire, error) {
	all, _, err := list[runWire](ctx, c, runsOf(repository, workflow), "workflow_runs", createdSince(since))
	return byID(all), err
}

func createdSince(t time.Time) url.Values {
	if t.IsZero() {
		return nil
	}
	return url.Values{"created": {">=" + t.Add(-slack).UTC().Format(time.RFC3339)}}
}

func runsOf(repository, workflow string) string {
	if workflow == "" {
		return at(repository, "actions", "runs")
	}
	return at(repository, "actions", "workflows", path.Base(workflow), "runs")
}

// alive is what one look at a repository's live runs gave.
type alive struct {
	runs   []runWire
	server time.Time
}

// liveOf lists the live runs of a workflow. All workflows of a repository are read in one
// go where that shows everything, by all who ask at the same time: with forty workflows
// under response their readings alone would use the minute's quota up.
func (p *Provider) liveOf(ctx context.Context, repository, workflow string) ([]runWire, time.Time, error) {
	all, err := p.looks.Do(ctx, repository, func(ctx context.Context) (alive, error) {
		runs, server, err := liveRuns(ctx, p.reads, repository, "")
		return alive{runs, server}, err
	})
	if mine, whole := ofWorkflow(all.runs, workflow, err); whole {
		return mine, all.server, err
	}
	return liveRuns(ctx, p.reads, repository, workflow)
}

// runsSinceOf is runsSince for one workflow, shared as liveOf.
func (p *Provider) runsSinceOf(ctx context.Context, repository, workflow string, since time.Time) ([]runWire, error) {
	all, err := p.looks.Do(ctx, repository+" "+since.Format(time.RFC3339), func(ctx context.Context) (alive, error) {
		runs, err := runsSince(ctx, p.reads, repository, "", since)
		return alive{runs: runs}, err
	})
	if mine, whole := ofWorkflow(all.runs, workflow, err); whole {
		return mine, err
	}
	return runsSince(ctx, p.reads, repository, workflow, since)
}

// ofWorkflow picks the runs of one workflow file; whole is false where a list of all runs
// does not show them all: it was cut short, or a run does not say which file it is of.
func ofWorkflow(all []runWire, workflow string, err error) (mine []runWire, whole bool) {
	var cut *incomplete
	if errors.As(err, &cut) {
		return nil, false
	}
	for _, r := range all {
		if r.Path == "" {
			return nil, false
		}
		if path.Base(bare(r.Path)) == path.Base(workflow) {
			mine = append(mine, r)
		}
	}
	return mine, true
}

// byID sorts by id and drops repeats: a run may change its status between two lists.
func byID(runs []runWire) []runWire {
	slices.SortFunc(runs, func(a, b runWire) int { return cmp.Compare(a.ID, b.ID) })
	return slices.CompactFunc(runs, func(a, b runWire) bool { return a.ID == b.ID })
}

// liveJobs lists the jobs of a run, over all attempts, that have not ended. The
// job's token dies with the job, not with the run.
func liveJobs(ctx context.Context, c *github.Client, repository string, run int64) ([]jobWire, error) {
	jobs, _, err := list[jobWire](ctx, c, at(repository, "actions", "runs", strconv.FormatInt(run, 10), "jobs"), "jobs", url.Values{"filter": {"all"}})
	if err != nil {
		return nil, fmt.Errorf("list jobs of run %d: %w", run, err)
	}
	return slices.DeleteFunc(jobs, func(j jobWire) bool { return j.Status == completed }), nil
}

// since reads a timestamp input; zero when it is absent.
func since(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, fmt.Errorf("since %q is not a time; write it like 2025-03-14T16:57:00Z", text)
	}
	return t, nil
}
