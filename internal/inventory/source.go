package inventory

import (
	"slices"
	"strings"

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
	// Environments are by lower-case name; nil when they are not known.
	Environments map[string]Environment
	Files        []SourceFile
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
	// Visibility, Frozen, TagsFrozen and Environments: see Source.
	Visibility   string
	Frozen       []string
	TagsFrozen   bool
	Environments map[string]Environment
	Workflows    []ModelWorkflow
	Actions      []ModelAction

	others map[string]*Model // those read with it, by name in lower case
}

// ModelWorkflow is a workflow file with the branches that have exactly it.
type ModelWorkflow struct {
	*workflow.File
	Branches []string

	instances []Instance
	expanded  bool
}

// ModelAction is a local action with the branches that have exactly it.
type ModelAction struct {
	*workflow.Action
	Branches []string
}

// FromSnapshot gives the files of every surveyed repository.
func FromSnapshot(s *snapshot.Snapshot) []Source {
	var out []Source
	gaps := gapsByRepository(s.Gaps)
	for i := range s.Repositories {
		r := &s.Repositories[i]
		src := Source{
			Repository: r.FullName, DefaultBranch: r.DefaultBranch, DefaultPermissions: r.DefaultPermissions, Visibility: visibility(*r), TagsFrozen: r.TagsFrozen(),
			Environments: environments(r, gaps[r.FullName]),
		}
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

// Runner does n things, each once, in any order or side by side; it comes back when all
// are done. This package has no goroutines of its own.
type Runner func(n int, do func(i int))

// InOrder is the runner that does one thing after another.
func InOrder(n int, do func(i int)) {
	for i := range n {
		do(i)
	}
}

// Parse reads the files of each source. Files that are neither workflows nor
// actions are left out. The same content gives the same models.
func Parse(sources []Source) []Model { return ParseBy(sources, InOrder) }

// ParseBy is Parse with a runner for the files.
func ParseBy(sources []Source, run Runner) []Model {
	type file struct {
		source, file int
		workflow     *workflow.File
		action       *workflow.Action
	}
	var all []file
	for i := range sources {
		for k := range sources[i].Files {
			if p := sources[i].Files[k].Path; workflow.IsWorkflow(p) || workflow.IsAction(p) {
				all = append(all, file{source: i, file: k})
			}
		}
	}
	run(len(all), func(n int) {
		f := &sources[all[n].source].Files[all[n].file]
		if workflow.IsWorkflow(f.Path) {
			all[n].workflow = workflow.Parse(f.Path, f.Content)
		} else {
			all[n].action = workflow.ParseAction(f.Path, f.Content)
		}
	})
	models := make([]Model, 0, len(sources))
	for _, s := range sources {
		models = append(models, Model{Repository: s.Repository, Folder: s.Folder, DefaultBranch: s.DefaultBranch, DefaultPermissions: s.DefaultPermissions, Visibility: s.Visibility, Frozen: s.Frozen, TagsFrozen: s.TagsFrozen, Environments: s.Environments})
	}
	for _, f := range all {
		m := &models[f.source]
		branches := slices.Sorted(slices.Values(sources[f.source].Files[f.file].Branches))
		if f.workflow != nil {
			m.Workflows = append(m.Workflows, ModelWorkflow{File: f.workflow, Branches: branches})
		} else {
			m.Actions = append(m.Actions, ModelAction{f.action, branches})
		}
	}
	others := make(map[string]*Model, len(models))
	for i := range models {
		sortModel(&models[i])
		models[i].others = others
		if name := models[i].Repository; name != "" {
			others[strings.ToLower(name)] = &models[i]
		}
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
