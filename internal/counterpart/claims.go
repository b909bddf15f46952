package counterpart

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"
)

// Claim is what one counterpart has shown of one action.
type Claim struct {
	Action      string // dotted name; a provider's name where it is about the provider as a whole
	Counterpart string // "Vault 1.13.2"
	Proves      string // a sentence's end: "a revoked accessor's token is refused"
}

// ClaimsFile is the variable that names the file proven claims are added to.
const ClaimsFile = "FIREBREAK_CLAIMS"

// Proved notes that a claim was just shown. It has to stand in Claims, from which the
// capability matrix is made; make test fails when one that stands there was not shown.
func Proved(t testing.TB, action, by, claim string) {
	t.Helper()
	if t.Failed() {
		return
	}
	c := Claim{action, by, claim}
	if !slices.Contains(Claims(), c) {
		t.Errorf("the claim %q of %s, shown by %s, is not listed in internal/counterpart/claims_list.go", claim, action, by)
		return
	}
	name := os.Getenv(ClaimsFile)
	if name == "" {
		return
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(c.line() + "\n"); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func (c Claim) line() string { return c.Action + "\t" + c.Counterpart + "\t" + c.Proves }

// Unproved lists the claims that are not in the file a test run wrote. Those of a
// counterpart named in missing do not count.
func Unproved(file string, missing ...string) ([]Claim, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	shown := map[string]bool{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		shown[strings.TrimSpace(lines.Text())] = true
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	var out []Claim
	for _, c := range Claims() {
		if !shown[c.line()] && !slices.ContainsFunc(missing, func(m string) bool { return strings.HasPrefix(c.Counterpart, m) }) {
			out = append(out, c)
		}
	}
	return out, f.Close()
}
