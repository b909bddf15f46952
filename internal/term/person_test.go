//go:build !race

// The terminal library's input reader closes a descriptor while reading from it
// (github.com/muesli/cancelreader), which the race detector reports. What of this
// package runs concurrently is tested in screen_test.go.

package term

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/secret"
)

// console is a person at a pseudo-terminal of 80 by 24: it waits until a text is
// on the screen and then types.
type console struct {
	t    *testing.T
	pty  *os.File
	mu   sync.Mutex
	seen bytes.Buffer
	more chan struct{}
}

func open(t *testing.T, environ map[string]string) (*console, *Streams) {
	t.Helper()
	p, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(p, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	c := &console{t: t, pty: p, more: make(chan struct{}, 1)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if _, err := io.Copy(c, p); err != nil {
			return // the terminal was closed
		}
	}()
	t.Cleanup(func() {
		if err := tty.Close(); err != nil {
			t.Error(err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		<-ended
	})
	environ["TERM"] = "xterm"
	return c, New(tty, tty, tty, Options{Environ: environ})
}

func (c *console) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen.Write(b)
	select {
	case c.more <- struct{}{}:
	default:
	}
	// Programs ask a terminal where its cursor is and what colours it has.
	if bytes.Contains(b, []byte("\x1b[6n")) {
		if _, err := c.pty.WriteString("\x1b[1;1R"); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// notify tells this process that its terminal has another size, as the kernel tells a
// process whose terminal it is.
func (c *console) notify(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), syscall.SIGWINCH); err != nil {
		t.Fatal(err)
	}
}

// screen is everything that was drawn.
func (c *console) screen() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen.String()
}

// await waits until text was drawn, and forgets what was drawn up to there.
func (c *console) await(text string) {
	c.t.Helper()
	late := time.After(20 * time.Second)
	for {
		c.mu.Lock()
		_, rest, ok := strings.Cut(c.seen.String(), text)
		if ok {
			c.seen.Reset()
			c.seen.WriteString(rest)
		}
		c.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-c.more:
		case <-late:
			c.t.Errorf("the screen never showed %q; it showed %q", text, c.screen())
			return
		}
	}
}

func (c *console) enter(keys string) {
	c.t.Helper()
	if _, err := c.pty.WriteString(keys); err != nil {
		c.t.Error(err)
	}
}

func irreversible() respond.Ask {
	a := &plan.Action{
		ID: "purge", Step: plan.Review, Use: "github.caches.purge", Effect: plan.Irreversible, Proof: plan.P2,
		Target: plan.Target{Name: "acme/shop"}, Calls: []plan.Call{{Verb: "delete", Object: "cache 7\x1b[2J"}},
	}
	return respond.Ask{
		ID: "confirm/review/irreversible#1", Kind: respond.Confirm, Step: plan.Review, Effect: plan.Irreversible,
		Actions: []*plan.Action{a}, Typed: "acme/shop", Choices: []string{"go", "some", "skip", "pause"},
	}
}

type answer struct {
	reply drive.Reply
	ok    bool
	err   error
}

func ask(p *Person, a respond.Ask) <-chan answer {
	out := make(chan answer, 1)
	go func() {
		r, ok, err := p.Answer(context.Background(), nil, a)
		out <- answer{r, ok, err}
	}()
	return out
}

const down = "\x1b[B"

func TestIrreversibleWantsTheNameTyped(t *testing.T) {
	c, s := open(t, map[string]string{})
	got := ask(&Person{IO: s, By: "alice"}, irreversible())
	c.await("github.caches.purge")
	c.await("Go ahead")
	c.enter("\r")
	c.await("Type acme/shop to confirm")
	c.enter("acme\r")
	c.await("that is not acme/shop")
	c.enter("/shop\r")
	a := <-got
	if a.err != nil || !a.ok || a.reply.Answer.Choice != "go" || a.reply.Answer.By != "alice" {
		t.Errorf("got %+v", a)
	}
}

func TestSkipWantsAReason(t *testing.T) {
	c, s := open(t, map[string]string{})
	got := ask(&Person{IO: s, By: "alice"}, irreversible())
	c.await("Go ahead")
	c.enter(down + down + "\r")
	c.await("Why?")
	c.enter("not ours\r")
	if a := <-got; a.reply.Answer.Choice != "skip" || a.reply.Answer.Reason != "not ours" {
		t.Errorf("got %+v", a)
	}
}

func TestDetailsThenPause(t *testing.T) {
	c, s := open(t, map[string]string{})
	got := ask(&Person{IO: s, By: "alice"}, irreversible())
	c.await("Go ahead")
	c.enter(down + down + down + "\r")
	c.await(`would delete cache 7\x1b[2J`) // invariant I13: shown, not obeyed
	c.await("Go ahead")
	c.enter("\x03")
	if a := <-got; a.reply.Answer.Choice != "pause" {
		t.Errorf("got %+v", a)
	}
}

func TestPastedValueIsNeverShown(t *testing.T) {
	c, s := open(t, map[string]string{})
	sealed := ""
	p := &Person{IO: s, By: "alice", Seal: func(name string, v secret.Text) (string, error) {
		sealed = name + "=" + v.Reveal()
		return "sealed:" + name, nil
	}}
	got := ask(p, respond.Ask{ID: "old/x#1", Kind: respond.OldValue, Held: "old:NPM_TOKEN", Choices: []string{"value", "none", "pause"}})
	c.await("Paste the value")
	c.enter("\r")
	c.await("not shown")
	c.enter("npm_canary\r")
	a := <-got
	if a.reply.Answer.Value != "sealed:old:NPM_TOKEN" || sealed != "old:NPM_TOKEN=npm_canary" {
		t.Errorf("got %+v, sealed %q", a, sealed)
	}
	if strings.Contains(c.screen(), "npm_canary") {
		t.Error("the value was drawn on the screen")
	}
}

// Assisted tasks all want something called "value": sealed under that name, the
// second would take the place of the first.
func TestPastedValuesOfTwoTasksStayApart(t *testing.T) {
	var names []string
	for _, id := range []string{"assist/rotate/manual.task/a#1", "assist/rotate/manual.task/b#1"} {
		c, s := open(t, map[string]string{})
		p := &Person{IO: s, By: "alice", Seal: func(name string, _ secret.Text) (string, error) {
			names = append(names, name)
			return "sealed:" + name, nil
		}}
		got := ask(p, respond.Ask{ID: id, Kind: respond.Assist, Held: "value", Choices: []string{"value", "skip", "pause"}})
		c.await("Paste the value")
		c.enter("\r")
		c.await("not shown")
		c.enter("npm_canary\r")
		<-got
	}
	if len(names) != 2 || names[0] == names[1] {
		t.Errorf("sealed as %q", names)
	}
}
