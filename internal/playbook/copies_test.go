package playbook

import (
	"slices"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/plan"
)

// A new value goes into every store of the credential, Dependabot's and the
// organization's too where the inventory names them; what may be a copy is a gap, and
// nothing is put there.
func TestEveryNamedStoreGetsTheValue(t *testing.T) {
	r := request()
	for i := range r.Inventory.Credentials {
		if c := &r.Inventory.Credentials[i]; c.ID == npmID {
			c.Stores = append(c.Stores, inventory.System{Name: "github.secret", With: map[string]string{"scope": "dependabot"}},
				inventory.System{Name: "github.secret", With: map[string]string{"scope": "organization", "name": "SHARED_NPM"}})
			c.Possible = []inventory.System{{Name: "github.secret", With: map[string]string{"repository": "acme/shop", "scope": "codespaces", "name": "NPM_TOKEN"}}}
		}
	}
	p := mustCompile(t, shippedText(t), r)
	var got []string
	for _, a := range p.Actions {
		if a.Use == "github.secret.put" && a.Credential == npmID {
			got = append(got, a.Target.ID)
		}
	}
	slices.Sort(got)
	if want := []string{"acme/shop/dependabot/NPM_TOKEN", "acme/shop/organization/SHARED_NPM", "acme/shop/repository/NPM_TOKEN"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if !slices.ContainsFunc(p.Gaps, func(g plan.Gap) bool {
		return g.What == "NPM_TOKEN in the codespaces store of acme/shop" && strings.Contains(g.Why, "firebreak.yaml")
	}) {
		t.Errorf("%+v", p.Gaps)
	}
}
