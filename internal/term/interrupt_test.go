package term

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

func TestAHangupIsAnInterrupt(t *testing.T) {
	interrupt, stop := CatchInterrupts(nil)
	defer stop()
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	select {
	case <-interrupt:
	case <-time.After(10 * time.Second):
		t.Fatal("the hangup was not told")
	}
}

// TestALostReaderEndsNothing runs itself with a stderr nobody reads.
func TestALostReaderEndsNothing(t *testing.T) {
	const role = "FIREBREAK_TEST_LOST_READER"
	if os.Getenv(role) != "" {
		OutliveReaders()
		for range 3 {
			if _, err := os.Stderr.WriteString("progress\n"); err == nil {
				os.Exit(6)
			}
		}
		os.Exit(7)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestALostReaderEndsNothing$")
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), role+"=1"), &out, w
	err = cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Errorf("ended with %v, want its own end (7): %s", err, out.String())
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
