package inventory

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/firebreak/firebreak/internal/workflow"
)

// Rules of the inventory itself. None of them holds a gate.
const (
	RuleUndeclared = "undeclared-credential"
	RuleMissing    = "missing-secret"
	RuleUnowned    = "unknown-owner"
	RuleUnreadable = "unreadable-workflow"
	RuleCopy       = "possible-copy"
)

// WithFindings gives the inventory with more findings, all in order; see Ordered.
func (inv Inventory) WithFindings(more []Finding) Inventory {
	inv.Findings = Ordered(slices.Concat(inv.Findings, more))
	return inv
}

// Ordered puts findings in order: repository, path, line, column, rule. Repeats are
// dropped: of a called workflow that several start, the first of them; a finding that
// holds a gate stays for each, whose gate it holds. all is taken over: nobody else uses
// it afterwards.
func Ordered(all []Finding) []Finding {
	slices.SortFunc(all, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Folder, b.Folder), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Message, b.Message), slices.Compare(a.Branches, b.Branches),
			cmp.Compare(a.Workflow, b.Workflow), cmp.Compare(a.Job, b.Job),
		)
	})
	all = slices.CompactFunc(all, func(a, b Finding) bool {
		return a.Rule == b.Rule && a.Repository == b.Repository && a.Folder == b.Folder && a.Path == b.Path && a.Line == b.Line && a.Column == b.Column &&
			a.Message == b.Message && slices.Equal(a.Branches, b.Branches) && (!a.Gate || a.Workflow == b.Workflow)
	})
	if all == nil {
		all = []Finding{}
	}
	fingerprinted(all)
	return all
}

// problems tells of a file that could not be read: what it reaches is known by text alone.
func (b *builder) problems(m *Model, w *ModelWorkflow) {
	if !w.Broken {
		return
	}
	f := Finding{
		Rule: RuleUnreadable, Severity: "medium", Repository: m.Repository, Folder: m.Folder, Path: w.Path, Branches: w.Branches, Line: 1, Column: 1,
		Message: "this file could not be read as a workflow, so it counts as reaching everything its repository has", Fix: "mend the file, or delete it",
	}
	if len(w.Problems) > 0 {
		p := w.Problems[0]
		f.Line, f.Column = max(p.Line, 1), max(p.Column, 1)
		f.Message += ": " + p.Message
	}
	b.findings = append(b.findings, f)
}

// unfollowed tells of a file that calls so much that not all of it was opened.
func (b *builder) unfollowed(m *Model, w *ModelWorkflow) {
	b.findings = append(b.findings, Finding{
		Rule: RuleUnreadable, Severity: "medium", Repository: m.Repository, Folder: m.Folder, Path: w.Path, Branches: w.Branches, Line: 1, Column: 1,
		Message: "this file calls more jobs and steps than are followed (" + strconv.Itoa(maxFan) + "), so what it reaches is known only in part",
		Fix:     "look at what it calls, and call less at once",
	})
}

// absent tells of a secret that is used and that the survey did not find.
func (b *builder) absent(m *Model, in *Instance, r workflow.Ref, name string) {
	path, at := in.Place(r.Pos)
	b.findings = append(b.findings, Finding{
		Rule: RuleMissing, Severity: "low", Repository: m.Repository, Folder: m.Folder, Path: path, Branches: in.Start.Branches, Line: at.Line, Column: at.Column,
		Message: "secret " + name + " is used here, but the survey found none of that name in the repository, its environments or the organization",
		Fix:     "create the secret where it belongs, or take the reference out",
	})
}

// unowned tells of credentials and identities nobody declared, or that nobody is named to rotate.
func (b *builder) unowned() {
	for _, id := range slices.Sorted(maps.Keys(b.creds)) {
		c := b.creds[id]
		if len(c.ReachedBy) == 0 {
			continue
		}
		if b.onlyUnread(id) {
			continue // it may be reached; that is told of the file
		}
		b.possible(c)
		b.unclear(c)
		f := b.firstUse(id)
		switch {
		case !c.Declared:
			f.Rule, f.Severity = RuleUndeclared, "medium"
			f.Message = "secret " + c.Name + " (" + c.Scope + ") is reached here, and nobody declared what issues it, what it may do and who rotates it"
			f.Fix = "add it under credentials in firebreak.yaml, with issuer, authority and owner"
		case c.Owner == "":
			f.Rule, f.Severity = RuleUnowned, "medium"
			f.Message = "nobody is named to rotate " + strings.Join(c.Names, ", ")
			f.Fix = "name an owner for it under credentials in firebreak.yaml"
		default:
			continue
		}
		b.findings = append(b.findings, f)
	}
	for _, id := range slices.Sorted(maps.Keys(b.identities)) {
		i := b.identities[id]
		if i.Owner != "" || len(i.ReachedBy) == 0 || b.onlyUnread(id) {
			continue
		}
		f := b.firstUse(id)
		f.Rule, f.Severity = RuleUnowned, "medium"
		f.Message, f.Fix = "nobody is named to answer for identity "+i.Name, "declare it under identities in firebreak.yaml, with an owner"
		if strings.HasSuffix(i.Kind, ".trusted_publisher") {
			f.Fix = "name an owner for the workflow under workflows in firebreak.yaml"
		}
		b.findings = append(b.findings, f)
	}
}
