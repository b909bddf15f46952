package counterpart

import (
	"bytes"
	"encoding/json"
	"io"
	"os/exec"
	"testing"
	"time"
)

// launch starts a server that says hello in one JSON object on its standard output and
// ends when its standard input does, whatever became of us. It ends with the test.
func launch(t testing.TB, name string, cmd *exec.Cmd, hello any) {
	t.Helper()
	var said bytes.Buffer
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	hung := time.AfterFunc(2*time.Minute, func() { cmd.Process.Kill() }) //nolint:errcheck // it is gone already
	err = json.NewDecoder(out).Decode(hello)
	hung.Stop()
	t.Cleanup(func() {
		in.Close()               //nolint:errcheck // it is gone already
		io.Copy(io.Discard, out) //nolint:errcheck // the same
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s ended badly: %v\n%s", name, err, said.String())
		}
	})
	if err != nil {
		t.Fatalf("%s did not start: %v\n%s", name, err, said.String())
	}
}
