package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/all"
	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/rehearse"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/view"
)

// site is where a response takes place: the providers, the clock they share, and
// what is configured about them. A rehearsal's site is made from its world alone.
type site struct {
	environ    map[string]string
	config     config.Config
	accepted   config.Accepted
	recipients []string
	clock      drive.Clock
	providers  []adapters.Provider
	catalogue  *adapters.Catalogue
	endpoints  map[string]string
	rehearsal  *rehearse.Rehearsal // nil in a real response

	// lenient: a provider that cannot be asked is a gap that is told, not the end. For
	// containment, which must not wait for a credential somebody has to look for.
	lenient bool
	absent  []view.Absent
	// exposure goes into every plan made here; nil where nobody looked for it.
	exposure *plan.Exposure
	asked    *selves // the answer to who we are, asked for ahead of its first use
}

// ground is what a site is built on.
type ground struct {
	environ   map[string]string
	transport http.RoundTripper
	dial      func(ctx context.Context, network, address string) (net.Conn, error)
	clock     drive.Clock
	agent     string
	readOnly  bool
	ask       func(*all.Settings) error // fills in what the user's own tools know; nil where there is nobody to ask
}

// realSite is the site that the environment and the configuration describe. With
// readOnly no mutating request can leave it.
func (f *Factory) realSite(ctx context.Context, agent string, readOnly bool) (*site, error) {
	path, _, err := f.configFile()
	if err != nil {
		return nil, err
	}
	cfg, err := f.readConfig()
	if err != nil {
		return nil, err
	}
	s := &site{config: cfg}
	if s.accepted, err = readAccepted(filepath.Join(filepath.Dir(path), "accepted.yaml")); err != nil {
		return nil, err
	}
	if s.recipients, err = f.recipientKeys(cfg.Recipients); err != nil {
		return nil, err
	}
	transport, err := realTransport()
	if err != nil {
		return nil, err
	}
	clock, err := realClock(f.Environ)
	if err != nil {
		return nil, err
	}
	return s, s.build(f, ground{
		environ: f.Environ, transport: transport, dial: transport.DialContext, clock: clock, agent: agent, readOnly: readOnly,
		ask: func(to *all.Settings) error { return to.Ask(ctx, f.Environ, all.Exec) },
	})
}

// realTransport is the runtime's own, but for a server that takes a request and says
// nothing: after a minute the outcome is unknown, instead of awaited for ever.
func realTransport() (*http.Transport, error) {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, errors.New("the Go runtime's default transport is not one")
	}
	t = t.Clone()
	t.ResponseHeaderTimeout = time.Minute
	return t, nil
}

// rehearsalSite is a rehearsal's site. Nothing of the ambient environment is in it.
func (f *Factory) rehearsalSite(r *rehearse.Rehearsal, agent string) (*site, error) {
	s := &site{rehearsal: r, recipients: r.Recipients}
	if r.Config != "" {
		b, err := os.ReadFile(r.Config)
		if err != nil {
			return nil, fmt.Errorf("read the scenario's configuration: %w", err)
		}
		if s.config, err = config.Parse(r.Config, b); err != nil {
			return nil, err
		}
	}
	if err := forgetVault(); err != nil {
		return nil, err
	}
	return s, s.build(f, ground{environ: r.Environment, transport: r.Transport, dial: r.Dial, clock: r.Clock, agent: agent})
}

// forgetVault takes Vault's variables out of this process: its client library reads
// them whatever it is told, and one that does not parse would end a rehearsal.
func forgetVault() error {
	for _, line := range os.Environ() {
		name, _, _ := strings.Cut(line, "=")
		if !strings.HasPrefix(name, "VAULT_") {
			continue
		}
		if err := os.Unsetenv(name); err != nil {
			return fmt.Errorf("leave %s out of the rehearsal: %w", name, err)
		}
	}
	return nil
}

func (s *site) build(f *Factory, g ground) error {
	s.environ, s.clock = g.environ, g.clock
	s.mask(f.Redactor)
	settings, err := all.FromEnvironment(g.environ, s.config)
	if err == nil && g.ask != nil {
		err = g.ask(&settings)
	}
	if err != nil {
		return &Fault{Usage, err, ""}
	}
	s.endpoints = settings.Endpoints()
	s.providers, err = all.Providers(settings, adapters.Wire{
		Transport: g.transport, Dial: g.dial, Sleep: g.clock.Sleep, Now: g.clock.Now, ReadOnly: g.readOnly, Agent: g.agent, Notice: f.noticed(g.clock),
	})
	if err != nil {
		return &Fault{Usage, err, ""}
	}
	s.catalogue, err = adapters.NewCatalogue(s.providers)
	return err
}

// mask makes firebreak's own credentials known to the redactor.
func (s *site) mask(r *secret.Redactor) {
	names := []string{
		"GITHUB_TOKEN", "GH_TOKEN", "VAULT_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "NPM_TOKEN", "NODE_AUTH_TOKEN",
	}
	for _, x := range s.config.Services {
		names = append(names, x.Env)
	}
	for _, c := range s.config.Credentials {
		if c.Issuer == nil {
			continue
		}
		for key, value := range c.Issuer.With {
			if strings.HasSuffix(key, "_env") {
				names = append(names, value)
			}
		}
	}
	for _, n := range names {
		v := s.environ[n]
		if v == "" {
			continue
		}
		r.Add(secret.NewString(v))
		if u, err := url.Parse(v); err == nil && u.User != nil { // a connection string
			if password, has := u.User.Password(); has {
				r.Add(secret.NewString(password))
			}
		}
	}
}

// selves is who firebreak is, as far as providers say.
type selves struct {
	accounts map[string]string // by provider
	kills    []string          // kill keys of our own credentials, sorted
	unknown  []string          // providers that did not say
	problems map[string]string // why, and clocks that disagree, by provider
}

// tolerated is how far a provider's clock may be from ours. What is judged by both
// clocks, such as which sessions were issued before the response, is wrong beyond it.
const tolerated = 5 * time.Minute

// selves asks every provider who we are there. One that cannot say has no account
// to compare on resume, and what would end a credential there is held back.
func (s *site) selves(ctx context.Context) selves {
	if who := s.asked; who != nil {
		s.asked = nil
		return *who
	}
	ctx = adapters.Patient(ctx)
	out := selves{accounts: map[string]string{}, problems: map[string]string{}}
	answers := make([]adapters.Self, len(s.providers))
	errs := make([]error, len(s.providers))
	var wait sync.WaitGroup
	for i, p := range s.providers {
		wait.Go(func() { answers[i], errs[i] = s.self(ctx, p) })
	}
	wait.Wait()
	for i, p := range s.providers {
		self, err := answers[i], errs[i]
		if err != nil {
			out.unknown = append(out.unknown, p.Name())
			out.problems[p.Name()] = fmt.Sprintf("%s: %v", p.Name(), err)
			continue
		}
		if self.Account != "" {
			out.accounts[p.Name()] = self.Account
		}
		out.kills = append(out.kills, self.Kills...)
		if skew := self.Skew.D(); skew.Abs() > tolerated {
			out.problems[p.Name()] = fmt.Sprintf("%s: its clock is %s from ours; set the clock of this machine", p.Name(), skew.Round(time.Second))
		}
	}
	slices.Sort(out.kills)
	out.kills = slices.Compact(out.kills)
	return out
}

// self asks one provider who we are, again where it did not say and may: what is not known
// holds every kill there back. Containment does not wait for it.
func (s *site) self(ctx context.Context, p adapters.Provider) (adapters.Self, error) {
	for n := 1; ; n++ {
		self, err := p.Self(ctx)
		if err == nil || hopeless(err) || s.lenient || n == tries {
			return self, err
		}
		if s.clock.Sleep(ctx, time.Duration(n)*2*time.Second) != nil {
			return self, err
		}
	}
}

// recipientKeys gives the texts of public keys; a recipient may be a file of them.
func (f *Factory) recipientKeys(written []string) ([]string, error) {
	var keys []string
	for _, w := range written {
		if strings.HasPrefix(w, "age1") || strings.HasPrefix(w, "ssh-") {
			keys = append(keys, w)
			continue
		}
		b, err := os.ReadFile(f.home(w))
		if err != nil {
			return nil, &Fault{Usage, fmt.Errorf("read recipient: %w", err), "name public keys or files of them under recipients in the configuration"}
		}
		for line := range strings.Lines(string(b)) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				keys = append(keys, line)
			}
		}
	}
	if _, err := secret.Recipients(keys); err != nil {
		return nil, &Fault{Usage, err, ""}
	}
	return keys, nil
}

// home replaces a leading ~/ by the home folder.
func (f *Factory) home(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		return filepath.Join(f.Environ["HOME"], rest)
	}
	return path
}

func readAccepted(path string) (config.Accepted, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return config.Accepted{}, nil
	}
	if err != nil {
		return config.Accepted{}, fmt.Errorf("read acceptances: %w", err)
	}
	return config.ParseAccepted(path, b)
}
