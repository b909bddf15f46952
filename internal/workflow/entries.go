package workflow

import (
	"slices"
	"strings"

	"github.com/rhysd/actionlint"
)

// Entry is one way a job really starts: an event of its workflow, with the trust that
// is left after every condition on the way, and the refs it can run on.
type Entry struct {
	Event
	// Refs are patterns of full refs in which "*" stands for anything, or DefaultRef.
	// They may be wider than what the file lets through, never narrower, but for case: a
	// condition lets refs through that differ from what it names by case alone.
	Refs []string
	// Guarded: a condition keeps out every run an outsider starts; Trust is then that of
	// people with write access.
	Guarded bool
}

// DefaultRef stands for the default branch, whose name a file does not tell.
const DefaultRef = "refs/heads/@default"

// Entries lists how a job starts, in the order of the file's events. An event whose
// runs its condition, or that of a job it needs, always refuses is not in it.
func (f *File) Entries(j *Job) []Entry {
	var out []Entry
	for i := range f.Triggers {
		t := &f.Triggers[i]
		if e, ok := f.Narrow(Entry{Event: t.Event, Refs: t.refs()}, j); ok {
			out = append(out, e)
		}
	}
	return out
}

// Narrow takes an entry through a job's condition and those of the jobs it needs. ok
// is false when the job cannot start by it. For a called workflow's job the entry is
// that of the job which calls it.
func (f *File) Narrow(e Entry, j *Job) (out Entry, ok bool) {
	return f.narrow(e, j, map[*Job]bool{})
}

// narrow takes in every condition on the way once, whichever way leads there.
func (f *File) narrow(e Entry, j *Job, seen map[*Job]bool) (Entry, bool) {
	if seen[j] {
		return e, true
	}
	seen[j] = true
	always := false
	if c := j.condition(); c != nil {
		// A called workflow's own event is its caller's, which is not known here.
		if e.Name != "workflow_call" && decide(c, e.Name) == no || e.Name == "workflow_call" && decide(c, "") == no {
			return e, false
		}
		if e.Trust == Untrusted && excludes(c, e.Name) {
			e.guard()
		}
		if refs := refsOf(c); refs != nil {
			e.Refs = both(e.Refs, refs)
			if len(e.Refs) == 0 {
				return e, false
			}
		}
		always = asksForStatus(c)
	}
	// A job whose condition asks for always() or failure() runs although what it needs was skipped.
	if always {
		return e, true
	}
	for _, need := range j.Needs {
		for _, n := range f.named(need) {
			var ok bool
			if e, ok = f.narrow(e, n, seen); !ok {
				return e, false
			}
		}
	}
	return e, true
}

// named are the jobs of an id, which is compared without case.
func (f *File) named(id string) []*Job { return f.byID[strings.ToLower(id)] }

func (f *File) index() {
	f.byID = make(map[string][]*Job, len(f.Jobs))
	for i := range f.Jobs {
		id := strings.ToLower(f.Jobs[i].ID)
		f.byID[id] = append(f.byID[id], &f.Jobs[i])
	}
}

func (e *Entry) guard() {
	e.Guarded, e.Trust = true, Contributor
}

// Outsider says whether somebody without write access starts the job by it with the
// full authority of the repository.
func (e *Entry) Outsider() bool { return e.Trust == Untrusted && e.Authority }

// refs are those an event's runs are for.
// Source: GitHub Docs, "Events that trigger workflows", the rows GITHUB_REF.
func (t *Trigger) refs() []string {
	switch t.Name {
	case "push":
		return t.filtered("refs/heads/*", "refs/tags/*")
	case "pull_request", "pull_request_review", "pull_request_review_comment":
		return []string{"refs/pull/*/merge"}
	case "pull_request_target":
		return []string{"refs/heads/*"} // the base branch; see events
	case "release":
		return []string{"refs/tags/*"}
	case "merge_group":
		return []string{"refs/heads/gh-readonly-queue/*"}
	}
	if t.From == FromDefault {
		return []string{DefaultRef}
	}
	return []string{"refs/heads/*", "refs/tags/*"}
}

// filtered narrows the refs of a push by its filters. A filter for one kind of ref
// alone keeps the other kind out.
// Source: GitHub Docs, "Workflow syntax", on.push.<branches|tags|branches-ignore|tags-ignore>.
func (t *Trigger) filtered(branches, tags string) []string {
	hasBranches, hasTags := len(t.Branches)+len(t.BranchesIgnore) > 0, len(t.Tags)+len(t.TagsIgnore) > 0
	var out []string
	if hasBranches || !hasTags {
		out = append(out, patterns("refs/heads/", t.Branches, branches)...)
	}
	if hasTags || !hasBranches {
		out = append(out, patterns("refs/tags/", t.Tags, tags)...)
	}
	return out
}

// patterns turns GitHub's filter patterns into ones that match at least as much.
func patterns(prefix string, filters []string, all string) []string {
	var out []string
	for _, p := range filters {
		if strings.HasPrefix(p, "!") {
			continue
		}
		out = append(out, prefix+widen(p))
	}
	if out == nil {
		return []string{all}
	}
	return out
}

// widen writes a filter pattern with "*" alone: sets, "+" and "?" may stand for any text.
func widen(p string) string {
	if !strings.ContainsAny(p, "*?+[]\\") {
		return p
	}
	var b strings.Builder
	star := func() {
		if s := b.String(); !strings.HasSuffix(s, "*") {
			b.WriteByte('*')
		}
	}
	for i := 0; i < len(p); i++ {
		switch p[i] {
		case '*', '?', '+':
			star()
		case '[':
			if n := strings.IndexByte(p[i:], ']'); n >= 0 {
				i += n
			}
			star()
		case '\\':
			if i++; i < len(p) {
				b.WriteByte(p[i])
			}
		default:
			b.WriteByte(p[i])
		}
	}
	return b.String()
}

// Common are the refs that two lists of patterns have in common, or more.
func Common(a, b []string) []string { return both(a, b) }

// Patterns writes a name pattern of GitHub's as a pattern of full refs; kind is
// "refs/heads/" or "refs/tags/".
func Patterns(kind, name string) string { return kind + widen(name) }

// both are the refs that two lists of patterns have in common, or more.
func both(a, b []string) []string {
	var out []string
	keep := func(s string) {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	for _, x := range a {
		for _, y := range b {
			switch {
			case x == DefaultRef && strings.HasPrefix(y, "refs/heads/"):
				keep(y)
			case covers(y, x):
				keep(x)
			case covers(x, y):
				keep(y)
			case strings.Contains(x, "*") && strings.Contains(y, "*") && stem(x, y):
				keep(x)
			}
		}
	}
	return out
}

// covers says whether a pattern matches everything another does. Case does not count,
// as it does not where GitHub compares in a condition.
func covers(pattern, s string) bool {
	pattern, s = strings.ToLower(pattern), strings.ToLower(s)
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == s
	}
	if !strings.HasPrefix(s, first) {
		return false
	}
	for s = s[len(first):]; ; {
		var part string
		if part, rest, star = strings.Cut(rest, "*"); !star {
			return strings.HasSuffix(s, part)
		}
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
}

// stem says whether one pattern's text before its first "*" begins the other's.
func stem(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	a, _, _ = strings.Cut(a, "*")
	b, _, _ = strings.Cut(b, "*")
	return strings.HasPrefix(a, b) || strings.HasPrefix(b, a)
}

// condition is the job's, read once.
func (j *Job) condition() actionlint.ExprNode {
	if !j.judged {
		j.cond, j.judged = condition(j.If), true
	}
	return j.cond
}

// condition reads an if; nil when there is none, or when it is text that is always true.
func condition(cond string) actionlint.ExprNode {
	cond = strings.TrimSpace(cond)
	if cond == "" {
		return nil
	}
	exprs := expressions(cond, true)
	// A condition of several pieces of text is a non-empty string, which is always true.
	if len(exprs) != 1 {
		return nil
	}
	if strings.Contains(cond, "${{") && !(strings.HasPrefix(cond, "${{") && strings.HasSuffix(cond, "}}")) {
		return nil
	}
	return exprs[0].tree()
}

// asksForStatus says whether a condition runs the job although what it needs did not.
func asksForStatus(n actionlint.ExprNode) bool {
	found := false
	actionlint.VisitExprNode(n, func(n, _ actionlint.ExprNode, entering bool) {
		if c, ok := n.(*actionlint.FuncCallNode); ok && entering {
			switch strings.ToLower(c.Callee) {
			case "always", "cancelled", "failure":
				found = true
			}
		}
	})
	return found
}

// OnlyCalled says whether nothing but another workflow starts this one: its secrets,
// environments and rights are then its callers'.
func (f *File) OnlyCalled() bool {
	for _, t := range f.Triggers {
		if t.From != FromCaller {
			return false
		}
	}
	return len(f.Triggers) > 0
}
