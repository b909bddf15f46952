package inventory

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// DriftSchema names the JSON form of Drift.
const DriftSchema = "firebreak.drift/1"

// Drift is what is another in a later inventory. Lines that moved, and nothing else, are none.
type Drift struct {
	Schema  string       `json:"schema"`
	Added   []Difference `json:"added"`
	Removed []Difference `json:"removed"`
	Changed []Difference `json:"changed"`
}

// Difference is one fact that came, went or changed.
type Difference struct {
	// Kind is what it is about: "workflow", "trigger", "start", "environment", "runner",
	// "permission", "reach", "credential", "owner", "authority", "identity", "finding".
	Kind       string `json:"kind"`
	Repository string `json:"repository,omitempty"`
	Path       string `json:"path,omitempty"`
	Job        string `json:"job,omitempty"`
	Name       string `json:"name"`          // of what came, went or changed
	Was        string `json:"was,omitempty"` // what it was in the baseline
	Is         string `json:"is,omitempty"`  // what it is now
}

// Empty says whether nothing is another.
func (d Drift) Empty() bool { return len(d.Added)+len(d.Removed)+len(d.Changed) == 0 }

// Decode reads the JSON form of an inventory, to compare with a later one.
func Decode(b []byte) (Inventory, error) {
	var inv Inventory
	if err := json.Unmarshal(b, &inv); err != nil {
		return Inventory{}, fmt.Errorf("read inventory: %w", err)
	}
	if inv.Schema != Schema {
		return Inventory{}, errors.New("it is no inventory of this program: its schema is " + cmp.Or(inv.Schema, "missing"))
	}
	return inv, nil
}

// fact is what an inventory says of one thing.
type fact struct{ kind, repository, path, job, name string }

// Compare tells what a later inventory says other than a baseline. Both lists are
// sorted, so that the same two give the same drift.
func Compare(baseline, now Inventory) Drift {
	was, is := facts(baseline), facts(now)
	d := Drift{Schema: DriftSchema, Added: []Difference{}, Removed: []Difference{}, Changed: []Difference{}}
	for f, v := range is {
		old, had := was[f]
		switch {
		case !had:
			d.Added = append(d.Added, f.difference("", v))
		case old != v:
			d.Changed = append(d.Changed, f.difference(old, v))
		}
	}
	for f, v := range was {
		if _, has := is[f]; !has {
			d.Removed = append(d.Removed, f.difference(v, ""))
		}
	}
	for _, list := range [][]Difference{d.Added, d.Removed, d.Changed} {
		slices.SortFunc(list, func(a, b Difference) int {
			return cmp.Or(cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Job, b.Job), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Is, b.Is))
		})
	}
	return d
}

func (f fact) difference(was, is string) Difference {
	return Difference{Kind: f.kind, Repository: f.repository, Path: f.path, Job: f.job, Name: f.name, Was: was, Is: is}
}

// facts takes an inventory apart into what can be compared one by one.
func facts(inv Inventory) map[fact]string {
	out := map[fact]string{}
	for _, r := range inv.Repositories {
		for i := range r.Workflows {
			ofWorkflow(out, r.Repository, &r.Workflows[i])
		}
	}
	for _, c := range inv.Credentials {
		out[fact{kind: "credential", repository: c.Repository, name: c.ID}] = ""
		out[fact{kind: "owner", repository: c.Repository, name: c.ID}] = c.Owner
		out[fact{kind: "authority", repository: c.Repository, name: c.ID}] = strings.Join(c.Authority, ", ")
	}
	for _, i := range inv.Identities {
		out[fact{kind: "identity", name: i.ID}] = briefly(i.Verdict)
		out[fact{kind: "owner", name: i.ID}] = i.Owner
		for _, o := range i.OpenTo {
			out[fact{kind: "identity", name: i.ID + " open to " + o}] = ""
		}
	}
	for _, f := range inv.Findings {
		accepted := ""
		if f.Accepted != nil {
			accepted = ", accepted"
		}
		out[fact{"finding", f.Repository, f.Path, f.Job, f.Rule + ": " + f.Message + " (" + f.Fingerprint + ")"}] = f.Severity + accepted
	}
	return out
}

func ofWorkflow(out map[fact]string, repository string, w *Workflow) {
	// A file that differs between branches is several; each is told with its own.
	path := w.Path
	if len(w.Branches) > 0 {
		path += " on " + strings.Join(w.Branches, ", ")
	}
	at := func(kind, job, name string) fact { return fact{kind, repository, path, job, name} }
	out[at("workflow", "", w.Path)] = ""
	for _, t := range w.Triggers {
		out[at("trigger", "", t.Event)] = t.Trust
	}
	for _, j := range w.Jobs {
		for _, s := range j.Starts {
			out[at("start", j.ID, s.Event)] = s.Trust + " on " + strings.Join(s.Refs, ", ")
		}
		if j.Environment != "" {
			out[at("environment", j.ID, "environment")] = j.Environment
		}
		if j.Runner != "" {
			out[at("runner", j.ID, "runner")] = j.Runner
		}
		for scope, level := range j.Permissions {
			out[at("permission", j.ID, scope)] = level
		}
		for _, r := range j.Reaches {
			if r.How != HowInheritUnused {
				out[at("reach", j.ID, r.Credential)] = ""
			}
		}
	}
}
