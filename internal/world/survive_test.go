package world_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/world"
	"github.com/firebreak/firebreak/internal/world/worldtest"
)

// A process killed between the state file and the log loses neither: the state
// carries the entries that belong to it.
func TestKilledBetweenStateAndLog(t *testing.T) {
	dir := t.TempDir()
	w := worldtest.New(t, world.Options{Dir: dir}, newCounter)
	for range 2 {
		if _, _, err := call(t, w, http.MethodPost, "firebreak/1"); err != nil {
			t.Fatal(err)
		}
	}
	want := w.Entries()
	name := filepath.Join(dir, "log.ndjson")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(b, []byte("\n"))
	keep := bytes.Join(lines[:len(lines)-3], nil) // the last request and what it caused are missing
	torn := append(keep, []byte(`{"seq":99,"ki`)...)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, torn, 0o600); err != nil {
		t.Fatal(err)
	}
	w.Reopen(t)
	if got := w.Entries(); !slices.Equal(got, want) {
		t.Errorf("the log after reopening:\n%v\nwant:\n%v", got, want)
	}
	if got := w.Projection()["counter"]; got != "xx" {
		t.Errorf("the state after reopening is %q, want xx", got)
	}
}

func TestScaledClockGoesOnWhereItWas(t *testing.T) {
	dir, begin := t.TempDir(), time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	c, err := world.OpenScaled(dir, 1000, begin)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Sleep(t.Context(), 10*time.Second); err != nil {
		t.Fatal(err)
	}
	first := c.Now()
	if d := first.Sub(begin); d < 10*time.Second || d > time.Hour {
		t.Errorf("after a sleep of 10 s the clock moved %s", d)
	}
	again, err := world.OpenScaled(dir, 0, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if again.Now().Before(first) || again.Speed() != 1000 {
		t.Errorf("reopened at %s with speed %v, was at %s with 1000", again.Now(), again.Speed(), first)
	}
	slower, err := world.OpenScaled(dir, 2, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if slower.Now().Before(first) || slower.Real(time.Minute) != 30*time.Second {
		t.Errorf("at another speed the clock shows %s after %s, a minute takes %s", slower.Now(), first, slower.Real(time.Minute))
	}
	if _, err := world.OpenScaled(dir, -1, begin); err == nil {
		t.Error("a clock that runs backwards was opened")
	}
}

func TestControl(t *testing.T) {
	w := worldtest.New(t, world.Options{}, newCounter)
	do := func(method, path, body string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, w.URL("control")+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := w.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close() //nolint:errcheck // read to its end
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}
	if status, _ := do(http.MethodPost, "/_world/hold", `{"n":1,"when":"sometimes"}`); status != http.StatusBadRequest {
		t.Errorf("a hold that means nothing is answered %d", status)
	}
	if status, b := do(http.MethodPost, "/_world/hold", `{"n":1,"when":"after"}`); status != http.StatusOK {
		t.Fatalf("hold: %d %s", status, b)
	}
	done := make(chan error, 1)
	go func() {
		_, _, err := call(t, w, http.MethodPost, "firebreak/1")
		done <- err
	}()
	if _, b := do(http.MethodGet, "/_world/held", ""); !strings.Contains(b, `"n":1`) || !strings.Contains(b, "POST count") || !strings.Contains(b, `"object":`) {
		t.Errorf("held: %s", b)
	}
	if _, b := do(http.MethodGet, "/_world/state", ""); b != "{\"counter\":\"x\"}\n" {
		t.Errorf("held after its effect, the state is %s", b)
	}
	do(http.MethodPost, "/_world/release", "")
	if err := <-done; err != nil {
		t.Error(err)
	}
	var list []world.Entry
	_, b := do(http.MethodGet, "/_world/log?after=1", "")
	if err := json.Unmarshal([]byte(b), &list); err != nil || len(list) != 2 || list[0].Number != 1 {
		t.Errorf("log after 1: %s (%v)", b, err)
	}
	if n := len(w.Entries()); n != 3 {
		t.Errorf("the log has %d entries: the control interface left some", n)
	}
}

// Whoever is killed while its call is held before the effect was never heard.
func TestCallerGoneWhileHeldBefore(t *testing.T) {
	w := worldtest.New(t, world.Options{}, newCounter)
	w.Hold(world.Hold{Number: 1, When: world.Before})
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL("counter")+"/c", nil)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		resp, err := w.Client().Do(r)
		if err == nil {
			err = resp.Body.Close()
		}
		done <- err
	}()
	if _, err := w.Held(t.Context()); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; err == nil {
		t.Fatal("a held call was answered")
	}
	if err := w.Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Release()
	if got := w.Projection()["counter"]; got != "" {
		t.Errorf("the call took effect: %q", got)
	}
}

// A clock followed from another process shows what the world's own shows.
func TestFollowScaled(t *testing.T) {
	dir := t.TempDir()
	if _, err := world.FollowScaled(dir); err == nil {
		t.Error("it follows a world that is not there")
	}
	begin := time.Date(2025, 3, 14, 12, 0, 0, 0, time.UTC)
	own, err := world.OpenScaled(dir, 1000, begin)
	if err != nil {
		t.Fatal(err)
	}
	other, err := world.FollowScaled(dir)
	if err != nil {
		t.Fatal(err)
	}
	before, seen, after := own.Now(), other.Now(), own.Now()
	if slack := time.Second; seen.Before(before.Add(-slack)) || seen.After(after.Add(slack)) || other.Speed() != 1000 {
		t.Errorf("%s is not between %s and %s", seen, before, after)
	}
}
