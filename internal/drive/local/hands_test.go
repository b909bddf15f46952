package local

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// issuer is a system that mints keys and keeps a copy of one: the smallest
// credential that can be rotated. Its keys are values nobody else has.
type issuer struct {
	mu    sync.Mutex
	Keys  map[string]string // value by id; dead ones are gone
	Store string
	Next  int
}

func newIssuer() *issuer {
	return &issuer{Keys: map[string]string{"k0": "old-value-000000"}, Store: "old-value-000000"}
}

func (x *issuer) copy() *issuer {
	x.mu.Lock()
	defer x.mu.Unlock()
	return &issuer{Keys: maps.Clone(x.Keys), Store: x.Store, Next: x.Next}
}

func (x *issuer) ids() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Sorted(maps.Keys(x.Keys))
}

func (x *issuer) Name() string                                                     { return "mem" }
func (x *issuer) Actions() []adapters.Action                                       { return []adapters.Action{mint{x}, deliver{x}, kill{x}} }
func (x *issuer) Issuers() []plan.Issuer                                           { return nil }
func (x *issuer) Stores() []plan.StoreKind                                         { return nil }
func (x *issuer) Survey(context.Context, adapters.Scope, *snapshot.Snapshot) error { return nil }
func (x *issuer) Self(context.Context) (adapters.Self, error)                      { return adapters.Self{}, nil }

type mint struct{ *issuer }

func (mint) Spec() plan.Spec { return plan.Spec{Name: "mem.mint"} }
func (mint) Plan(adapters.Inputs, *snapshot.Snapshot) (plan.Change, error) {
	return plan.Change{}, nil
}

func (m mint) Apply(_ context.Context, _ adapters.Task, c plan.Call) adapters.Result {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c.Verb == "destroy" {
		delete(m.Keys, c.Object)
		return adapters.Result{Outcome: plan.Outcome{State: plan.Done}}
	}
	m.Next++
	id := "k" + strconv.Itoa(m.Next)
	v := "minted-value-" + strings.Repeat(id, 5)
	m.Keys[id] = v
	return adapters.Result{
		Outcome: plan.Outcome{State: plan.Done, Detail: "made " + v, Outputs: map[string]plan.Output{"id": {Value: id}}},
		Secrets: map[string]secret.Text{"value": secret.NewString(v)},
	}
}

func (m mint) Settle(_ context.Context, _ adapters.Task, c plan.Call) plan.Settlement {
	if c.Verb == "destroy" {
		if slices.Contains(m.ids(), c.Object) {
			return plan.Settlement{Happened: "no"}
		}
		return plan.Settlement{Happened: "yes"}
	}
	for _, id := range m.ids() {
		if !slices.Contains(before(c), id) {
			return plan.Settlement{Happened: "yes", Lost: true, Outputs: map[string]plan.Output{"id": {Value: id}}}
		}
	}
	return plan.Settlement{Happened: "no"}
}

func before(c plan.Call) (ids []string) {
	if err := json.Unmarshal(c.Before, &ids); err != nil {
		panic(err)
	}
	return ids
}

func (m mint) Verify(_ context.Context, t adapters.Task) plan.Reading {
	good := ""
	for _, a := range t.History {
		if a.Call.Verb == "mint" && a.Outcome != nil && a.Outcome.State == plan.Done && (a.Settlement == nil || !a.Settlement.Lost) {
			good = a.Outcome.Outputs["id"].Value
		}
	}
	ids := m.ids()
	for _, id := range ids {
		if id != "k0" && id != good {
			return plan.Reading{State: plan.Broken, Next: []plan.Call{{Key: "destroy " + id, Verb: "destroy", Object: id}}}
		}
	}
	if good != "" {
		return plan.Reading{State: plan.Held, Proof: plan.P1}
	}
	return plan.Reading{State: plan.Broken, Next: []plan.Call{{Key: "mint", Verb: "mint", Object: "key", Before: plan.Image(ids)}}}
}

type deliver struct{ *issuer }

func (deliver) Spec() plan.Spec {
	return plan.Spec{Name: "mem.put", Inputs: []plan.Field{{Name: "value", Type: plan.Secret, Required: true}, {Name: "old", Type: plan.Secret}}}
}

func (deliver) Plan(adapters.Inputs, *snapshot.Snapshot) (plan.Change, error) {
	return plan.Change{}, nil
}

func (d deliver) Apply(_ context.Context, t adapters.Task, _ plan.Call) adapters.Result {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Store = t.Secrets["value"].Reveal()
	return adapters.Result{Outcome: plan.Outcome{State: plan.Done}}
}

func (deliver) Settle(context.Context, adapters.Task, plan.Call) plan.Settlement {
	return plan.Settlement{Happened: "unknown"}
}

func (d deliver) Verify(_ context.Context, t adapters.Task) plan.Reading {
	d.mu.Lock()
	defer d.mu.Unlock()
	saved, err := t.Save("store.txt", []byte("holds "+d.Store))
	if err != nil {
		return plan.Reading{State: plan.Unknown, Detail: err.Error()}
	}
	saved.Evidence = "store"
	if !t.Secrets["value"].Empty() && d.Store == t.Secrets["value"].Reveal() {
		return plan.Reading{State: plan.Held, Proof: plan.P1, Saved: []plan.Saved{saved}}
	}
	return plan.Reading{State: plan.Broken, Saved: []plan.Saved{saved}, Next: []plan.Call{{Key: "put", Verb: "put", Object: "store"}}}
}

type kill struct{ *issuer }

func (kill) Spec() plan.Spec { return plan.Spec{Name: "mem.kill"} }
func (kill) Plan(adapters.Inputs, *snapshot.Snapshot) (plan.Change, error) {
	return plan.Change{}, nil
}

func (k kill) Apply(context.Context, adapters.Task, plan.Call) adapters.Result {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.Keys, "k0")
	return adapters.Result{Outcome: plan.Outcome{State: plan.Done}}
}

func (kill) Settle(context.Context, adapters.Task, plan.Call) plan.Settlement {
	return plan.Settlement{Happened: "unknown"}
}

func (k kill) Verify(context.Context, adapters.Task) plan.Reading {
	if slices.Contains(k.ids(), "k0") {
		return plan.Reading{State: plan.Broken, Next: []plan.Call{{Key: "kill", Verb: "kill", Object: "k0"}}}
	}
	return plan.Reading{State: plan.Held, Proof: plan.P1}
}

func rotation() *plan.Plan {
	act := func(id, use string, role plan.Role, e plan.Effect, l plan.Lost) plan.Action {
		return plan.Action{
			ID: id, Step: plan.Rotate, Use: use, Role: role, Effect: e, Lost: l, Proof: plan.P1, Settle: plan.Duration(time.Second),
			Target: plan.Target{Provider: "mem", Kind: "key", ID: id, Name: id}, Credential: "c",
		}
	}
	m := act("mint", "mem.mint", plan.Mint, plan.Reversible, plan.Detectable)
	p := act("put", "mem.put", plan.Deliver, plan.Irreversible, plan.ResendSafe)
	p.After = []string{"mint"}
	p.Inputs = map[string]plan.Value{"value": {Output: &plan.Ref{Action: "mint", Name: "value"}}, "id": {Output: &plan.Ref{Action: "mint", Name: "id"}}, "n": {Literal: 3}}
	k := act("kill", "mem.kill", plan.Kill, plan.Irreversible, plan.ResendSafe)
	return &plan.Plan{
		Schema: plan.Schema, Inputs: map[string]any{}, Subjects: []string{}, Builders: []string{}, Actions: []plan.Action{m, p, k},
		Closings: []plan.Closing{{Credential: "c", Name: "KEY", Kind: "credential", Actions: []string{"mint", "put", "kill"}}},
	}
}

// sitting is everything one process has.
type sitting struct {
	parts  Parts
	hands  *Hands
	sealer *secret.Sealer
}

func sit(t *testing.T, dir string, x *issuer, c drive.Clock) sitting {
	t.Helper()
	red := secret.NewRedactor()
	cat, err := adapters.NewCatalogue([]adapters.Provider{x})
	if err != nil {
		t.Fatal(err)
	}
	seal, err := secret.OpenSealer(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	ev, err := OpenEvidence(dir, red)
	if err != nil {
		t.Fatal(err)
	}
	h := NewHands(HandsOptions{Catalogue: cat, Sealer: seal, Redactor: red, Evidence: ev, Clock: c, Survey: func(context.Context, *respond.State, string) respond.Surveyed {
		return respond.Surveyed{}
	}})
	return sitting{Parts{Dir: dir, Owner: journal.Owner{User: "alice"}, Decider: respond.New(), Clock: c, Redactor: red}, h, seal}
}

// yes agrees to everything, and retries what was refused.
var yes = responder(func(_ context.Context, a respond.Ask) (drive.Reply, bool, error) {
	choice := a.Choices[0]
	return drive.Reply{Answer: respond.Answered{Ask: a.ID, Choice: choice, By: "bob"}}, true, nil
})

func (s sitting) run(t *testing.T, l *Log) *respond.State {
	t.Helper()
	st, err := Run(t.Context(), Options{Log: l, Hands: s.hands, Responder: yes, Destroy: s.sealer.Destroy})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return st
}

func start(t *testing.T, s sitting) *Log {
	t.Helper()
	l, err := Create(s.parts, opened())
	if err != nil {
		t.Fatal(err)
	}
	b, err := plan.Encode(rotation())
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Append(respond.Planned{Digest: plan.Digest(b), Bytes: b}); err != nil {
		t.Fatal(err)
	}
	return l
}

var here = Place{Endpoints: opened().Endpoints, Accounts: opened().Accounts}

// ended is the projection of invariant I5, and I6: one live key, delivered, the old one dead.
func ended(t *testing.T, x *issuer, s *respond.State, dir string) {
	t.Helper()
	ids := x.ids()
	if s.Phase != "closed" || len(ids) != 1 || ids[0] == "k0" || x.Store != x.Keys[ids[0]] {
		t.Errorf("phase %s, pause %+v, keys %v, the store holds %s", s.Phase, s.Pause, ids, x.Store)
	}
	if _, err := os.Stat(filepath.Join(dir, "key")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the incident's key outlived the incident: %v", err)
	}
	quiet(t, dir)
}

// quiet is invariant I1 for a folder.
func quiet(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for id := range 9 {
			for _, f := range secret.Forms("minted-value-" + strings.Repeat("k"+strconv.Itoa(id), 5)) {
				if bytes.Contains(b, []byte(f)) {
					t.Errorf("%s holds the value of k%d", path, id)
				}
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAWholeRotation(t *testing.T) {
	dir, x := filepath.Join(t.TempDir(), "inc-1"), newIssuer()
	s := sit(t, dir, x, &clock{now: t0})
	ended(t, x, s.run(t, start(t, s)), dir)
}

// TestKilledAnywhere copies the incident's folder and the issuer at every record,
// as kill -9 would leave them, with calls under way done or not, and resumes each.
func TestKilledAnywhere(t *testing.T) {
	type moment struct {
		dir string
		x   *issuer
		at  string
	}
	dir, x := filepath.Join(t.TempDir(), "inc-1"), newIssuer()
	s := sit(t, dir, x, &clock{now: t0})
	var moments []moment
	h := &halting{Hands: s.hands}
	snap := func(what string) {
		h.mu.Lock()
		defer h.mu.Unlock()
		to := filepath.Join(t.TempDir(), "inc-1")
		if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
			t.Error(err)
		}
		moments = append(moments, moment{to, x.copy(), what})
	}
	l := start(t, s)
	l.observers = append(l.observers, observer(func(e respond.Event) { snap("after " + e.Kind()) }))
	h.snap = snap
	if _, err := Run(t.Context(), Options{Log: l, Hands: h, Workers: 1, Responder: yes, Destroy: s.sealer.Destroy}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if len(moments) < 15 {
		t.Fatalf("only %d moments", len(moments))
	}
	for i, m := range moments {
		t.Run(strconv.Itoa(i)+" "+m.at, func(t *testing.T) {
			s := sit(t, m.dir, m.x, &clock{now: t0.Add(time.Hour)})
			l, err := Resume(s.parts, here, respond.Resumed{Operator: "bob"})
			if err != nil {
				t.Fatal(err)
			}
			ended(t, m.x, s.run(t, l), m.dir)
		})
	}
}

// halting takes a moment before and after each call's effect, while nothing else
// touches the issuer or writes files.
type halting struct {
	drive.Hands
	mu   sync.Mutex
	snap func(string)
}

func (h *halting) Apply(ctx context.Context, s *respond.State, c respond.Apply) plan.Outcome {
	h.snap("before " + c.Call.Key)
	h.mu.Lock()
	o := h.Hands.Apply(ctx, s, c)
	h.mu.Unlock()
	h.snap("answered " + c.Call.Key)
	return o
}

func (h *halting) Verify(ctx context.Context, s *respond.State, c respond.Verify) plan.Reading {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.Hands.Verify(ctx, s, c)
}

func TestSealingFailsIsUnknown(t *testing.T) {
	dir, x := filepath.Join(t.TempDir(), "inc-1"), newIssuer()
	s := sit(t, dir, x, &clock{now: t0})
	if err := os.RemoveAll(filepath.Join(dir, "sealed")); err != nil {
		t.Fatal(err)
	}
	a := rotation().Actions[0]
	o := s.hands.Apply(t.Context(), &respond.State{}, respond.Apply{Action: &a, Number: 1, Call: plan.Call{Verb: "mint", Before: plan.Image([]string{"k0"})}})
	if o.State != plan.Unknown || len(o.Outputs) != 0 {
		t.Errorf("outcome %+v", o)
	}
	if strings.Contains(o.Detail, "minted-value") {
		t.Errorf("the value is in the outcome: %s", o.Detail)
	}
}

func TestAMissingValueIsRefusedBeforeTheCall(t *testing.T) {
	dir, x := filepath.Join(t.TempDir(), "inc-1"), newIssuer()
	s := sit(t, dir, x, &clock{now: t0})
	p := rotation()
	lost := respond.State{Actions: []respond.ActionState{{Action: &p.Actions[0], Outputs: map[string]plan.Output{"value": {Sealed: "sealed:gone"}}}}}
	for name, st := range map[string]*respond.State{"never made": {}, "lost": &lost} {
		o := s.hands.Apply(t.Context(), st, respond.Apply{Action: &p.Actions[1], Number: 1})
		if o.State != plan.Refused || !strings.Contains(o.Detail, "value") || x.Store != "old-value-000000" {
			t.Errorf("%s: %+v, the store holds %s", name, o, x.Store)
		}
	}
	none := plan.Action{ID: "x", Use: "none.such"}
	if o := s.hands.Apply(t.Context(), &respond.State{}, respond.Apply{Action: &none}); o.State != plan.Refused {
		t.Errorf("an unknown action: %+v", o)
	}
	if r := s.hands.Verify(t.Context(), &respond.State{}, respond.Verify{Action: &none}); r.State != plan.Unknown {
		t.Errorf("an unknown action: %+v", r)
	}
	if r := s.hands.Settle(t.Context(), &respond.State{}, respond.Settle{Action: &none}); r.Happened != "unknown" {
		t.Errorf("an unknown action: %+v", r)
	}
}

func TestInputsAreResolved(t *testing.T) {
	dir, x := filepath.Join(t.TempDir(), "inc-1"), newIssuer()
	s := sit(t, dir, x, &clock{now: t0})
	ref, err := s.sealer.Seal("old:KEY", secret.NewString("old-value-000000"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := plan.Encode(rotation())
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	put := p.Actions[1]
	put.Inputs["old"] = plan.Value{Held: "old:KEY"}
	put.Inputs["none"] = plan.Value{Held: "old:NONE"}
	st := &respond.State{
		Opened: respond.Opened{Began: t0}, Held: map[string]string{"old:KEY": ref, "old:NONE": ""},
		Actions: []respond.ActionState{{Action: &p.Actions[0], Outputs: map[string]plan.Output{"id": {Value: "k9"}}}},
	}
	_, task, err := s.hands.task(st, &put)
	if err != nil {
		t.Fatal(err)
	}
	if task.Inputs["n"] != int64(3) || task.Inputs["id"] != "k9" || task.Secrets["old"].Reveal() != "old-value-000000" || task.Secrets["id"].Reveal() != "k9" || len(task.Secrets) != 2 || len(task.Inputs) != 2 {
		t.Errorf("inputs %v, %d secrets", task.Inputs, len(task.Secrets))
	}
	if got := s.parts.Redactor.String("old-value-000000"); got != secret.Mask {
		t.Error("an opened value is not redacted")
	}
}

func TestALostMintIsMarked(t *testing.T) {
	dir, x := filepath.Join(t.TempDir(), "inc-1"), newIssuer()
	s := sit(t, dir, x, &clock{now: t0})
	ref, err := s.sealer.Seal("v", secret.NewString("minted-value"))
	if err != nil {
		t.Fatal(err)
	}
	p := rotation()
	attempt := func(ref string) plan.Attempt {
		return plan.Attempt{Outcome: &plan.Outcome{State: plan.Done, Outputs: map[string]plan.Output{"value": {Sealed: ref}}}}
	}
	st := &respond.State{Actions: []respond.ActionState{{Action: &p.Actions[0], Attempts: []plan.Attempt{attempt(ref), attempt("sealed:gone")}}}}
	_, task, err := s.hands.task(st, &p.Actions[0])
	if err != nil {
		t.Fatal(err)
	}
	if task.History[0].Settlement != nil || task.History[1].Settlement == nil || !task.History[1].Settlement.Lost {
		t.Errorf("history %+v", task.History)
	}
	if st.Actions[0].Attempts[1].Settlement != nil {
		t.Error("the state was changed")
	}
}

func TestEvidence(t *testing.T) {
	dir := t.TempDir()
	red := secret.NewRedactor()
	red.Add(secret.NewString("a-secret-value"))
	e, err := OpenEvidence(dir, red)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, c := range []struct{ name, content string }{
		{"logs/run 1.zip", "one"},
		{"logs/run 1.zip", "one"},
		{"logs/run 1.zip", "two"},
		{"../../up", "three"},
		{"SHA256SUMS", "four"},
		{".hidden", "five"},
		{strings.Repeat("x", 300), "six"},
		{"", "seven"},
		{"leak", "it is a-secret-value"},
	} {
		s, err := e.Save(c.name, []byte(c.content))
		if err != nil {
			t.Fatal(err)
		}
		names[s.File] = true
		b, err := os.ReadFile(filepath.Join(dir, "evidence", s.File))
		if err != nil || filepath.Base(s.File) != s.File {
			t.Errorf("%q became %q: %v", c.name, s.File, err)
		}
		if c.name != "leak" && string(b) != c.content || strings.Contains(string(b), "a-secret-value") {
			t.Errorf("%q holds %q", c.name, b)
		}
	}
	if len(names) != 8 {
		t.Errorf("%d files: %v", len(names), names)
	}
	again, err := OpenEvidence(dir, nil) // a later process
	if err != nil {
		t.Fatal(err)
	}
	if s, err := again.Save("logs/run 1.zip", []byte("three")); err != nil || names[s.File] {
		t.Errorf("a later process wrote over %q: %v", s.File, err)
	}
	m, err := os.ReadFile(filepath.Join(dir, "evidence", Manifest))
	if err != nil || strings.Count(string(m), "\n") != 9 {
		t.Errorf("manifest %q, %v", m, err)
	}
}
