package counterpart

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestClaims runs at the end of make test, over what all tests have shown.
func TestClaims(t *testing.T) {
	file := os.Getenv(ClaimsFile)
	if file == "" || os.Getenv("FIREBREAK_CLAIMS_CHECK") == "" {
		t.Skip("make test runs this at its end")
	}
	var missing []string
	if _, err := exec.LookPath("moto_server"); err != nil {
		missing = append(missing, "moto")
	}
	if PostgresBinaries() == "" {
		missing = append(missing, "PostgreSQL")
	}
	left, err := Unproved(file, missing...)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range left {
		t.Errorf("nothing has shown that %s: %s (%s)", c.Action, c.Proves, c.Counterpart)
	}
}

func TestAClaimNobodyShowedIsFound(t *testing.T) {
	file := filepath.Join(t.TempDir(), "claims")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	left, err := Unproved(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != len(Claims()) {
		t.Errorf("%d of %d claims are unproved by an empty run", len(left), len(Claims()))
	}
}
