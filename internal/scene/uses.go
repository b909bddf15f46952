package scene

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/inventory"
)

// Action is what --action names: OWNER/NAME, a path in it, and the ref. Ref "" is any.
type Action struct{ Name, Ref string }

var actionText = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+(/[^@\s]+)?$`)

// ParseAction reads OWNER/NAME[/PATH][@REF].
func ParseAction(text string) (Action, error) {
	name, ref, _ := strings.Cut(text, "@")
	if !actionText.MatchString(name) || strings.ContainsAny(ref, " \t") || strings.HasSuffix(text, "@") {
		return Action{}, fmt.Errorf("%q is not an action; write OWNER/NAME@REF, as a workflow does", text)
	}
	return Action{strings.TrimSuffix(name, "/"), ref}, nil
}

func (a Action) String() string {
	if a.Ref == "" {
		return a.Name
	}
	return a.Name + "@" + a.Ref
}

// Use says how a `uses:` of a workflow stands to an action.
type Use int

// The ways a `uses:` stands to an action.
const (
	Other     Use = iota // another action
	OtherRef             // the action at another ref: a moved tag or a pinned commit
	ThisExact            // the action at this ref
)

// Of judges one `uses:`. GitHub compares owners and names without case, refs with.
func (a Action) Of(uses string) Use {
	name, ref, _ := strings.Cut(uses, "@")
	name = strings.ToLower(strings.Trim(name, "/"))
	want := strings.ToLower(a.Name)
	switch {
	case name != want && !strings.HasPrefix(name, want+"/"):
		return Other
	case a.Ref == "" || ref == a.Ref:
		return ThisExact
	}
	return OtherRef
}

// Site is a place in a workflow at which an action is used.
type Site struct {
	Repository string   `json:"repository"`
	Workflow   string   `json:"workflow"` // whose event starts it
	Branches   []string `json:"branches,omitempty"`
	Job        string   `json:"job"`
	Path       string   `json:"path"` // file the `uses:` stands in
	Line       int      `json:"line"`
	Uses       string   `json:"uses"`
}

// UsesOf finds every place at which a model's workflows use the action: in steps, in
// local composite actions and reusable workflows, and as a called workflow of another
// repository. others are places with another ref; foreign are called workflows of
// other repositories, whose own steps are not known.
func UsesOf(a Action, m *inventory.Model) (found, others, foreign []Site) {
	for i := range m.Workflows {
		w := &m.Workflows[i]
		for _, in := range m.Instances(w) {
			here := Site{Repository: m.Repository, Workflow: w.Path, Branches: w.Branches, Job: in.Top.ID}
			if in.Remote != "" {
				s := here
				path, at := in.Place(in.Job.Pos)
				s.Uses, s.Path, s.Line = in.Remote, path, at.Line
				switch a.Of(in.Remote) {
				case ThisExact:
					found = append(found, s)
				case OtherRef:
					others = append(others, s)
				case Other:
					if !strings.HasPrefix(in.Remote, "./") {
						foreign = append(foreign, s)
					}
				}
			}
			for k := range in.Steps {
				step := &in.Steps[k]
				s := here
				s.Uses, s.Path, s.Line = step.Uses, step.Path, step.UsesPos.Line
				if in.Foreign != "" {
					path, at := in.Place(step.UsesPos)
					s.Path, s.Line = path, at.Line
				}
				switch a.Of(step.Uses) {
				case ThisExact:
					found = append(found, s)
				case OtherRef:
					others = append(others, s)
				case Other:
				}
			}
		}
	}
	return sites(found), sites(others), sites(foreign)
}

func sites(all []Site) []Site {
	slices.SortFunc(all, func(a, b Site) int {
		return cmp.Or(cmp.Compare(a.Workflow, b.Workflow), cmp.Compare(a.Path, b.Path), a.Line-b.Line, cmp.Compare(a.Job, b.Job), cmp.Compare(a.Uses, b.Uses))
	})
	return slices.CompactFunc(all, func(a, b Site) bool {
		return a.Workflow == b.Workflow && a.Path == b.Path && a.Line == b.Line && a.Job == b.Job && a.Uses == b.Uses && slices.Equal(a.Branches, b.Branches)
	})
}

// ReachesSecret lists the workflows ("owner/name/path") that reach a secret by its
// name, on any branch.
func ReachesSecret(inv inventory.Inventory, name string) []string {
	ids := map[string]bool{}
	for _, c := range inv.Credentials {
		if slices.ContainsFunc(c.Names, func(n string) bool { return strings.EqualFold(n, name) }) || strings.EqualFold(c.Name, name) {
			ids[c.ID] = true
		}
	}
	var out []string
	for _, r := range inv.Repositories {
		for _, w := range r.Workflows {
			for _, j := range w.Jobs {
				if slices.ContainsFunc(j.Reaches, func(x inventory.Reach) bool {
					return x.How != inventory.HowInheritUnused && (strings.EqualFold(x.Name, name) || ids[x.Credential])
				}) {
					out = append(out, r.Repository+"/"+w.Path)
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
