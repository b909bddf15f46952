package inventory

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// fingerprinted gives every finding its fingerprint. Findings that say the same of
// the same job are counted in the order of their places, branch by branch, so that
// a copy of the file on another branch has the same ones. all must be sorted, and hold every finding of its rules.
func fingerprinted(all []Finding) {
	type copy struct{ identity, repository, folder, branches string }
	seen := make(map[copy]int, len(all))
	for i := range all {
		f := &all[i]
		id := saying(f)
		c := copy{id, f.Repository, f.Folder, strings.Join(f.Branches, "\x00")}
		seen[c]++
		if f.Fingerprint == "" {
			f.Fingerprint = digest(id, seen[c])
		}
	}
}

// saying is what stays the same when lines are put in above.
func saying(f *Finding) string {
	return strings.Join([]string{f.Rule, f.Path, f.Workflow, f.Job, placeless(f.Message)}, "\x00")
}

func digest(identity string, nth int) string {
	if nth > 1 {
		identity += "\x00" + strconv.Itoa(nth)
	}
	sum := sha256.Sum256([]byte(identity))
	return hex.EncodeToString(sum[:8])
}

// placeless is a message without the numbers of the lines and columns it names.
func placeless(message string) string {
	if !strings.Contains(message, "line") && !strings.Contains(message, "ml:") {
		return message
	}
	var b strings.Builder
	for rest := message; rest != ""; {
		n := digits(rest)
		switch {
		case n == 0:
			b.WriteByte(rest[0])
			n = 1
		case !place(b.String()):
			b.WriteString(rest[:n])
		}
		rest = rest[n:]
	}
	return b.String()
}

// place says whether a number behind this text is a line or column. A column stands
// behind a line that is already left out: "ci.yml::".
func place(before string) bool {
	for _, word := range []string{"line ", "lines ", ".yml:", ".yaml:", ".yml::", ".yaml::"} {
		if strings.HasSuffix(before, word) {
			return true
		}
	}
	return false
}

func digits(s string) (n int) {
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
