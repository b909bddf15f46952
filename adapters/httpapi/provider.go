package httpapi

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// listing is how long a change may take to show in a service's list of keys.
const listing = plan.Duration(30 * time.Second)

// Provider is every declared service. Its methods may be called concurrently.
type Provider struct{ services map[string]*client }

// New makes the provider; it does no I/O.
func New(c Config, w adapters.Wire) (*Provider, error) {
	p := &Provider{services: map[string]*client{}}
	if c.Getenv == nil {
		c.Getenv = func(string) string { return "" }
	}
	for _, name := range slices.Sorted(maps.Keys(c.Services)) {
		cl, err := newClient(name, c.Services[name], c.Getenv, w)
		if err != nil {
			return nil, err
		}
		p.services[name] = cl
	}
	return p, nil
}

// Name implements adapters.Provider.
func (*Provider) Name() string { return "http" }

// Actions implements adapters.Provider.
func (p *Provider) Actions() []adapters.Action {
	return []adapters.Action{mint{p}, test{p}, revoke{p}, probe{p}}
}

// Issuers implements adapters.Provider.
func (*Provider) Issuers() []plan.Issuer {
	return []plan.Issuer{{
		Name: "http.key", Mint: "http.key.mint", Test: "http.key.test", Destroy: "http.key.revoke",
		Outputs: []string{"value"}, Provider: "http",
	}}
}

// Stores implements adapters.Provider.
func (*Provider) Stores() []plan.StoreKind { return nil }

// Survey lists the keys a selector names, where the service's declaration has a list.
func (p *Provider) Survey(ctx context.Context, scope adapters.Scope, s *snapshot.Snapshot) error {
	ctx = adapters.Patient(ctx)
	seen := map[string]bool{}
	for _, sel := range scope.Issuers {
		if sel.Name != "http.key" {
			continue
		}
		name, vars := sel.With["service"], decodeVars(sel.With["vars"])
		c := p.services[name]
		if c == nil {
			s.Gaps = append(s.Gaps, snapshot.Gap{Provider: "http", What: "keys of " + name, Why: undeclared(name).Error()})
			continue
		}
		out := snapshot.Service{Name: name, Address: c.base.String(), Vars: vars}
		if seen[out.Key()] {
			continue
		}
		seen[out.Key()] = true
		if c.s.List != nil {
			keys, err := c.keys(ctx, vars)
			if err != nil {
				s.Gaps = append(s.Gaps, snapshot.Gap{Provider: "http", What: "keys of " + out.Key(), Why: adapters.Cause(err), Passing: adapters.Passing(adapters.StatusOf(err))})
				continue
			}
			out.Listed = true
			for _, k := range keys {
				out.Keys = append(out.Keys, snapshot.ServiceKey{ID: k.ID, Hint: k.Hint, Created: k.Created})
			}
		}
		s.Services = append(s.Services, out)
	}
	return nil
}

func undeclared(name string) error {
	return fmt.Errorf("no service %q is declared under http: in firebreak.yaml; declare it there", name)
}

// Self implements adapters.Provider. Which key is ours stands in the declaration:
// a service nobody knows cannot be asked.
func (p *Provider) Self(context.Context) (adapters.Self, error) {
	self := adapters.Self{Provider: "http", Account: "none", Who: "as declared under http:"}
	var accounts []string
	for _, name := range slices.Sorted(maps.Keys(p.services)) {
		c := p.services[name]
		accounts = append(accounts, name+"="+c.base.String())
		if own := c.s.Auth.Own; own != "" && own != "none" {
			self.Kills = append(self.Kills, killKey(name, own))
		}
	}
	self.Account = cmp.Or(strings.Join(accounts, " "), self.Account)
	return self, nil
}

func killKey(service, id string) string { return "http:" + service + ":" + id }

// decodeVars undoes what the configuration did to the map.
func decodeVars(text string) map[string]string {
	out := map[string]string{}
	if text == "" || json.Unmarshal([]byte(text), &out) != nil {
		return nil
	}
	return out
}

// vars gives a map input while planning or in execution.
func vars(v any) map[string]string {
	out := map[string]string{}
	switch x := v.(type) {
	case map[string]string:
		maps.Copy(out, x)
	case map[string]any:
		for k, y := range x {
			if s, ok := y.(string); ok {
				out[k] = s
			}
		}
	}
	return out
}

// target is where a task acts: the service and its variables.
type target struct {
	c    *client
	vars map[string]string
}

func (p *Provider) planned(in adapters.Inputs) (target, error) {
	name := in.Text("service")
	c := p.services[name]
	if c == nil {
		return target{c: &client{name: name, s: Service{Probe: &Request{}}}, vars: vars(in["vars"].Literal)}, undeclared(name)
	}
	return target{c, vars(in["vars"].Literal)}, nil
}

func (p *Provider) task(t adapters.Task) (target, error) {
	c := p.services[t.Text("service")]
	if c == nil {
		return target{}, undeclared(t.Text("service"))
	}
	return target{c, vars(t.Inputs["vars"])}, nil
}

// with adds variables to those of the task.
func (t target) with(pairs ...string) map[string]string {
	out := maps.Clone(t.vars)
	if out == nil {
		out = map[string]string{}
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

// surveyed is what the snapshot has of this service and these variables.
func (t target) surveyed(s *snapshot.Snapshot) (*snapshot.Service, error) {
	want := snapshot.Service{Name: t.c.name, Vars: t.vars}.Key()
	for i := range s.Services {
		if s.Services[i].Key() == want {
			return &s.Services[i], nil
		}
	}
	with := map[string]string{"service": t.c.name}
	if len(t.vars) > 0 {
		b, err := json.Marshal(t.vars)
		if err != nil {
			return nil, err
		}
		with["vars"] = string(b)
	}
	return nil, &adapters.Missing{What: "service " + want, Scope: adapters.Scope{Issuers: []adapters.Selector{{Name: "http.key", With: with}}}}
}

// label names the service and its variables for people.
func (t target) label() string { return snapshot.Service{Name: t.c.name, Vars: t.vars}.Key() }

func serviceInputs(more ...plan.Field) []plan.Field {
	return append([]plan.Field{
		{Name: "service", Type: plan.String, Required: true, Doc: "name of the service under http: in firebreak.yaml"},
		{Name: "vars", Type: plan.Map, Doc: "values for the {names} of its declaration"},
	}, more...)
}

func nothingToSend() adapters.Result {
	return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Detail: "this action only reads; there is nothing to send"}}
}

func unsent() plan.Settlement {
	return plan.Settlement{Happened: "no", Detail: "this action sends nothing"}
}
