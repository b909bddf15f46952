package cli

import (
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

func TestWhatThePlanDoesNotTreat(t *testing.T) {
	put := plan.Action{Use: "github.secret.put", Role: plan.Deliver, Credential: "c", Inputs: map[string]plan.Value{
		"repository": {Literal: "acme/shop"}, "name": {Literal: "TOKEN"}, "value": {Output: &plan.Ref{}},
	}}
	state := func(closings ...plan.Closing) *respond.State {
		return &respond.State{
			Plans:   []respond.Planned{{Plan: &plan.Plan{Closings: closings}}},
			Actions: []respond.ActionState{{Action: &put}},
		}
	}
	store := inventory.System{Name: "github.secret", With: map[string]string{"repository": "acme/shop", "name": "TOKEN", "scope": "repository"}}
	copied := inventory.System{Name: "vault.kv", With: map[string]string{"path": "ci/token"}}
	inv := func(stores ...inventory.System) inventory.Inventory {
		return inventory.Inventory{Credentials: []inventory.Credential{{ID: "c", Name: "TOKEN", Stores: stores}}}
	}
	beyond := inventory.Inventory{Identities: []inventory.Identity{{ID: "role:y", ARN: "arn:y", Kind: inventory.RoleBeyond}}}
	for _, c := range []struct {
		name string
		s    *respond.State
		inv  inventory.Inventory
		want string
	}{
		{"all treated", state(plan.Closing{Credential: "c"}), inv(store), ""},
		{"no closing", state(), inv(store), "does not treat"},
		{"a copy more", state(plan.Closing{Credential: "c"}), inv(store, copied), "vault.kv ci/token keeps a copy of TOKEN"},
		{"a possible copy", state(plan.Closing{Credential: "c"}), inventory.Inventory{Credentials: []inventory.Credential{{ID: "c", Name: "TOKEN", Stores: []inventory.System{store}, Possible: []inventory.System{
			{Name: "github.secret", With: map[string]string{"repository": "acme/shop", "name": "TOKEN", "scope": "dependabot"}},
		}}}}, "the dependabot store of acme/shop has a secret TOKEN, which may be a copy"},
		{"open in the plan", state(plan.Closing{Credential: "c", Open: "nobody declared it"}), inv(copied), ""},
		{"an identity more", state(), inventory.Inventory{Identities: []inventory.Identity{{ID: "role:x"}}}, "becomes role:x"},
		{"a role elsewhere", state(), beyond, "becomes role:y"},
		{"a role elsewhere that the plan names", &respond.State{Plans: []respond.Planned{{Plan: &plan.Plan{Gaps: []plan.Gap{{What: "sessions of role arn:y"}}}}}}, beyond, ""},
	} {
		got := strings.Join(uncovered(c.s, c.inv), "\n")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}
