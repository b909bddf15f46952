package counterpart

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/tally"
)

// Moto5 is moto's name in claims.
const Moto5 = "moto 5.2.1"

// MotoAccount is the account moto serves.
const MotoAccount = "123456789012"

// MotoServer is moto's AWS on a loopback port, empty, with everything in memory.
type MotoServer struct {
	t   testing.TB
	URL string // http://127.0.0.1:PORT
}

var motoRuns = regexp.MustCompile(`Running on (http://127\.0\.0\.1:[0-9]+)`)

// Moto starts a server, which ends with the test. It is a Python package that no
// recipe of ours installs, and the one counterpart that may be missing where the
// others are required: the test is skipped then, and the tally says so.
func Moto(t testing.TB) MotoServer {
	t.Helper()
	path, err := exec.LookPath("moto_server")
	if err != nil {
		tally.Note(t, "SKIPPED: %s: moto_server cannot be had: %s", t.Name(), err)
		t.Skipf("moto_server cannot be had: %s; install the Python package moto[server] 5.2.1", err)
	}
	cmd := exec.Command(path, "-H", "127.0.0.1", "-p", "0") //nolint:noctx // killed at the test's end, whatever became of it
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "PYTHONUNBUFFERED=1"} // HOME: some Pythons are found by it
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	hung := time.AfterFunc(2*time.Minute, func() { cmd.Process.Kill() }) //nolint:errcheck // it is gone already
	m := MotoServer{t: t}
	var said strings.Builder
	for lines := bufio.NewScanner(out); m.URL == "" && lines.Scan(); said.WriteString(lines.Text() + "\n") {
		if at := motoRuns.FindStringSubmatch(lines.Text()); at != nil {
			m.URL = at[1]
		}
	}
	hung.Stop()
	rest := make(chan struct{})
	go func() { // what it says of each request would fill the pipe
		io.Copy(io.Discard, out) //nolint:errcheck // it was killed
		close(rest)
	}()
	t.Cleanup(func() {
		cmd.Process.Kill() //nolint:errcheck // it is gone already
		<-rest
		cmd.Wait() //nolint:errcheck // it was killed
	})
	if m.URL == "" {
		t.Fatalf("moto did not start:\n%s", said.String())
	}
	return m
}

// Enforce makes it check signatures and policies after so many more requests, which
// need to be none of anybody.
func (m MotoServer) Enforce(after int) {
	m.t.Helper()
	req, err := http.NewRequestWithContext(m.t.Context(), http.MethodPost, m.URL+"/moto-api/reset-auth", strings.NewReader(strconv.Itoa(after)))
	if err != nil {
		m.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "text/plain")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		m.t.Fatal(err)
	}
	resp.Body.Close() //nolint:errcheck // nothing is wanted of it
	if resp.StatusCode != http.StatusOK {
		m.t.Fatalf("moto's reset-auth answered %d", resp.StatusCode)
	}
}
