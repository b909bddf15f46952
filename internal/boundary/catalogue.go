package boundary

import (
	"cmp"
	"slices"

	"github.com/firebreak/firebreak/internal/inventory"
)

// Catalogue lists every rule there is, the inventory's own included.
func Catalogue() []Rule {
	out := Rules()
	for _, r := range inventory.Rules() {
		out = append(out, Rule{ID: r.ID, Why: r.Why, Fix: r.Fix})
	}
	return out
}

// InOrder gives the findings in the order to mend them: open ones first, then in the
// order in which authority is taken away, then by severity and place. What is not known
// may be the worst, and stands behind high.
func InOrder(findings []inventory.Finding) []inventory.Finding {
	out := slices.Clone(findings)
	slices.SortStableFunc(out, func(a, b inventory.Finding) int {
		return cmp.Or(cmp.Compare(bit(a.Accepted != nil), bit(b.Accepted != nil)), cmp.Compare(rank(a), rank(b)), cmp.Compare(weight(a.Severity), weight(b.Severity)))
	})
	return out
}

func rank(f inventory.Finding) int {
	if f.Order == 0 {
		return OrderRest
	}
	return f.Order
}

func weight(severity string) int {
	return slices.Index([]string{Critical, High, Unknown, Medium, Low}, severity)
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
