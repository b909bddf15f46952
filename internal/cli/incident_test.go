package cli

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// A process that was killed before its incident had a plan leaves a folder that is
// in nobody's way: nothing was sent, and the incident begun after it is the one.
func TestAnIncidentThatWasNotBegunIsInNobodysWay(t *testing.T) {
	f := &Factory{stateDir: t.TempDir()}
	folder := func(id string) string { return filepath.Join(f.stateDir, "incidents", id) }
	begin := func(id string) *journal.Journal {
		j, _, err := journal.Create(folder(id), journal.Owner{}, time.Now(), respond.Opened{Incident: id})
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	shut := func(j *journal.Journal) {
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	shut(begin("inc-opened"))
	shut(begin("inc-empty"))
	if err := os.Truncate(filepath.Join(folder("inc-empty"), journal.File), 0); err != nil {
		t.Fatal(err)
	}
	if dir, err := f.incident(""); err == nil {
		t.Errorf("%s counts as an incident", dir)
	}
	j := begin("inc-planned")
	p := &plan.Plan{Schema: plan.Schema}
	b, err := plan.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Append([]respond.Event{{Time: time.Now(), Data: respond.Planned{Digest: plan.Digest(b), Bytes: b, Plan: p}}}); err != nil {
		t.Fatal(err)
	}
	shut(j)
	if dir, err := f.incident(""); err != nil || filepath.Base(dir) != "inc-planned" {
		t.Errorf("%s, %v", dir, err)
	}
	for id, want := range map[string]string{"inc-opened": notBegun, "inc-empty": notBegun, "inc-planned": "open"} {
		if got := phase(folder(id)); got != want {
			t.Errorf("%s is %q", id, got)
		}
	}
	for _, id := range []string{"inc-opened", "inc-empty"} {
		if err := resumeRun(t.Context(), &resumeOptions{f: f, incident: id}); CodeOf(err) != Usage {
			t.Errorf("resume %s: %v", id, err)
		}
	}
}
