package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

func owner() Owner { return Owner{Host: "h", Process: 7, User: "alice", Since: t0} }

func opened() respond.Opened {
	return respond.Opened{Incident: "inc-1", Program: "1.0", Decider: respond.Version, Mode: "real", Began: t0, Author: "alice", Operator: "bob"}
}

// planned has bytes a JSON encoder would like to change: HTML characters, indentation, numbers.
func planned() respond.Planned {
	p := &plan.Plan{
		Schema: plan.Schema, Inputs: map[string]any{"n": 10, "text": "<a> & b"}, Subjects: []string{"acme/shop/.github/workflows/ci.yml"}, Builders: []string{}, Closings: []plan.Closing{},
		Actions: []plan.Action{{ID: "disable/x", Step: plan.Disable, Use: "github.workflow.disable", Before: json.RawMessage(`{"state":"active"}`)}},
	}
	b, err := plan.Encode(p)
	if err != nil {
		panic(err)
	}
	return respond.Planned{Digest: plan.Digest(b), Bytes: b}
}

// events is one of every kind but opened.
func events() []respond.Event {
	data := []respond.Data{
		respond.Approved{Statement: "s", Plan: "p", Signer: "bob", Effects: []plan.Effect{plan.Disruptive}, NotAfter: t0.Add(time.Hour)},
		respond.Answered{Ask: "a", Choice: "go", By: "bob <script>\u2028\n"},
		respond.Intended{Action: "a", Number: 1, Call: plan.Call{Key: "k", Verb: "cancel", Object: "41", Before: json.RawMessage(`{"ids":[1]}`)}},
		respond.Outcome{Action: "a", Number: 1, Outcome: plan.Outcome{State: plan.Done, Outputs: map[string]plan.Output{"id": {Value: "5"}}}},
		respond.Settled{Action: "a", Number: 1, Settlement: plan.Settlement{Happened: "yes"}},
		respond.Verified{Action: "a", Reading: plan.Reading{State: plan.Held, Proof: plan.P1}},
		respond.Surveyed{Scope: "boundary", Digest: "d"},
		respond.Fired{Until: t0},
		respond.Overridden{Reason: "r", By: "bob"},
		respond.Resumed{Operator: "bob", Program: "1.0"},
		respond.Paused{Reason: "r", Code: 4},
		respond.Closed{KeyDestroyed: true},
		planned(),
	}
	out := make([]respond.Event, len(data))
	for i, d := range data {
		out[i] = respond.Event{Time: t0.Add(time.Duration(i) * time.Second), Data: d}
	}
	return out
}

func fresh(t *testing.T) (*Journal, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "inc-1")
	j, e, err := Create(dir, owner(), t0, opened())
	if err != nil {
		t.Fatal(err)
	}
	if e.Kind() != "opened" || e.Data.(respond.Opened).CheckpointKey == "" {
		t.Fatalf("first event: %+v", e)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return j, dir
}

func full(t *testing.T) (*Journal, string, []respond.Event) {
	t.Helper()
	j, dir := fresh(t)
	evs := events()
	for len(evs) > 0 { // batches of one, two, three, ...
		n := min(int(j.Len()), len(evs))
		if _, err := j.Append(evs[:n]); err != nil {
			t.Fatal(err)
		}
		evs = evs[n:]
	}
	return j, dir, events()
}

func contents(t *testing.T, dir string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, File))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func put(t *testing.T, dir string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, File), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestReplayGivesWhatAppendGave(t *testing.T) {
	j, dir := fresh(t)
	got, err := j.Append(events())
	if err != nil {
		t.Fatal(err)
	}
	r, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(r.Events[1:], got) {
		t.Errorf("replay differs from what Append returned")
	}
	if len(r.Events) != 14 || r.Torn != "" || r.Opened.Incident != "inc-1" {
		t.Errorf("replay: %d events, torn %q, opened %+v", len(r.Events), r.Torn, r.Opened)
	}
	for i, e := range events() {
		if !e.Time.Equal(r.Events[i+1].Time) || e.Kind() != r.Events[i+1].Kind() {
			t.Errorf("record %d: %v %s", i+2, r.Events[i+1].Time, r.Events[i+1].Kind())
		}
	}
}

func TestEveryPrefixReplays(t *testing.T) {
	j, dir, _ := full(t)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	whole := contents(t, dir)
	first := bytes.IndexByte(whole, '\n') + 1
	for n := first; n <= len(whole); n++ {
		prefix := whole[:n]
		if r, err := read(dir, prefix); err != nil || len(r.Events) != bytes.Count(prefix, []byte("\n")) {
			t.Fatalf("prefix of %d bytes: %v", n, err)
		}
		if n%29 != 0 && prefix[n-1] != '\n' && whole[min(n, len(whole)-1)] != '\n' {
			continue
		}
		put(t, dir, prefix)
		j, r, err := Open(dir, owner())
		if err != nil {
			t.Fatalf("prefix of %d bytes: %v", n, err)
		}
		lines := bytes.Count(prefix, []byte("\n"))
		if len(r.Events) != lines || (r.Torn != "") != (prefix[n-1] != '\n') {
			t.Fatalf("prefix of %d bytes: %d events of %d lines, torn %q", n, len(r.Events), lines, r.Torn)
		}
		// Going on after the cut gives a journal without a seam.
		if _, err := j.Append([]respond.Event{{Time: t0, Data: respond.Resumed{Operator: "bob", Cut: r.Torn}}}); err != nil {
			t.Fatal(err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		if r, err := Read(dir); err != nil || r.Torn != "" || len(r.Events) != lines+1 {
			t.Fatalf("prefix of %d bytes, after going on: %v", n, err)
		}
	}
}

func TestCreationThatDiedMayBeRepeated(t *testing.T) {
	j, dir, _ := full(t)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	whole := contents(t, dir)
	first := bytes.IndexByte(whole, '\n')
	for _, n := range []int{0, 1, first} {
		put(t, dir, whole[:n])
		var d *Damaged
		if _, err := Read(dir); !errors.As(err, &d) {
			t.Errorf("%d bytes: read: %v", n, err)
		}
		j, _, err := Create(dir, owner(), t0, opened())
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var exists *Exists
	if _, _, err := Create(dir, owner(), t0, opened()); !errors.As(err, &exists) {
		t.Errorf("a second creation: %v", err)
	}
}

func TestAnyChangedByteIsDetected(t *testing.T) {
	j, dir, _ := full(t)
	cp, err := j.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	whole := contents(t, dir)
	p, _, err := Verify(dir, cp)
	if err != nil || p.Anchored != 14 || p.Unanchored != 0 {
		t.Fatalf("unchanged: %+v, %v", p, err)
	}
	for i := range whole {
		changed := bytes.Clone(whole)
		changed[i] ^= 1 << (i % 8)
		put(t, dir, changed)
		if _, _, err := Verify(dir, cp); err == nil {
			t.Fatalf("byte %d changed from %q to %q: not detected", i, whole[i], changed[i])
		}
	}
	for i := 0; i < len(whole); i++ {
		put(t, dir, whole[:i])
		if _, _, err := Verify(dir, cp); err == nil {
			t.Fatalf("cut after byte %d: not detected", i)
		}
	}
}

func TestMiddleIsRefusedWithItsLine(t *testing.T) {
	j, dir, _ := full(t)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	whole := contents(t, dir)
	lines := bytes.SplitAfter(whole, []byte("\n"))
	swap := func(f func([][]byte) [][]byte) []byte {
		return bytes.Join(f(bytes.SplitAfter(whole, []byte("\n"))), nil)
	}
	cases := map[string]struct {
		b    []byte
		line int
	}{
		"a changed field": {bytes.Replace(whole, []byte(`"choice":"go"`), []byte(`"choice":"no"`), 1), 4},
		"a missing line":  {swap(func(l [][]byte) [][]byte { return append(l[:3:3], l[4:]...) }), 4},
		"a repeated line": {swap(func(l [][]byte) [][]byte { return append(l[:4:4], l[3:]...) }), 5},
		"rubbish":         {bytes.Join([][]byte{lines[0], []byte("rubbish\n"), lines[1]}, nil), 2},
		"an unknown member": {swap(func(l [][]byte) [][]byte {
			l[2] = bytes.Replace(l[2], []byte(`"data"`), []byte(`"also":1,"data"`), 1)
			return l
		}), 3},
		"a second opened": {swap(func(l [][]byte) [][]byte { return [][]byte{l[0], l[0], l[1]} }), 2},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			put(t, dir, c.b)
			_, _, err := Open(dir, owner())
			var d *Damaged
			if !errors.As(err, &d) || d.Line != c.line {
				t.Fatalf("got %v, want damage in line %d", err, c.line)
			}
			if !bytes.Equal(contents(t, dir), c.b) {
				t.Error("a refused journal was changed")
			}
		})
	}
}

// line makes the next record of a journal with r, as a later program might.
func line(t *testing.T, r *Replay, v int, kind, data string) []byte {
	t.Helper()
	b, err := json.Marshal(record{v, int64(len(r.Events)) + 1, t0, r.last, kind, json.RawMessage(data)})
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

func TestNewerIsRefusedNotCut(t *testing.T) {
	j, dir, _ := full(t)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	whole := contents(t, dir)
	version2 := bytes.Replace(line(t, r, 2, "closed", `{}`), []byte(`{"v":2`), []byte(`{"v":2,"more":1`), 1)
	for name, last := range map[string][]byte{"type": line(t, r, 1, "moved", `{}`), "version": version2} {
		put(t, dir, append(bytes.Clone(whole), last...))
		var n *Newer
		if _, _, err := Open(dir, owner()); !errors.As(err, &n) || n.Program != "1.0" || n.Line != 15 {
			t.Errorf("%s: %v", name, err)
		}
		if len(contents(t, dir)) != len(whole)+len(last) {
			t.Errorf("%s: a record of a later program was cut", name)
		}
	}
}

func TestLockNamesItsOwner(t *testing.T) {
	j, dir := fresh(t)
	var locked *Locked
	if _, _, err := Open(dir, Owner{User: "mallory"}); !errors.As(err, &locked) || locked.Owner != owner() {
		t.Fatalf("second opening: %v", err)
	}
	if s := locked.Error(); !strings.Contains(s, "alice on h, process 7") {
		t.Errorf("the message does not name the owner: %s", s)
	}
	if _, err := Read(dir); err != nil {
		t.Errorf("reading needs no lock: %v", err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	k, _, err := Open(dir, owner())
	if err != nil {
		t.Fatalf("after the owner left: %v", err)
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Open(filepath.Join(dir, "none"), owner()); err == nil {
		t.Error("opened a folder that is not there")
	}
}

// frail fails at a chosen write or fsync, after writing a part.
type frail struct {
	*os.File
	room   int // bytes that still fit
	noSync bool
	writes int
}

func (f *frail) Write(b []byte) (int, error) {
	f.writes++
	if len(b) <= f.room {
		f.room -= len(b)
		return f.File.Write(b)
	}
	n, err := f.File.Write(b[:f.room])
	return n, errors.Join(err, errors.New("no space left"))
}

func (f *frail) Sync() error {
	if f.noSync {
		return errors.New("input/output error")
	}
	return f.File.Sync()
}

func TestFailedWritePoisons(t *testing.T) {
	for name, set := range map[string]func(*frail){
		"write": func(f *frail) { f.room = 100 },
		"fsync": func(f *frail) { f.room, f.noSync = 1<<20, true },
	} {
		t.Run(name, func(t *testing.T) {
			j, dir := fresh(t)
			f := &frail{File: j.file.(onDisk).File}
			set(f)
			j.file = f
			var p *Poisoned
			if _, err := j.Append(events()); !errors.As(err, &p) {
				t.Fatalf("the failing append: %v", err)
			}
			f.room, f.noSync = 1<<20, false // the disk is well again
			if _, err := j.Append(events()); !errors.As(err, &p) {
				t.Errorf("a later append: %v", err)
			}
			if _, err := j.Checkpoint(); !errors.As(err, &p) {
				t.Errorf("a later checkpoint: %v", err)
			}
			if f.writes != 1 {
				t.Errorf("%d writes: a failed one was tried again", f.writes)
			}
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			k, r, err := Open(dir, owner())
			if err != nil {
				t.Fatal(err)
			}
			if name == "write" && (len(r.Events) != 1 || r.Torn == "") {
				t.Errorf("after the failed write: %d events, torn %q", len(r.Events), r.Torn)
			}
			if err := k.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestBatchIsOneWrite(t *testing.T) {
	j, _ := fresh(t)
	f := &frail{File: j.file.(onDisk).File, room: 1 << 20}
	j.file = f
	if _, err := j.Append(events()); err != nil {
		t.Fatal(err)
	}
	if f.writes != 1 {
		t.Errorf("a batch of %d took %d writes", len(events()), f.writes)
	}
	if _, err := j.Append([]respond.Event{{Time: t0}}); err == nil || f.writes != 1 {
		t.Error("an empty event was written")
	}
	if _, err := j.Append(events()[:1]); err != nil {
		t.Errorf("a refused event must not poison: %v", err)
	}
}

func TestCheckpointOfAnother(t *testing.T) {
	j, dir, _ := full(t)
	old, err := j.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Append(events()[:2]); err != nil {
		t.Fatal(err)
	}
	if p, _, err := Verify(dir, old); err != nil || p.Anchored != 14 || p.Unanchored != 2 {
		t.Errorf("an older checkpoint: %+v, %v", p, err)
	}
	if p, _, err := Verify(dir, nil); err != nil || p.Anchored != 0 || p.Unanchored != 16 {
		t.Errorf("without a checkpoint: %+v, %v", p, err)
	}
	other, _ := fresh(t)
	foreign, err := other.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	var refuted *Refuted
	for name, cp := range map[string][]byte{"foreign": foreign, "rubbish": []byte("x"), "forged": bytes.Replace(old, []byte("\n14\n"), []byte("\n13\n"), 1)} {
		if _, _, err := Verify(dir, cp); !errors.As(err, &refuted) {
			t.Errorf("%s checkpoint: %v", name, err)
		}
	}
}

func TestKeyIsPrivate(t *testing.T) {
	j, dir := fresh(t)
	for _, f := range []string{KeyFile, File, LockFile} {
		st, err := os.Stat(filepath.Join(dir, f))
		if err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", f, st.Mode(), err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	const rubbish = "PRIVATE+KEY+very-secret"
	if err := os.WriteFile(filepath.Join(dir, KeyFile), []byte(rubbish), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Open(dir, owner()); err == nil || strings.Contains(err.Error(), "very-secret") {
		t.Errorf("a broken key: %v", err)
	}
}

func TestIncidentIDs(t *testing.T) {
	for _, id := range []string{"", "a b", "a+b", "a/b"} {
		o := opened()
		o.Incident = id
		if _, _, err := Create(t.TempDir(), owner(), t0, o); err == nil {
			t.Errorf("id %q was taken", id)
		}
	}
}
