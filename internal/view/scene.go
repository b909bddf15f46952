package view

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/scene"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// Scene is what was going on when somebody looked: is it live now, how can it come
// back, what can it become, since when, and what could not be seen.
type Scene struct {
	Looked     time.Time       `json:"looked"` // GitHub's clock, where it was told
	Live       []snapshot.Live `json:"live"`
	Doors      []scene.Door    `json:"doors"`
	Identities []SceneIdentity `json:"identities"`
	// Runners are the self-hosted ones that were busy: a host outlives its job.
	Runners  []SceneRunner  `json:"busy_runners"`
	Exposure plan.Exposure  `json:"exposure"`
	Uses     []scene.Site   `json:"uses"`           // of the actions that were named
	Others   []scene.Site   `json:"uses_otherwise"` // of the same actions at another ref
	Affected []AffectedRun  `json:"affected_runs"`
	Absent   []Absent       `json:"unconfigured"`
	Lacking  []Lacking      `json:"lacking_permissions"`
	Unknown  []string       `json:"unknown"` // each a sentence
	Counts   map[string]int `json:"counts"`
}

// SceneIdentity is what a workflow can become without holding a value.
type SceneIdentity struct {
	ID      string `json:"id"`
	Kind    string `json:"kind"`
	Verdict string `json:"verdict"`
	Witness string `json:"witness,omitempty"`
	Owner   string `json:"owner,omitempty"`
}

// SceneRunner is a busy self-hosted runner.
type SceneRunner struct {
	Repository string   `json:"repository"`
	Name       string   `json:"name"`
	Labels     []string `json:"labels"`
}

// AffectedRun is a run that used a named action.
type AffectedRun struct {
	snapshot.Live
	Uses []string `json:"uses"`
	// Resolved are the commits its refs stood for when it ran, from its log.
	Resolved []string `json:"resolved,omitempty"`
}

// Absent is a provider that nothing could be asked of.
type Absent struct {
	Provider string `json:"provider"`
	Why      string `json:"why"`
	// Leaves are the identities that stay as they are because of it.
	Leaves []string `json:"leaves"`
}

// Lacking is a permission that our credential lacks for an action.
type Lacking struct {
	Step       plan.Step `json:"step"`
	Action     string    `json:"action"`
	Permission string    `json:"permission"`
	On         string    `json:"on,omitempty"`
	Why        string    `json:"why,omitempty"`
	Link       string    `json:"link,omitempty"`
}

// ContainmentSchema names the JSON form of what contain gives.
const ContainmentSchema = "firebreak.contain/1"

// Containment is the result of contain.
type Containment struct {
	Schema   string `json:"schema"`
	Incident string `json:"incident"`
	State    string `json:"state"`
	// FirstEffect is how many seconds after the first read the first call was answered;
	// -1 where there was nothing to change.
	FirstEffect float64  `json:"first_effect_seconds"`
	Workflows   []string `json:"workflows"`
	Scene       Scene    `json:"scene"`
	Status      Incident `json:"status"`
	Next        string   `json:"next"`
}

// WriteLive answers: is it live now?
func WriteLive(w io.Writer, st Style, live []snapshot.Live, now time.Time) error {
	var b strings.Builder
	if len(live) == 0 {
		b.WriteString(st.Good("Nothing is running or queued") + " of these workflows right now\n")
	} else {
		b.WriteString(st.Bad("LIVE: "+Count(len(live), "run")) + "\n")
	}
	for _, l := range live {
		run(&b, st, l, now)
	}
	_, err := io.WriteString(w, st.fit(b.String()))
	return err
}

func run(b *strings.Builder, st Style, l snapshot.Live, now time.Time) {
	fmt.Fprintf(b, "  %s run %d of %s: %s", st.Bad(Line(l.Status)), l.ID, Line(l.Repository+"/"+l.Path), Line(l.Event))
	if l.Actor != "" {
		b.WriteString(" by " + Line(l.Actor))
	}
	if l.Branch != "" {
		b.WriteString(" on " + Line(l.Branch))
	}
	b.WriteString(age(l.Created, now) + "\n")
	for _, j := range l.Jobs {
		if j.Status == "completed" {
			continue
		}
		fmt.Fprintf(b, "    job %s: %s", Line(j.Name), Line(j.Status))
		switch {
		case j.Runner != "":
			b.WriteString(" on runner " + Line(j.Runner))
		case len(j.Labels) > 0:
			b.WriteString(", wants a runner " + Line(strings.Join(j.Labels, " ")))
		}
		b.WriteString(age(j.Started, now) + "\n")
	}
	for _, e := range l.Waits {
		b.WriteString("    " + st.Warn("waits for approval") + " of environment " + Line(e) + ": refuse it\n")
	}
	if l.Gap != "" {
		b.WriteString("    " + st.Warn("not known: ") + Line(l.Gap) + "\n")
	}
}

func age(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	text := ", since " + t.UTC().Format("15:04:05")
	if d := now.Sub(t).Round(time.Second); !now.IsZero() && d >= 0 {
		text += fmt.Sprintf(" (%s)", d)
	}
	return text
}

// WriteScene writes what a whole look gave.
func WriteScene(w io.Writer, st Style, s Scene) error {
	var b strings.Builder
	if err := WriteLive(&b, Style{r: st.r}, s.Live, s.Looked); err != nil {
		return err
	}
	doors(&b, st, s.Doors)
	if len(s.Identities) > 0 {
		b.WriteString(st.Strong("They can become") + "\n")
	}
	for _, i := range s.Identities {
		fmt.Fprintf(&b, "  %s (%s): %s\n", Line(i.ID), Line(i.Kind), Line(i.Verdict))
	}
	for _, r := range s.Runners {
		fmt.Fprintf(&b, "%s self-hosted runner %s of %s is busy: take the host off the network before tokens are revoked\n", st.Warn("!"), Line(r.Name), Line(r.Repository))
	}
	uses(&b, st, s)
	exposure(&b, st, s.Exposure)
	for _, a := range s.Absent {
		b.WriteString(st.Warn("not configured: ") + Line(a.Provider) + ": " + Line(a.Why))
		if len(a.Leaves) > 0 {
			b.WriteString("; until then " + st.Bad(Line(strings.Join(a.Leaves, ", "))) + " stays as it is")
		}
		b.WriteString("\n")
	}
	for _, l := range s.Lacking {
		fmt.Fprintf(&b, "%s %s for %s in step %s", st.Bad("missing permission"), Line(l.Permission), Line(l.Action), l.Step)
		if l.Link != "" {
			b.WriteString(": " + Line(l.Link))
		}
		b.WriteString("\n")
	}
	for _, u := range s.Unknown {
		b.WriteString(st.Warn("not known: ") + Line(u) + "\n")
	}
	_, err := io.WriteString(w, st.fit(b.String()))
	return err
}

func doors(b *strings.Builder, st Style, all []scene.Door) {
	if len(all) > 0 {
		b.WriteString(st.Strong("Doors") + "\n")
	}
	for _, d := range all {
		word := st.Good("shut")
		switch {
		case d.Open && d.State == scene.Shutting:
			word = st.Warn("being shut")
		case d.Open:
			word = st.Bad("OPEN")
		}
		fmt.Fprintf(b, "  %s %s of %s: %s, by %s", word, Line(d.Event), Line(d.Workflow), Line(d.When), Line(d.Who))
		if len(d.Branches) > 0 {
			b.WriteString(", from " + Line(strings.Join(d.Branches, ", ")))
		}
		b.WriteString("\n")
	}
}

// shown is how many places or runs are listed for a person; JSON has all.
const shown = 20

func uses(b *strings.Builder, st Style, s Scene) {
	if len(s.Uses)+len(s.Affected) > 0 {
		fmt.Fprintf(b, "%s: %s, %s, %s, %s\n", st.Strong("The action was used"), Count(len(s.Uses), "place"), Count(len(s.Affected), "run"), Count(s.Counts["jobs"], "job"), strings.Replace(Count(s.Counts["repositories"], "repository"), "repositorys", "repositories", 1))
	}
	for i, u := range s.Uses {
		if i == shown {
			fmt.Fprintf(b, "  and %d more places\n", len(s.Uses)-shown)
			break
		}
		fmt.Fprintf(b, "  %s/%s:%d job %s: %s\n", Line(u.Repository), Line(u.Path), u.Line, Line(u.Job), Line(u.Uses))
	}
	for i, a := range s.Affected {
		if i == shown {
			fmt.Fprintf(b, "  and %d more runs\n", len(s.Affected)-shown)
			break
		}
		fmt.Fprintf(b, "  run %d of %s/%s, %s, %s", a.ID, Line(a.Repository), Line(a.Path), a.Created.UTC().Format(time.RFC3339), Line(strings.Join(a.Uses, ", ")))
		if len(a.Resolved) > 0 {
			b.WriteString(", which was " + Line(strings.Join(a.Resolved, ", ")))
		}
		b.WriteString("\n")
	}
	if n := len(s.Others); n > 0 {
		fmt.Fprintf(b, "  %d more places use it at another ref and are not counted\n", n)
	}
}

func exposure(b *strings.Builder, st Style, e plan.Exposure) {
	b.WriteString(st.Strong("Since when") + "\n  ")
	if e.Since.IsZero() {
		b.WriteString(st.Warn("not known") + ": ")
	} else {
		b.WriteString(e.Since.UTC().Format(time.RFC3339) + " is taken, ")
	}
	b.WriteString(Line(e.Why) + "\n")
	for _, c := range e.Candidates {
		fmt.Fprintf(b, "  %s  %s: %s\n", c.Time.UTC().Format(time.RFC3339), Line(c.Kind), Line(c.Evidence))
	}
}
