package scene

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// The kinds of candidates for the start of an exposure.
const (
	Given     = "given"           // a person said so
	NamedRun  = "named-run"       // a run that was named
	LiveRun   = "live-run"        // the earliest run that is alive
	Changed   = "changed-file"    // the earliest run with the workflow file as it is now
	UsedIt    = "used-action"     // the earliest run that used the action
	LastClean = "last-known-good" // the last run before the file changed: a bound, never taken
)

// Earliest chooses among candidates: what a person said, else the earliest of those
// that an attacker may have been in. since is zero where there is none.
func Earliest(all []plan.Candidate) (since time.Time, why string) {
	var taken *plan.Candidate
	n := 0
	for i := range all {
		c := &all[i]
		if c.Kind == Given {
			return c.Time, "given"
		}
		if c.Kind == LastClean || c.Time.IsZero() {
			continue
		}
		n++
		if taken == nil || c.Time.Before(taken.Time) {
			taken = c
		}
	}
	if taken == nil {
		return time.Time{}, "not given, and no run tells: give --since"
	}
	why = "not given: " + taken.Evidence
	if n > 1 {
		why += fmt.Sprintf(", the earliest of %d candidates", n)
	}
	return taken.Time, why
}

// Order sorts candidates by time and leaves repeats out.
func Order(all []plan.Candidate) []plan.Candidate {
	slices.SortFunc(all, func(a, b plan.Candidate) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Evidence, b.Evidence))
	})
	return slices.Compact(all)
}

// Alive gives the earliest live run among the workflows of one repository.
func Alive(repository string, runs []snapshot.Run, workflows []string) []plan.Candidate {
	var first *snapshot.Run
	for i := range runs {
		r := &runs[i]
		if slices.Contains(workflows, r.Path) && !r.Created.IsZero() && (first == nil || r.Created.Before(first.Created)) {
			first = r
		}
	}
	if first == nil {
		return nil
	}
	return []plan.Candidate{{Time: first.Created.UTC(), Kind: LiveRun, Evidence: fmt.Sprintf("run %d of %s is the earliest that was still alive", first.ID, at(repository, first.Path))}}
}

// Named is the candidate that a named run is.
func Named(repository string, r snapshot.Run) plan.Candidate {
	return plan.Candidate{Time: r.Created.UTC(), Kind: NamedRun, Evidence: fmt.Sprintf("run %d of %s was named", r.ID, at(repository, r.Path))}
}

// Version is a run with what the workflow file was when it ran.
type Version struct {
	Run snapshot.Run
	SHA string // git blob of the workflow file at the run's commit; "" where it could not be read
}

// Changes looks through the runs of one workflow for when its file became what it is
// now: the earliest run with that content, and the last with another. Without a change
// among the runs there is no candidate, because then nothing tells.
func Changes(repository string, versions []Version) []plan.Candidate {
	all := slices.DeleteFunc(slices.Clone(versions), func(v Version) bool { return v.SHA == "" })
	slices.SortFunc(all, func(a, b Version) int {
		return cmp.Or(b.Run.Created.Compare(a.Run.Created), cmp.Compare(b.Run.ID, a.Run.ID))
	})
	for i := 1; i < len(all); i++ {
		if all[i].SHA == all[0].SHA {
			continue
		}
		first, before := all[i-1].Run, all[i].Run
		ended := cmp.Or(before.Conclusion, before.Status)
		return []plan.Candidate{
			{Time: first.Created.UTC(), Kind: Changed, Evidence: fmt.Sprintf("run %d is the first of %s with the file as it is now (commit %s)", first.ID, at(repository, first.Path), short(first.SHA))},
			{Time: before.Created.UTC(), Kind: LastClean, Evidence: fmt.Sprintf("run %d (%s) is the last of %s before its file changed (commit %s)", before.ID, ended, at(repository, before.Path), short(before.SHA))},
		}
	}
	return nil
}

func at(repository, path string) string { return repository + "/" + path }

func short(sha string) string { return strings.TrimSpace(sha[:min(len(sha), 10)]) }
