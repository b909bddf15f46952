package manual_test

import (
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/adaptertest"
	"github.com/firebreak/firebreak/adapters/manual"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/world"
)

func TestMain(m *testing.M) {
	os.Exit(adaptertest.Every{M: m, Provider: manual.New()}.Run())
}

func TestTask(t *testing.T) {
	adaptertest.Run(t, adaptertest.Suite{
		Action: "manual.task",
		World: func(*testing.T) adaptertest.World {
			c := world.NewManual(time.Date(2025, 3, 14, 16, 57, 0, 0, time.UTC))
			return adaptertest.World{Transport: http.NewFileTransport(http.Dir(t.TempDir())), Now: c.Now, Advance: c.Advance}
		},
		Provider: func(*testing.T, adapters.Wire) adapters.Provider { return manual.New() },
		Inputs:   adapters.Inputs{"instructions": {Literal: "Call the registry's support."}},
		Quirks:   adaptertest.Quirks{NotByWorld: true},
	})
}

// A reading can never close what only a person can know.
func TestNeverHeld(t *testing.T) {
	a := manual.New().Actions()[0]
	c, err := a.Plan(adapters.Inputs{"instructions": {Literal: "x"}}, &snapshot.Snapshot{})
	if err != nil || c.Assisted == nil || len(c.Calls) > 0 {
		t.Fatalf("got %v, %+v", err, c)
	}
	if r := a.Verify(t.Context(), adapters.Task{}); r.State != plan.Broken {
		t.Errorf("got %+v", r)
	}
}
