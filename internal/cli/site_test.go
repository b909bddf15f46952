package cli

import (
	"io"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/rehearse"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/term"
	"github.com/firebreak/firebreak/internal/world"
)

// A machine whose clock is wrong is told so before anything is minted: a time of
// ours in a provider's policy would leave sessions out.
func TestAWrongClockIsAProblem(t *testing.T) {
	l, err := loadScenario(defaultScenario)
	if err != nil {
		t.Fatal(err)
	}
	r, err := rehearse.Open(t.Context(), rehearse.Options{Scenario: l, Dir: t.TempDir(), Seed: 1, Clock: world.NewManual(l.World.Begins)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	for off, want := range map[time.Duration]bool{0: false, time.Minute: false, -20 * time.Minute: true, 20 * time.Minute: true} {
		r.Clock = world.NewManual(l.World.Begins.Add(off))
		f := &Factory{IO: &term.Streams{Out: io.Discard}, Redactor: secret.NewRedactor(), Environ: map[string]string{}}
		s, err := f.rehearsalSite(r, "firebreak/test")
		if err != nil {
			t.Fatal(err)
		}
		who := s.selves(t.Context())
		for _, name := range []string{"github", "aws", "vault"} {
			if got := who.problems[name]; (got != "") != want {
				t.Errorf("a clock %s off: %s: %q", off, name, got)
			}
		}
	}
}

func TestASilentServerIsNotAwaitedForEver(t *testing.T) {
	tr, err := realTransport()
	if err != nil {
		t.Fatal(err)
	}
	if tr.ResponseHeaderTimeout <= 0 {
		t.Error("an answer is awaited for ever")
	}
}
