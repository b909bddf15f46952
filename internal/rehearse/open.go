package rehearse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"filippo.io/age"
	"github.com/google/renameio/v2"

	"github.com/firebreak/firebreak/internal/world"
)

// DefaultSpeed is world seconds per second of ours.
const DefaultSpeed = 40

// Clock is the world's clock for everything that waits in a rehearsal.
type Clock interface {
	world.Clock
	// Sleep waits for a span of world time; it returns ctx.Err when cut short.
	Sleep(ctx context.Context, d time.Duration) error
}

// Options say which rehearsal to open.
type Options struct {
	Scenario *Loaded
	Dir      string  // of the world; an existing world goes on where it was
	Speed    float64 // 0: DefaultSpeed, or what an existing world ran at
	Seed     int64   // of a new world
	Clock    Clock   // nil for a scaled clock; tests give a manual one
}

// Rehearsal is an open scenario: a started world and the people in it.
type Rehearsal struct {
	*Loaded
	World       *world.World
	Clock       Clock
	Transport   http.RoundTripper // reaches this world and nothing else
	Environment map[string]string // points every client at the world; the only environment a rehearsal may use
	Config      string            // path of the responder's firebreak.yaml, "" when the scenario has none
	Recipients  []string          // age recipients of the responder, whose identity lies in the world's folder
	Seed        int64

	dir string
	// Dial opens connections to the world and to nothing else.
	Dial      func(ctx context.Context, network, address string) (net.Conn, error)
	dial      *http.Transport // below Transport
	p         providers
	attacker  *attacker
	consumers []consumer
	mu        sync.Mutex
	failed    error // of the rehearsal itself
	start     time.Time
	living    sync.WaitGroup
	stop      context.CancelFunc
}

// Open seeds the scenario's world in o.Dir, or reopens the one there, and serves
// it. The caller closes it.
func Open(ctx context.Context, o Options) (*Rehearsal, error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the rehearsal's folder: %w", err)
	}
	r := &Rehearsal{Loaded: o.Scenario, Clock: o.Clock, Seed: o.Seed, dir: o.Dir}
	fresh, err := r.remember(o)
	if err != nil {
		return nil, err
	}
	if fresh && o.Speed == 0 {
		o.Speed = DefaultSpeed
	}
	if r.Clock == nil {
		c, err := world.OpenScaled(o.Dir, o.Speed, o.Scenario.World.Begins)
		if err != nil {
			return nil, err
		}
		r.Clock = c
	}
	w, err := world.New(r.options(o))
	if err != nil {
		return nil, err
	}
	if r.p, err = o.Scenario.seed(w.Core()); err != nil {
		return nil, errors.Join(fmt.Errorf("seed scenario %s: %w", o.Scenario.Name, err), w.Close())
	}
	r.World = w
	r.persist(w.Core())
	for _, p := range r.p.all() {
		w.Mount(p)
	}
	r.consumers = r.listConsumers()
	w.Watch(r.p.register)
	w.Watch(r.watchConsumers)
	r.control()
	if err := w.Start(ctx); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	r.dial = w.Transport()
	r.Transport, r.Dial = r.dial, r.dial.DialContext
	r.attacker = newAttacker(r)
	r.start = r.began()
	if err := r.settle(); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *Rehearsal) options(o Options) world.Options {
	w := world.Options{Dir: o.Dir, Clock: r.Clock, Seed: o.Seed, Latency: r.Scenario.World.Latency, Delays: r.Scenario.World.Delays}
	for _, l := range r.Scenario.World.Limits {
		w.Limits = append(w.Limits, world.Limit(l))
	}
	for _, f := range r.Faults {
		w.Faults = append(w.Faults, world.Fault(f))
	}
	return w
}

// settle writes what the responder starts with.
func (r *Rehearsal) settle() error {
	env, err := r.World.Environment()
	if err != nil {
		return err
	}
	r.Environment = env
	if r.Loaded.Config != nil {
		r.Config = filepath.Join(r.dir, "firebreak.yaml")
		if err := renameio.WriteFile(r.Config, r.Loaded.Config, 0o600); err != nil {
			return fmt.Errorf("write the responder's configuration: %w", err)
		}
	}
	return r.recipient()
}

// recipient makes the key to which a rehearsal seals, once.
func (r *Rehearsal) recipient() error {
	name := filepath.Join(r.dir, "responder.agekey")
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		id, err := age.GenerateX25519Identity()
		if err != nil {
			return fmt.Errorf("make the responder's key: %w", err)
		}
		r.Recipients = []string{id.Recipient().String()}
		if err := renameio.WriteFile(name, []byte(id.String()), 0o600); err != nil {
			return fmt.Errorf("write the responder's key: %w", err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the responder's key: %w", err)
	}
	id, err := age.ParseX25519Identity(string(b))
	if err != nil {
		return fmt.Errorf("%s is damaged; remove the rehearsal's folder to begin anew", name)
	}
	r.Recipients = []string{id.Recipient().String()}
	return nil
}

// Inputs are the playbook's inputs: what the responder was told. Workflow is a
// list of paths.
func (r *Rehearsal) Inputs() map[string]any {
	in := map[string]any{
		"repository": r.Scenario.World.GitHub.Repository,
		"workflow":   r.Incident.Workflows(),
		"since":      r.stolen().UTC().Format(time.RFC3339),
	}
	for name, v := range r.Incident.Inputs {
		in[name] = v
	}
	return in
}

// began is when the world began; stolen when the exposure did.
func (r *Rehearsal) began() time.Time {
	if e := r.World.Entries(); len(e) > 0 {
		return e[0].Time
	}
	return r.Clock.Now()
}

func (r *Rehearsal) stolen() time.Time { return r.start.Add(-r.Incident.Since) }

// Close ends the attacker, then the world. The folder can be opened again. The
// error tells what went wrong with the rehearsal itself, if anything did.
func (r *Rehearsal) Close() error {
	if r.stop != nil {
		r.stop()
	}
	r.living.Wait()
	if r.dial != nil {
		r.dial.CloseIdleConnections()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(r.failed, r.World.Close())
}

const rememberFile = "scenario.json"

// Remembered is what a rehearsal's folder says about itself.
type Remembered struct {
	Scenario string `json:"scenario"` // as it was asked for
	Seed     int64  `json:"seed"`
}

// Recall reads which scenario the world in dir rehearses. The error wraps
// fs.ErrNotExist when there is no rehearsal.
func Recall(dir string) (Remembered, error) {
	var m Remembered
	b, err := os.ReadFile(filepath.Join(dir, rememberFile))
	if err != nil {
		return m, fmt.Errorf("read the rehearsal: %w", err)
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return m, fmt.Errorf("the rehearsal in %s is damaged: %w; start a new one", dir, err)
	}
	return m, nil
}

// remember writes into the folder what is rehearsed there; fresh is false when it
// holds this rehearsal already.
func (r *Rehearsal) remember(o Options) (fresh bool, err error) {
	m, err := Recall(o.Dir)
	if err == nil {
		if m.Scenario != o.Scenario.File {
			return false, fmt.Errorf("%s holds a rehearsal of %s; give another folder for %s", o.Dir, m.Scenario, o.Scenario.File)
		}
		r.Seed = m.Seed
		return false, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	b, err := json.Marshal(Remembered{Scenario: o.Scenario.File, Seed: o.Seed})
	if err != nil {
		return false, fmt.Errorf("remember the rehearsal: %w", err)
	}
	if err := renameio.WriteFile(filepath.Join(o.Dir, rememberFile), b, 0o600); err != nil {
		return false, fmt.Errorf("remember the rehearsal: %w", err)
	}
	return true, nil
}
