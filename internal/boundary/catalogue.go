package boundary

import (
	"cmp"
	"slices"

	"github.com/firebreak/firebreak/internal/inventory"
)

// Catalogue lists every rule there is in the order to mend, the inventory's own included.
func Catalogue() []Rule {
	out := Rules()
	for _, r := range inventory.Rules() {
		out = append(out, Rule{ID: r.ID, Why: r.Why, Fix: r.Fix})
	}
	slices.SortStableFunc(out, func(a, b Rule) int { return cmp.Compare(cmp.Or(a.Rank, Rest), cmp.Or(b.Rank, Rest)) })
	return out
}
