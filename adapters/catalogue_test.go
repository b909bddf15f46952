package adapters_test

import (
	"context"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// offer is a provider that only says what it offers.
type offer struct {
	names   []string
	issuers []plan.Issuer
	stores  []plan.StoreKind
}

func (offer) Name() string { return "offer" }
func (o offer) Actions() (out []adapters.Action) {
	for _, n := range o.names {
		out = append(out, named(n))
	}
	return out
}
func (o offer) Issuers() []plan.Issuer                                         { return o.issuers }
func (o offer) Stores() []plan.StoreKind                                       { return o.stores }
func (offer) Survey(context.Context, adapters.Scope, *snapshot.Snapshot) error { return nil }
func (offer) Self(context.Context) (adapters.Self, error)                      { return adapters.Self{}, nil }

type named string

func (n named) Spec() plan.Spec { return plan.Spec{Name: string(n)} }
func (named) Plan(adapters.Inputs, *snapshot.Snapshot) (plan.Change, error) {
	return plan.Change{}, nil
}

func (named) Apply(context.Context, adapters.Task, plan.Call) adapters.Result {
	return adapters.Result{}
}

func (named) Settle(context.Context, adapters.Task, plan.Call) plan.Settlement {
	return plan.Settlement{}
}
func (named) Verify(context.Context, adapters.Task) plan.Reading { return plan.Reading{} }

func TestCatalogue(t *testing.T) {
	for _, c := range []struct {
		name string
		o    []adapters.Provider
		want string
	}{
		{"fine", []adapters.Provider{offer{names: []string{"b", "a"}, issuers: []plan.Issuer{{Name: "i", Mint: "a", Test: "b", Destroy: "a"}}, stores: []plan.StoreKind{{Name: "s", Put: "b"}}}}, ""},
		{"the same name twice", []adapters.Provider{offer{names: []string{"a"}}, offer{names: []string{"a"}}}, "two actions are called a"},
		{"an issuer twice", []adapters.Provider{offer{names: []string{"a"}, issuers: []plan.Issuer{{Name: "i", Mint: "a", Test: "a", Destroy: "a"}}}, offer{issuers: []plan.Issuer{{Name: "i", Mint: "a", Test: "a", Destroy: "a"}}}}, "two issuers are called i"},
		{"a store twice", []adapters.Provider{offer{names: []string{"a"}, stores: []plan.StoreKind{{Name: "s", Put: "a"}, {Name: "s", Put: "a"}}}}, "two stores are called s"},
		{"an issuer of nothing", []adapters.Provider{offer{names: []string{"a"}, issuers: []plan.Issuer{{Name: "i", Mint: "a", Test: "a", Destroy: "gone"}}}}, `i names the action "gone"`},
		{"a store of nothing", []adapters.Provider{offer{stores: []plan.StoreKind{{Name: "s", Put: "gone"}}}}, `s names the action "gone"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := adapters.NewCatalogue(c.o)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if s := got.Specs(); len(s) != 2 || s[0].Name != "a" {
				t.Errorf("specs are sorted: %+v", s)
			}
			if _, ok := got.Action("gone"); ok {
				t.Error("found what is not there")
			}
			if i, ok := got.Issuer("i"); !ok || i.Mint != "a" {
				t.Errorf("issuer: %+v", i)
			}
		})
	}
}

func TestScopeNamesTheSameEveryTime(t *testing.T) {
	s := adapters.Scope{Identities: map[string]string{}}
	for _, id := range []string{"e", "d", "c", "b", "a"} {
		s.Identities[id] = "aws.role"
	}
	for range 50 {
		if got := s.String(); got != "a" {
			t.Fatalf("got %q, want the first in order: an error of planning must not differ", got)
		}
	}
}
