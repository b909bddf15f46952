package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// serveWorld is "world SCENARIO": a world in a process of its own until the script
// ends. The script's environment then leads to it, and CONFIG is its firebreak.yaml.
func serveWorld(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: world scenario")
	}
	bin, err := exec.LookPath("firebreak")
	for _, dir := range strings.Split(ts.Getenv("PATH"), string(os.PathListSeparator)) {
		if p := dir + "/firebreak"; err != nil && isFile(p) {
			bin, err = p, nil
		}
	}
	ts.Check(err)
	cmd := exec.Command(bin, "world", args[0], "--no-attacker", "--output", "json", "--dir", ts.MkAbs("world"))
	cmd.Env = []string{"HOME=" + ts.Getenv("HOME"), "XDG_STATE_HOME=" + ts.Getenv("XDG_STATE_HOME"), "PATH=" + ts.Getenv("PATH")}
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	var told worldTold
	ts.Check(json.NewDecoder(bufio.NewReader(out)).Decode(&told))
	for _, k := range told.Unset {
		ts.Setenv(k, "")
	}
	for k, v := range told.Environment {
		ts.Setenv(k, v)
	}
	ts.Setenv("CONFIG", told.Config)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// answerAlways is "answers VARIABLE STATUS BODY [HEADER=VALUE]...": a server that says
// the same to every request until the script ends; VARIABLE is its address.
func answerAlways(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: answers variable status body [header=value]...")
	}
	code, err := strconv.Atoi(args[1])
	ts.Check(err)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for _, h := range args[3:] {
			name, value, _ := strings.Cut(h, "=")
			w.Header().Set(name, value)
		}
		w.WriteHeader(code)
		fmt.Fprint(w, args[2])
	}))
	ts.Defer(s.Close)
	ts.Setenv(args[0], s.URL)
}

// replaceText is "replace FILE OLD NEW": every OLD in a file, which must be there.
func replaceText(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace file old new")
	}
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, args[1], args[2], 1)), 0o600))
}

// cutShort is "cut FILE BYTES": that many bytes are taken off a file's end.
func cutShort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: cut file bytes")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	text := ts.ReadFile(args[0])
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text[:max(0, len(text)-n)]), 0o600))
}
