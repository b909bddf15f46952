package boundary

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/firebreak/firebreak/internal/inventory"
)

// soon is how long before its end an acceptance is spoken of.
const soon = 14 * 24 * time.Hour

// Notes are what a person has to know of the acceptances, each in the order of the file.
type Notes struct {
	Expired  []Acceptance // over; what they let stand counts again
	Expiring []Acceptance // over within a fortnight
	// Unused let nothing stand. One for a repository that was not looked at is not among them.
	Unused []Acceptance
}

// Accept gives the findings with those marked that an acceptance lets stand now.
// looked are the repositories that were looked at. The acceptances come from beside
// the responder's configuration, never from what is judged.
func Accept(findings []inventory.Finding, accepted []Acceptance, looked []string, now time.Time) ([]inventory.Finding, Notes) {
	standing := index(accepted)
	if len(accepted) == 0 && !slices.ContainsFunc(findings, func(f inventory.Finding) bool { return f.Accepted != nil }) {
		return findings, Notes{}
	}
	out := slices.Clone(findings)
	used := map[int]bool{}
	for i := range out {
		f := &out[i]
		f.Accepted = nil
		for _, n := range standing.by[f.Rule] {
			a := &accepted[n]
			if !about(a, f) {
				continue
			}
			used[n] = true // an expired one is told as expired, not as idle
			if f.Accepted == nil && stands(a, now) {
				f.Accepted = &inventory.Acceptance{Reason: a.Reason, Owner: a.Owner, Expires: a.Expires.UTC().Format(time.RFC3339)}
			}
		}
	}
	var notes Notes
	for n, a := range accepted {
		if a.Repository != "" && !slices.Contains(looked, a.Repository) {
			continue
		}
		switch {
		case !a.Expires.After(now):
			notes.Expired = append(notes.Expired, a)
		case !used[n]:
			notes.Unused = append(notes.Unused, a)
		case a.Expires.Before(now.Add(soon)):
			notes.Expiring = append(notes.Expiring, a)
		}
	}
	return out, notes
}

// acceptances are those of a file by their rule: a file may hold hundreds, and an
// organization has thousands of findings.
type acceptances struct {
	all []Acceptance
	by  map[string][]int
}

func index(all []Acceptance) acceptances {
	x := acceptances{all, map[string][]int{}}
	for i, a := range all {
		x.by[a.Rule] = append(x.by[a.Rule], i)
	}
	return x
}

// of finds what lets a finding stand now: the first of the file.
func (x acceptances) of(f *inventory.Finding, now time.Time) (Acceptance, bool) {
	for _, i := range x.by[f.Rule] {
		if a := &x.all[i]; about(a, f) && stands(a, now) {
			return *a, true
		}
	}
	return Acceptance{}, false
}

// about says whether an acceptance speaks of a finding. What it leaves out means any.
func about(a *Acceptance, f *inventory.Finding) bool {
	return a.Rule == f.Rule && is(a.Repository, f.Repository) && is(a.Path, f.Path) && is(a.Fingerprint, f.Fingerprint) &&
		(a.Job == "" || strings.EqualFold(a.Job, f.Job))
}

func is(wanted, have string) bool { return wanted == "" || wanted == have }

// stands says whether an acceptance counts. A reader of the file has seen to it that
// it is complete; what is not, lets nothing stand all the same.
func stands(a *Acceptance, now time.Time) bool {
	return strings.TrimSpace(a.Reason) != "" && strings.TrimSpace(a.Owner) != "" && a.Expires.After(now)
}

// Entry is the text to add under findings: in accepted.yaml so that exactly this
// finding stands, with the places of reason, owner and end to fill in.
func Entry(f inventory.Finding) string {
	var b strings.Builder
	b.WriteString("  - rule: " + f.Rule + "\n")
	for _, e := range [][2]string{{"repository", f.Repository}, {"path", f.Path}} {
		if v, ok := scalar(e[1]); ok {
			b.WriteString("    " + e[0] + ": " + v + "\n")
		}
	}
	b.WriteString("    fingerprint: '" + f.Fingerprint + "'\n" +
		"    reason: ''   # why it may stand\n    owner: ''    # who answers for it\n    expires: ''  # the last day, like 2026-03-31\n")
	return b.String()
}

// scalar writes a path or repository as YAML. One that is empty, or that holds what
// does not print, is left out: the fingerprint alone says which finding it is.
func scalar(s string) (string, bool) {
	odd := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._/-", r)
	}
	switch {
	case s == "" || strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) >= 0:
		return "", false
	case strings.Contains(s, "/") && strings.IndexFunc(s, odd) < 0 && s[0] != '-':
		return s, true
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'", true
}
