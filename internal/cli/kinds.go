package cli

import (
	"slices"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/all"
	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/plan"
)

// knownKinds are the issuers and stores this program speaks to, with their settings.
func knownKinds() (config.Kinds, error) {
	c, err := all.Catalogue()
	if err != nil {
		return config.Kinds{}, err
	}
	k := config.Kinds{Issuers: map[string][]plan.Field{}, Stores: map[string][]plan.Field{}}
	for _, p := range c.Providers() {
		for _, i := range p.Issuers() {
			made := []string{"new", "keep"} // what a rotation fills in by itself
			if mint, ok := c.Spec(i.Mint); ok {
				for _, o := range mint.Outputs {
					made = append(made, o.Name)
				}
			}
			k.Issuers[i.Name] = settingsOf(c, made, i.Mint, i.Test, i.Disable, i.Destroy)
		}
		for _, s := range p.Stores() {
			k.Stores[s.Name] = settingsOf(c, []string{"name"}, s.Put)
		}
	}
	return k, nil
}

// settingsOf are the inputs of actions; those that come from elsewhere when they are
// left out are not required.
func settingsOf(c *adapters.Catalogue, made []string, actions ...string) []plan.Field {
	var out []plan.Field
	for _, a := range actions {
		spec, ok := c.Spec(a)
		if !ok {
			continue
		}
		for _, f := range spec.Inputs {
			if slices.Contains(made, f.Name) || slices.Contains([]string{"repository", "workflow", "since", "account"}, f.Name) {
				f.Required = false
			}
			out = append(out, f)
		}
	}
	return out
}
