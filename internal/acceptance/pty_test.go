package acceptance

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/creack/pty"
)

// person answers the questions of a command at a pseudo-terminal of 80 by 24, asked in
// plain lines. answer gets what stood above the question and the choices, none where
// a line of text is wanted; the empty string presses Ctrl-C.
type person func(text string, choices []string) string

var (
	choose   = regexp.MustCompile(`(?:Enter a number between 1 and \d+, or \? for where you are|Nothing was chosen\. A number between 1 and \d+): $`)
	wantLine = regexp.MustCompile(`(?:Type .+ to confirm|Type the name above to confirm|\?|\(stands in the report\)|\(loud in the report\)|log in with\)|stands in the report\)): $`)
	typed    = regexp.MustCompile(`Type (.+) to confirm: $`)
	numbered = regexp.MustCompile(`(?m)^\d+\. (.*?)\r?$`)
)

// atTerminal runs a command with a person at it.
func (d *desk) atTerminal(answer person, args ...string) ended {
	d.t.Helper()
	cmd := d.command(args...)
	cmd.Env = append(cmd.Env, "ACCESSIBLE=1", "NO_COLOR=1", "TERM=xterm")
	p, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		d.t.Fatal(err)
	}
	late := time.AfterFunc(4*time.Minute, func() {
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			d.t.Error(err)
		}
	})
	defer late.Stop()
	all := d.talk(p, answer)
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		d.t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		d.t.Error(err)
	}
	return ended{out: strings.ReplaceAll(all, "\r\n", "\n"), code: cmd.ProcessState.ExitCode(), args: args}
}

func (d *desk) talk(p *os.File, answer person) string {
	var all strings.Builder
	var since bytes.Buffer // what was said since the last answer
	b := make([]byte, 4096)
	for {
		n, err := p.Read(b)
		all.Write(b[:n])
		since.Write(b[:n])
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, syscall.EIO) { // how a terminal says that nobody is left
				d.t.Error(err)
			}
			return all.String()
		}
		say, asked := reply(since.String(), answer)
		if !asked {
			continue
		}
		since.Reset()
		if _, err := p.WriteString(say); err != nil {
			d.t.Error(err)
		}
	}
}

// reply gives what a person types, where something is asked.
func reply(text string, answer person) (string, bool) {
	var choices []string
	switch {
	case choose.MatchString(text):
		for _, m := range numbered.FindAllStringSubmatch(text, -1) {
			choices = append(choices, m[1])
		}
	case !wantLine.MatchString(text):
		return "", false
	}
	say := answer(strings.ReplaceAll(text, "\r\n", "\n"), choices)
	if say == "" {
		return "\x03", true
	}
	for i, c := range choices {
		if c == say {
			return string(rune('1'+i)) + "\n", true
		}
	}
	return say + "\n", true
}

// agreeing says yes to everything and types what has to be typed.
func agreeing(text string, choices []string) string {
	if m := typed.FindStringSubmatch(text); m != nil && choices == nil {
		return m[1]
	}
	if choices == nil {
		return "because"
	}
	for _, want := range []string{"Nobody has it", "Go ahead", "It is done", "Try again", "Skip, with a reason"} {
		for _, c := range choices {
			if c == want {
				return c
			}
		}
	}
	return choices[0]
}

// pick gives the first of choices that begins with one of words, "" for none.
func pick(choices []string, words ...string) string {
	for _, w := range words {
		for _, c := range choices {
			if strings.HasPrefix(c, w) {
				return c
			}
		}
	}
	return ""
}
