package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/firebreak/firebreak/internal/config"
)

// The shipped scenarios' configurations name only what there is.
func TestShippedConfigurationsNameWhatThereIs(t *testing.T) {
	files, err := filepath.Glob("../../playbooks/scenarios/*/firebreak.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no configuration found (%v)", err)
	}
	k, err := knownKinds()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := config.Check(f, b, k); err != nil {
			t.Error(err)
		}
	}
}
