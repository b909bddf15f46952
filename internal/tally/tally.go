// Package tally keeps the figures of a test run which make test prints at its end:
// how many crash points ran, how many incidents were simulated. It is for tests.
package tally

import (
	"errors"
	"fmt"
	"os"
	"testing"
)

// File is the variable that names the file figures are added to; unset, they are
// in the test's log alone.
const File = "FIREBREAK_TALLY"

// Note logs a figure and adds it to the run's file.
func Note(t testing.TB, format string, args ...any) {
	t.Helper()
	line := fmt.Sprintf(format, args...)
	t.Log(line)
	if err := Add(line); err != nil {
		t.Error(err)
	}
}

// Add adds a figure to the run's file where no test is running any more.
func Add(line string) (err error) {
	name := os.Getenv(File)
	if name == "" {
		return nil
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, line)
	return errors.Join(err, f.Close())
}
