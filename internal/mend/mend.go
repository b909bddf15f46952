package mend

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"unicode"

	udiff "github.com/aymanbagabas/go-udiff"

	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/workflow"
)

// Request is what is to be mended.
type Request struct {
	Sources  []inventory.Source
	Snapshot *snapshot.Snapshot // nil where there is none
	Config   *config.Config
	// Wanted are the findings to mend, of those that judging the sources gives.
	Wanted []inventory.Finding
	// Ways says how each rule's findings are mended; see Ways. Judge finds fault.
	Ways  map[string]Way
	Judge func([]inventory.Model, inventory.Inventory) []inventory.Finding
}

// Result is what came of it, in the order of the wanted findings.
type Result struct {
	Files    []File
	Mended   []inventory.Finding
	Declined []Declined
}

// File is a file of a source before and after.
type File struct {
	Source        int // index in Request.Sources
	Path          string
	Branches      []string
	Before, After []byte
}

// Declined is a finding that is not mended, and why.
type Declined struct {
	Finding inventory.Finding
	Why     string
}

// target is the file a finding is in, for a fixer.
type target struct {
	text     *text
	file     *workflow.File           // nil for an action's metadata
	workflow *inventory.ModelWorkflow // nil likewise
	model    *inventory.Model
	refs     Refs
	findings []inventory.Finding // all there are of the source
}

// fixer mends in one way. They have their turns one after another, each on what the
// one before left, so that no two change the same place.
type fixer struct {
	way Way
	fix func(*target, inventory.Finding) ([]Edit, error)
}

// fixers are all there are, in the order of their turns.
func fixers() []fixer {
	return []fixer{
		{ForgetToken, persist}, // before pins: what a checkout does is known by its tag
		{Pin, pin},
		{PassAsVariable, inject},
		{ScopeSecret, scoped},
		{LeastToken, least},
	}
}

var (
	errByHand = errors.New("it needs a decision")
	errAlone  = errors.New("it shows only beside the other repositories that were read")
	errBranch = errors.New("it is not on the default branch; check that branch out and mend it there")
	errUnread = errors.New("the file could not be read as a workflow")
	errPath   = errors.New("its file has a name that cannot stand in a diff")
)

// Mend proposes changes for the wanted findings. Each source is judged by itself.
func Mend(r Request) Result {
	refs := Known(r.Snapshot, r.Sources)
	by := map[origin][]inventory.Finding{}
	for _, f := range r.Wanted {
		o := origin{f.Repository, f.Folder}
		by[o] = append(by[o], f)
	}
	var out Result
	fate := map[key]string{} // why a wanted finding is left; "" where it is mended
	for i, s := range r.Sources {
		wanted := by[origin{s.Repository, s.Folder}]
		if len(wanted) == 0 {
			continue
		}
		wanted = mainly(s, wanted, fate)
		m := &mending{request: r, snapshot: only(r.Snapshot, s.Repository), refs: refs, wanted: map[key]bool{}, done: map[key]bool{}, why: map[key]string{}}
		for _, f := range wanted {
			m.wanted[keyOf(f)] = true
		}
		m.view = m.judged(s)
		before := m.findings
		for _, f := range fixers() {
			m.turn(f)
		}
		out.Files = append(out.Files, m.changed(i)...)
		m.tell(fate, wanted, before)
	}
	for _, f := range r.Wanted {
		switch why, judged := fate[keyOf(f)]; {
		case !judged:
			out.Declined = append(out.Declined, Declined{f, errAlone.Error()})
		case why != "":
			out.Declined = append(out.Declined, Declined{f, why})
		default:
			out.Mended = append(out.Mended, f)
		}
	}
	return out
}

// only is a survey without the other repositories, which would be gone through for
// every change: an organization has thousands.
func only(s *snapshot.Snapshot, repository string) *snapshot.Snapshot {
	if s == nil {
		return nil
	}
	one := *s
	one.Repositories = nil
	for i := range s.Repositories {
		if s.Repositories[i].FullName == repository {
			one.Repositories = s.Repositories[i : i+1]
		}
	}
	return &one
}

// tell says what became of the wanted findings. One that was not mended itself may
// be gone with another, or may only say something else now.
func (m *mending) tell(fate map[key]string, wanted, before []inventory.Finding) {
	known, left, others := map[key]bool{}, map[key]bool{}, map[about]int{}
	for _, f := range before {
		known[keyOf(f)] = true
	}
	for _, f := range m.findings {
		k := keyOf(f)
		left[k] = true
		if !known[k] || m.done[k] {
			others[aboutOf(f)]++
		}
	}
	for _, f := range wanted {
		k := keyOf(f)
		switch {
		case !known[k]:
		case m.done[k]:
			fate[k] = ""
		case left[k]:
			fate[k] = cmp.Or(m.why[k], errByHand.Error())
		case others[aboutOf(f)] > 0:
			others[aboutOf(f)]--
			fate[k] = cmp.Or(m.why[k], errByHand.Error())
		default:
			fate[k] = ""
		}
	}
}

// mainly leaves out what is on other branches than the default one: of one file there
// can be one change.
func mainly(s inventory.Source, wanted []inventory.Finding, fate map[key]string) []inventory.Finding {
	return slices.DeleteFunc(slices.Clone(wanted), func(f inventory.Finding) bool {
		other := len(f.Branches) > 0 && s.DefaultBranch != "" && !slices.Contains(f.Branches, s.DefaultBranch)
		if other {
			fate[keyOf(f)] = errBranch.Error()
		}
		return other
	})
}

type origin struct{ repository, folder string }

// key is a finding wherever its lines moved to.
type key struct {
	origin
	path, branches, fingerprint string
}

func keyOf(f inventory.Finding) key {
	return key{origin{f.Repository, f.Folder}, f.Path, strings.Join(f.Branches, "\x00"), f.Fingerprint}
}

// mending is the work on one source.
type mending struct {
	request  Request
	snapshot *snapshot.Snapshot // of the source's repository alone
	refs     Refs
	wanted   map[key]bool
	done     map[key]bool
	why      map[key]string // why a finding is declined
	view
}

// view is what the files look like now.
type view struct {
	source   inventory.Source
	model    inventory.Model
	inv      inventory.Inventory
	findings []inventory.Finding
}

func (m *mending) judged(s inventory.Source) view {
	models := inventory.Parse([]inventory.Source{s})
	inv := inventory.Build(models, m.snapshot, m.request.Config)
	inv = inv.WithFindings(m.request.Judge(models, inv))
	return view{s, models[0], inv, inv.Findings}
}

// turn lets one fixer mend what it can: everything at once, and where that does not
// hold, file by file, and at last finding by finding.
func (m *mending) turn(f fixer) {
	var mine []inventory.Finding
	for _, x := range m.findings {
		if m.request.Ways[x.Rule] == f.way && m.wanted[keyOf(x)] {
			mine = append(mine, x)
		}
	}
	for _, split := range []func([]inventory.Finding) [][]inventory.Finding{whole, byFile, one} {
		var left []inventory.Finding
		for _, group := range split(mine) {
			err := m.try(f, group)
			if err == nil {
				continue
			}
			left = append(left, group...)
			for _, x := range group {
				m.why[keyOf(x)] = err.Error()
			}
		}
		mine = left
	}
}

func whole(list []inventory.Finding) [][]inventory.Finding {
	if len(list) == 0 {
		return nil
	}
	return [][]inventory.Finding{list}
}

func byFile(list []inventory.Finding) [][]inventory.Finding {
	var out [][]inventory.Finding
	at := map[string]int{}
	for _, f := range list {
		k := f.Path + "\x00" + strings.Join(f.Branches, "\x00")
		n, ok := at[k]
		if !ok {
			n, at[k] = len(out), len(out)
			out = append(out, nil)
		}
		out[n] = append(out[n], f)
	}
	return out
}

// one goes from the last to the first: of findings that say the same, those before
// keep their fingerprints.
func one(list []inventory.Finding) [][]inventory.Finding {
	var out [][]inventory.Finding
	for i := range list {
		out = append(out, list[i:i+1])
	}
	slices.Reverse(out)
	return out
}

// try changes files so that all the findings go away, and keeps that only if it holds.
func (m *mending) try(f fixer, findings []inventory.Finding) error {
	next := m.source
	next.Files = slices.Clone(next.Files)
	for _, group := range byFile(findings) {
		n := m.file(group[0])
		if n < 0 {
			return errGone
		}
		after, err := m.edit(f, n, group)
		if err != nil {
			return err
		}
		next.Files[n].Content = []byte(after)
	}
	v := m.judged(next)
	if err := holds(m.view, v, findings); err != nil {
		return err
	}
	for _, x := range findings {
		m.done[keyOf(x)] = true
	}
	m.view = v
	return nil
}

func (m *mending) file(f inventory.Finding) int {
	return slices.IndexFunc(m.source.Files, func(x inventory.SourceFile) bool {
		return x.Path == f.Path && (len(f.Branches) == 0 || slices.Contains(x.Branches, f.Branches[0]))
	})
}

// edit gives a file's text changed for the findings in it.
func (m *mending) edit(f fixer, n int, findings []inventory.Finding) (string, error) {
	x := m.source.Files[n]
	if strings.IndexFunc(x.Path, func(r rune) bool { return !unicode.IsPrint(r) || r == '"' || r == '\\' }) >= 0 {
		return "", errPath
	}
	t, err := read(x.Content)
	if err != nil {
		return "", err
	}
	to := &target{text: t, model: &m.model, refs: m.refs, findings: m.findings}
	for i := range m.model.Workflows {
		if w := &m.model.Workflows[i]; w.Path == x.Path && (len(x.Branches) == 0 || slices.Contains(w.Branches, x.Branches[0])) {
			to.workflow, to.file = w, w.File
		}
	}
	if to.file != nil && to.file.Broken {
		return "", errUnread
	}
	var edits []Edit
	for _, finding := range m.findings { // where they stand after earlier changes
		if slices.ContainsFunc(findings, func(f inventory.Finding) bool { return keyOf(f) == keyOf(finding) }) {
			more, err := f.fix(to, finding)
			if err != nil {
				return "", err
			}
			edits = append(edits, more...)
		}
	}
	after, err := udiff.Apply(t.src, distinct(edits))
	if err != nil {
		return "", errLayout // two changes of one place
	}
	now, err := read([]byte(after))
	if err != nil || repeats(now.root) > repeats(t.root) { // two findings wanted the same key
		return "", errBroken
	}
	return after, nil
}

// distinct drops edits that two findings ask for alike.
func distinct(edits []Edit) []Edit {
	var out []Edit
	for _, e := range edits {
		if !slices.Contains(out, e) {
			out = append(out, e)
		}
	}
	return out
}

// changed lists the files that are not as they were.
func (m *mending) changed(source int) []File {
	var out []File
	for n, was := range m.request.Sources[source].Files {
		if is := m.source.Files[n]; string(was.Content) != string(is.Content) {
			out = append(out, File{source, is.Path, is.Branches, was.Content, is.Content})
		}
	}
	return out
}

// Diff is the change of a file as a unified diff that git apply and patch take. The
// path is as it is to stand in the diff.
func Diff(path string, f File) (string, error) {
	edits := udiff.Lines(string(f.Before), string(f.After))
	return udiff.ToUnified("a/"+path, "b/"+path, string(f.Before), edits, udiff.DefaultContextLines)
}
