package adapters

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/firebreak/firebreak/internal/plan"
)

// Catalogue is everything a list of providers can do, by name. It is made
// without I/O, also from providers that have no credentials, and does not change.
type Catalogue struct {
	providers []Provider
	actions   map[string]Action
	owner     map[string]Provider
	issuers   map[string]plan.Issuer
	stores    map[string]plan.StoreKind
}

// NewCatalogue lists what the providers offer. A name given twice, or an issuer
// or store which names an action nobody has, is an error.
func NewCatalogue(providers []Provider) (*Catalogue, error) {
	c := &Catalogue{
		providers: providers,
		actions:   map[string]Action{}, owner: map[string]Provider{},
		issuers: map[string]plan.Issuer{}, stores: map[string]plan.StoreKind{},
	}
	for _, p := range providers {
		for _, a := range p.Actions() {
			name := a.Spec().Name
			if c.actions[name] != nil {
				return nil, fmt.Errorf("catalogue: two actions are called %s; give one of them another name", name)
			}
			c.actions[name], c.owner[name] = a, p
		}
	}
	for _, p := range providers {
		for _, i := range p.Issuers() {
			if _, twice := c.issuers[i.Name]; twice {
				return nil, fmt.Errorf("catalogue: two issuers are called %s; give one of them another name", i.Name)
			}
			c.issuers[i.Name] = i
			if err := c.has(i.Name, i.Mint, i.Test, i.Destroy, cmp.Or(i.Disable, i.Destroy)); err != nil {
				return nil, err
			}
		}
		for _, s := range p.Stores() {
			if _, twice := c.stores[s.Name]; twice {
				return nil, fmt.Errorf("catalogue: two stores are called %s; give one of them another name", s.Name)
			}
			c.stores[s.Name] = s
			if err := c.has(s.Name, s.Put); err != nil {
				return nil, err
			}
		}
	}
	return c, nil
}

func (c *Catalogue) has(who string, names ...string) error {
	for _, n := range names {
		if c.actions[n] == nil {
			return fmt.Errorf("catalogue: %s names the action %q, which no provider has; add it to the provider's Actions", who, n)
		}
	}
	return nil
}

// Spec gives an action's spec.
func (c *Catalogue) Spec(name string) (plan.Spec, bool) {
	a, ok := c.actions[name]
	if !ok {
		return plan.Spec{}, false
	}
	return a.Spec(), true
}

// Action gives an action by its dotted name.
func (c *Catalogue) Action(name string) (Action, bool) {
	a, ok := c.actions[name]
	return a, ok
}

// Owner gives the provider an action belongs to.
func (c *Catalogue) Owner(action string) (Provider, bool) {
	p, ok := c.owner[action]
	return p, ok
}

// Issuer gives an issuer by the name used in firebreak.yaml.
func (c *Catalogue) Issuer(name string) (plan.Issuer, bool) {
	i, ok := c.issuers[name]
	return i, ok
}

// Store gives a store by the name used in firebreak.yaml.
func (c *Catalogue) Store(name string) (plan.StoreKind, bool) {
	s, ok := c.stores[name]
	return s, ok
}

// Specs lists every action's spec, sorted by name.
func (c *Catalogue) Specs() []plan.Spec {
	out := make([]plan.Spec, 0, len(c.actions))
	for _, a := range c.actions {
		out = append(out, a.Spec())
	}
	slices.SortFunc(out, func(a, b plan.Spec) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Providers gives the providers in the order they were listed.
func (c *Catalogue) Providers() []Provider { return slices.Clone(c.providers) }
