package inventory

import (
	"slices"

	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/workflow"
)

// Source is one repository's workflow and action files as they were read, from a
// folder (package checkout) or from a survey (FromSnapshot).
type Source struct {
	Repository    string // "owner/name", "" for a plain folder
	Folder        string // "" when surveyed
	DefaultBranch string // "" when not known
	// DefaultPermissions is "read" or "write": what the job's token gets without a permissions key; "" when not known.
	DefaultPermissions string
	// Visibility is "public" or "private"; "" when not known.
	Visibility string
	// Frozen are branches that a ruleset keeps everybody from moving; TagsFrozen: nobody
	// can make or move a tag either.
	Frozen     []string
	TagsFrozen bool
	Files      []SourceFile
}

// SourceFile is a file's content on the branches that have exactly it.
type SourceFile struct {
	Path     string   // from the repository's root, with slashes
	Branches []string // empty for a plain folder
	Content  []byte
}

// Model is a repository with its files parsed.
type Model struct {
	Repository    string
	Folder        string
	DefaultBranch string
	// DefaultPermissions: see Source.
	DefaultPermissions string
	// Visibility, Frozen and TagsFrozen: see Source.
	Visibility string
	Frozen     []string
	TagsFrozen bool
	Workflows  []ModelWorkflow
	Actions    []ModelAction
}

// ModelWorkflow is a workflow file with the branches that have exactly it.
type ModelWorkflow struct {
	*workflow.File
	Branches []string
}

// ModelAction is a local action with the branches that have exactly it.
type ModelAction struct {
	*workflow.Action
	Branches []string
}

// FromSnapshot gives the files of every surveyed repository.
func FromSnapshot(s *snapshot.Snapshot) []Source {
	var out []Source
	for _, r := range s.Repositories {
		src := Source{Repository: r.FullName, DefaultBranch: r.DefaultBranch, DefaultPermissions: r.DefaultPermissions, Visibility: visibility(r), TagsFrozen: r.TagsFrozen()}
		for _, b := range r.Branches {
			if r.Frozen(b.Name) {
				src.Frozen = append(src.Frozen, b.Name)
			}
		}
		for _, f := range r.Files {
			src.Files = append(src.Files, SourceFile{Path: f.Path, Branches: slices.Clone(f.Branches), Content: []byte(f.Content)})
		}
		out = append(out, src)
	}
	return out
}

func visibility(r snapshot.Repository) string {
	if r.Private {
		return "private"
	}
	return "public"
}

// Parse reads the files of each source. Files that are neither workflows nor
// actions are left out. The same content gives the same models.
func Parse(sources []Source) []Model {
	models := make([]Model, 0, len(sources))
	for _, s := range sources {
		m := Model{Repository: s.Repository, Folder: s.Folder, DefaultBranch: s.DefaultBranch, DefaultPermissions: s.DefaultPermissions, Visibility: s.Visibility, Frozen: s.Frozen, TagsFrozen: s.TagsFrozen}
		for _, f := range s.Files {
			branches := slices.Clone(f.Branches)
			slices.Sort(branches)
			switch {
			case workflow.IsWorkflow(f.Path):
				m.Workflows = append(m.Workflows, ModelWorkflow{workflow.Parse(f.Path, f.Content), branches})
			case workflow.IsAction(f.Path):
				m.Actions = append(m.Actions, ModelAction{workflow.ParseAction(f.Path, f.Content), branches})
			}
		}
		sortModel(&m)
		models = append(models, m)
	}
	return models
}

func sortModel(m *Model) {
	slices.SortStableFunc(m.Workflows, func(a, b ModelWorkflow) int {
		return compareFiles(a.Path, b.Path, a.Branches, b.Branches)
	})
	slices.SortStableFunc(m.Actions, func(a, b ModelAction) int {
		return compareFiles(a.Path, b.Path, a.Branches, b.Branches)
	})
}
