package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/firebreak/firebreak/internal/diag"
	"github.com/firebreak/firebreak/internal/journal"
)

var update = flag.Bool("update", false, "write golden files")

func TestCodeOf(t *testing.T) {
	e := func(c Code) error { return fault(c, "", "code %d", c) }
	for _, c := range []struct {
		err  error
		want Code
	}{
		{nil, OK},
		{errors.New("defect"), Internal},
		{diag.List{{File: "p.yaml"}}, Usage},
		{fmt.Errorf("open: %w", &journal.Locked{}), Locked},
		{fmt.Errorf("open: %w", &journal.Damaged{}), Unverified},
		{context.Canceled, Interrupted},
		{errors.Join(e(Approval), e(Stale)), Stale},
		{errors.Join(e(Stale), e(Gate)), Gate},
		{errors.Join(e(Gate), e(Refused)), Refused},
		{errors.Join(e(Refused), e(Unknown)), Unknown},
		{errors.Join(errors.New("close"), e(Gate)), Gate},
	} {
		if got := CodeOf(c.err); got != c.want {
			t.Errorf("CodeOf(%v) = %d, want %d", c.err, got, c.want)
		}
	}
}

func TestCodesAreOnceEach(t *testing.T) {
	seen := map[Code]bool{}
	for _, x := range exits() {
		if seen[x.Code] {
			t.Errorf("code %d stands twice", x.Code)
		}
		seen[x.Code] = true
	}
}

//go:generate go test -run TestGeneratedExitCodes -update .

func TestGeneratedExitCodes(t *testing.T) {
	const file = "../../docs/exit-codes.md"
	want := exitCodesMarkdown()
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from the table; run make generate", file)
	}
}
