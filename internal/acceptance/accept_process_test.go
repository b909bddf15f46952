package acceptance

import (
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// running is a process that has not ended yet; what it says on stderr is written
// here while it says it.
type running struct {
	t     *testing.T
	cmd   *exec.Cmd
	mu    sync.Mutex
	said  strings.Builder
	grown chan struct{}
}

// Write implements io.Writer.
func (r *running) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case r.grown <- struct{}{}:
	default:
	}
	return r.said.Write(b)
}

func (r *running) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.said.String()
}

// await waits until the process has said something on stderr.
func (r *running) await(what string) {
	r.t.Helper()
	late := time.NewTimer(90 * time.Second)
	defer late.Stop()
	for !strings.Contains(r.text(), what) {
		select {
		case <-r.grown:
		case <-late.C:
			r.interrupt()
			r.t.Errorf("it never said %q, but:\n%s", what, r.text())
			return
		}
	}
}

func (r *running) interrupt() {
	r.t.Helper()
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
		r.t.Error(err)
	}
}
