package boundary

import (
	"slices"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// Acceptance lets a finding stand: an entry of accepted.yaml.
type Acceptance = config.AcceptedFinding

// Accepted is a finding with what lets it stand.
type Accepted struct {
	Finding    inventory.Finding
	Acceptance Acceptance
}

// Verdict is what gate 5 has to know of the boundary. The gate holds open only
// with nothing in Open and nothing in Unknown.
type Verdict struct {
	Open     []inventory.Finding
	Accepted []Accepted
	Unknown  []string // what could not be judged, each a sentence
}

// Gate judges the findings about the workflows under response ("owner/name/path").
// A finding counts when an event can still start it from a branch that the
// snapshot s has. It stands aside only for an acceptance with reason, owner and an
// expiry after now, which comes from beside the responder's configuration and never
// from the repository under response. Findings are those of Check over models from the same snapshot.
func Gate(findings []inventory.Finding, s *snapshot.Snapshot, subjects []string, accepted []Acceptance, now time.Time) Verdict {
	v := Verdict{Unknown: unread(s, subjects)}
	standing := index(accepted)
	for _, f := range findings {
		if !slices.Contains(subjects, subject(f)) {
			continue
		}
		if f.Rule == inventory.RuleUnreadable {
			v.Unknown = append(v.Unknown, subject(f)+" on "+on(f)+" could not be read as a workflow: "+f.Message)
			continue
		}
		if !f.Gate || (len(f.Branches) > 0 && len(f.Fires) == 0) {
			continue
		}
		if a, ok := standing.of(&f, now); ok {
			v.Accepted = append(v.Accepted, Accepted{f, a})
			continue
		}
		if f.Severity == Unknown {
			v.Unknown = append(v.Unknown, subject(f)+" on "+on(f)+": "+f.Message)
			continue
		}
		v.Open = append(v.Open, f)
	}
	slices.Sort(v.Unknown)
	v.Unknown = slices.Compact(v.Unknown)
	return v
}

func subject(f inventory.Finding) string {
	p := f.Path
	if f.Workflow != "" {
		p = f.Workflow
	}
	if f.Repository == "" {
		return p
	}
	return f.Repository + "/" + p
}

func on(f inventory.Finding) string {
	if len(f.Branches) == 0 {
		return "this checkout"
	}
	return "branch " + strings.Join(f.Branches, ", ")
}

// unread says what of the subjects' repositories the snapshot does not show.
func unread(s *snapshot.Snapshot, subjects []string) []string {
	var out []string
	for _, g := range s.Gaps {
		if g.Provider == "github" {
			out = append(out, "GitHub: "+g.What+" could not be listed: "+g.Why)
		}
	}
	for _, subject := range subjects {
		name := subject
		if i := strings.Index(subject, "/.github/"); i >= 0 {
			name = subject[:i]
		}
		i := slices.IndexFunc(s.Repositories, func(r snapshot.Repository) bool { return r.FullName == name })
		switch {
		case i < 0:
			out = append(out, "repository "+name+" is not in the survey")
		case len(s.Repositories[i].Branches) == 0:
			out = append(out, "the branches of "+name+" are not in the survey")
		case s.Repositories[i].DefaultBranch == "":
			out = append(out, "the default branch of "+name+" is not in the survey")
		}
	}
	return out
}
