package world

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Options describe a world. What a folder already holds (id, addresses, state,
// log) wins over what is given here.
type Options struct {
	Dir     string // the world's folder; made when missing
	ID      string // "" for a random one
	Clock   Clock
	Seed    int64
	Latency time.Duration            // world time before each answer
	Delays  map[string]time.Duration // propagation, by kind of change
	Limits  []Limit
	Faults  []Fault
}

// World is a set of providers with one clock, one state, one log and one lock.
// Its methods may be called concurrently, except that New, Mount and Start are
// called in this order by one goroutine.
type World struct {
	o         Options
	mu        sync.Mutex
	core      core
	journal   journal
	providers []Provider
	reopened  *saved // what the folder held; nil in a new world and after Start
	addresses map[string]string
	saved     map[string]string // last written state by provider
	counts    map[string]int    // matching calls so far, by fault index
	numbered  int               // mutating calls so far, attackers and team aside
	late      []late
	windows   map[string]window
	holds     holds
	refused   []string
	servers   []server
	serving   sync.WaitGroup
	stop      context.CancelFunc
	routes    map[string]http.Handler
	watchers  []func(Core)
	started   bool
	broken    error // a write that failed: nothing is answered any more
}

// New opens the world in o.Dir or begins one there. Nothing listens yet.
func New(o Options) (*World, error) {
	if o.Dir == "" || o.Clock == nil {
		return nil, errors.New("a world needs a folder and a clock")
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the world's folder: %w", err)
	}
	w := &World{o: o, addresses: map[string]string{}, saved: map[string]string{}, counts: map[string]int{}, windows: map[string]window{}, holds: newHolds(), routes: map[string]http.Handler{}}
	w.core = core{w: w, seed: o.Seed, names: map[string]string{}, ends: map[string]time.Time{}}
	s, err := load(o.Dir)
	if err != nil {
		return nil, err
	}
	if s != nil {
		w.reopened, w.o.ID, w.o.Seed = s, s.ID, s.Seed
		maps.Copy(w.addresses, s.Addresses)
	}
	if w.o.ID == "" {
		var b [8]byte
		if _, err := rand.Read(b[:]); err != nil {
			return nil, fmt.Errorf("make the world's id: %w", err)
		}
		w.o.ID = "world-" + hex.EncodeToString(b[:])
	}
	if w.journal, err = openJournal(filepath.Join(o.Dir, logFile), s); err != nil {
		return nil, err
	}
	return w, nil
}

// Core is what providers are made with; its methods may be called before Start,
// inside Do and while a provider serves.
func (w *World) Core() Core { return &w.core }

// Mount adds a provider. Whatever it did to the core while it was seeded is
// dropped again in Start when the folder holds an earlier world.
func (w *World) Mount(p Provider) { w.providers = append(w.providers, p) }

// Start restores what the folder holds, or saves the seeded world, and serves
// every provider and the control interface on 127.0.0.1 until Close or until ctx
// ends. A reopened world listens where it listened before.
func (w *World) Start(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.begin(); err != nil {
		return err
	}
	ctx, w.stop = context.WithCancel(ctx)
	for _, p := range w.providers {
		if err := w.listen(ctx, p.Name(), w.serve(ctx, p)); err != nil {
			return err
		}
	}
	if err := w.listen(ctx, controlName, w.serveHTTP(ctx, w.controlHandler())); err != nil {
		return err
	}
	w.reopened, w.started = nil, true
	return w.commit(nil)
}

// begin brings providers and core to what the folder holds.
func (w *World) begin() error {
	if w.reopened == nil {
		return nil
	}
	s := w.reopened
	w.core.drop()
	w.core.restore(s)
	w.numbered, w.late, w.counts = s.Numbered, s.Late, s.Counts
	if w.counts == nil {
		w.counts = map[string]int{}
	}
	for _, p := range w.providers {
		b, ok := s.Providers[p.Name()]
		if !ok {
			return fmt.Errorf("the world in %s has no %s; remove the folder to begin anew", w.o.Dir, p.Name())
		}
		if err := p.Restore(b); err != nil {
			return fmt.Errorf("restore %s: %w", p.Name(), err)
		}
	}
	return nil
}

// server serves a listener until it is closed.
type server interface {
	Serve(l net.Listener) error
	Close() error
}

func (w *World) serve(ctx context.Context, p Provider) server {
	if x, ok := p.(Speaking); ok {
		return &speaker{ctx: ctx, p: x, h: w.handler(p)}
	}
	return w.serveHTTP(ctx, w.handler(p))
}

func (*World) serveHTTP(ctx context.Context, h http.Handler) server {
	return &http.Server{Handler: h, ReadHeaderTimeout: time.Minute, BaseContext: func(net.Listener) context.Context { return ctx }}
}

func (w *World) listen(ctx context.Context, name string, s server) error {
	at := w.addresses[name]
	if at == "" {
		at = "127.0.0.1:0"
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp4", at)
	if err != nil {
		return fmt.Errorf("serve %s where it was served before: %w; end the process that listens there, then resume", name, err)
	}
	w.addresses[name] = l.Addr().String()
	w.servers = append(w.servers, s)
	w.serving.Go(func() { s.Serve(l) }) //nolint:errcheck // always an error after Close; a broken listener shows as refused connections
	return nil
}

// Close stops serving; closing twice does nothing more. Calls that are held are let go without an answer.
func (w *World) Close() error {
	if w.stop != nil {
		w.stop()
	}
	var errs []error
	for _, s := range w.servers {
		errs = append(errs, s.Close())
	}
	w.serving.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	errs = append(errs, w.journal.close())
	if w.broken == nil {
		w.broken = errClosed // a request that was still on its way changes nothing any more
	}
	return errors.Join(errs...)
}

var errClosed = errors.New("the world is closed")

// Do runs f under the world's lock and saves what it changed. Before Start it is
// part of seeding and saves nothing.
func (w *World) Do(f func(Core)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.started {
		f(&w.core)
		return nil
	}
	w.due()
	f(&w.core)
	return w.commit(nil)
}

// Watch has f called before every save, after whatever happened: to look across
// providers at each single change. It is to be called before Start; f runs under
// the world's lock.
func (w *World) Watch(f func(Core)) { w.watchers = append(w.watchers, f) }

// ID identifies this world for the journal.
func (w *World) ID() string { return w.o.ID }

// Clock is the world's clock.
func (w *World) Clock() Clock { return w.o.Clock }

// Provider gives a mounted provider, nil when there is none of that name. Its
// state may only be touched inside Do.
func (w *World) Provider(name string) Provider {
	for _, p := range w.providers {
		if p.Name() == name {
			return p
		}
	}
	return nil
}

// URL is where a provider listens, "http://127.0.0.1:PORT"; "" before Start.
// "control" is the control interface.
func (w *World) URL(name string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.addresses[name]; a != "" {
		return "http://" + a
	}
	return ""
}

// Environment gives the variables that point any client at this world.
func (w *World) Environment() (map[string]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	env := map[string]string{}
	for _, p := range w.providers {
		e, ok := p.(Pointing)
		if !ok {
			continue
		}
		m, err := e.Environment("http://"+w.addresses[p.Name()], w.o.Dir)
		if err != nil {
			return nil, fmt.Errorf("environment of %s: %w", p.Name(), err)
		}
		maps.Copy(env, m)
	}
	return env, nil
}

// Projection gives what stands, ids aside, of all providers (invariant I5).
func (w *World) Projection() map[string]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := map[string]string{}
	for _, p := range w.providers {
		if e, ok := p.(Projecting); ok {
			maps.Copy(all, e.Project(w.o.Clock.Now()))
		}
	}
	return all
}
