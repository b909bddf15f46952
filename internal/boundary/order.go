package boundary

import (
	"cmp"
	"slices"

	"github.com/firebreak/firebreak/internal/inventory"
)

// Rank says when the findings of a rule are mended: authority that costs nothing to
// take away and that an attacker uses first comes first.
type Rank int

// The ranks, in the order of mending.
const (
	ByDefault     Rank = iota + 1 // rights a token has by default and beyond need
	RegistryToken                 // credentials that publish
	CloudRole                     // identities and credentials that deploy
	MintsIdentity                 // id-token: write
	Rest                          // everything else, by severity alone
)

// InOrder gives the findings in the order to mend them: open ones first, then by the
// rank of their rules, severity and place. What is not known may be bad and stands
// behind high. It is the only place that says so.
func InOrder(findings []inventory.Finding) []inventory.Finding {
	ranks := map[string]Rank{}
	for _, r := range Catalogue() {
		ranks[r.ID] = cmp.Or(r.Rank, Rest)
	}
	out := slices.Clone(findings)
	slices.SortStableFunc(out, func(a, b inventory.Finding) int {
		return cmp.Or(
			cmp.Compare(bit(a.Accepted != nil), bit(b.Accepted != nil)), cmp.Compare(ranks[a.Rule], ranks[b.Rule]), cmp.Compare(weight(a.Severity), weight(b.Severity)),
		)
	})
	return out
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
