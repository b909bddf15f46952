package journal

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

var update = flag.Bool("update", false, "write a new golden journal where there is none")

// TestVersion1StaysReadable holds the reader against a journal that was written
// once and is never written again.
func TestVersion1StaysReadable(t *testing.T) {
	dir := filepath.Join("testdata", "version1")
	if _, err := os.Stat(dir); os.IsNotExist(err) && *update {
		writeGolden(t, dir)
	}
	cp, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	p, r, err := Verify(dir, cp)
	if err != nil {
		t.Fatal(err)
	}
	if p.Records != 14 || p.Anchored != 14 || p.Torn != "" {
		t.Errorf("proven: %+v", p)
	}
	if got := r.Events[3].Data.(respond.Intended).Call.Object; got != "41" {
		t.Errorf("record 4: object %q", got)
	}
	last := r.Events[13].Data.(respond.Planned)
	if b, err := plan.Encode(last.Plan); err != nil || plan.Digest(b) != last.Digest {
		t.Errorf("the plan's bytes do not survive the journal: %v", err)
	}
	for i, e := range events() {
		want, err := json.Marshal(e.Data)
		if err != nil {
			t.Fatal(err)
		}
		got, err := respond.EncodeData(r.Events[i+1].Data)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(members(t, got), members(t, want)) {
			t.Errorf("record %d: %s, want %s", i+2, got, want)
		}
	}
}

func members(t *testing.T, b []byte) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func writeGolden(t *testing.T, dir string) {
	t.Helper()
	j, from, _ := full(t)
	cp, err := j.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	// Without the signing key: whoever could sign could make another golden journal.
	for name, b := range map[string][]byte{File: contents(t, from), "checkpoint": cp} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
