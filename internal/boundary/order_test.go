package boundary

import (
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/inventory"
)

func TestTheOrderToMend(t *testing.T) {
	f := func(rule, severity, path string, accepted bool) inventory.Finding {
		x := inventory.Finding{Rule: rule, Severity: severity, Path: path}
		if accepted {
			x.Accepted = &inventory.Acceptance{Reason: "r"}
		}
		return x
	}
	got := InOrder([]inventory.Finding{
		f(inventory.RuleUnowned, Medium, "g", false),
		f(untrustedCheckout.ID, Unknown, "f", false),
		f(untrustedCheckout.ID, Critical, "d", false),
		f(untrustedCheckout.ID, High, "e", false),
		f(idTokenBesideUntrusted.ID, Critical, "c", false),
		f(publishOutsideEnvironment.ID, Critical, "h", true),
		f(publishOutsideEnvironment.ID, Unknown, "b", false),
		f(publishOutsideEnvironment.ID, High, "a", false),
	})
	var order []string
	for _, x := range got {
		order = append(order, x.Path)
	}
	if s := strings.Join(order, ""); s != "abcdefgh" {
		t.Error(s)
	}
}

// Every rule says why and how, and each way of mending is one that is known.
func TestEveryRuleIsExplained(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Catalogue() {
		if seen[r.ID] || r.ID == "" || r.Why == "" || r.Fix == "" || !strings.HasSuffix(r.Why, ".") || strings.HasSuffix(r.Fix, ".") {
			t.Errorf("%q: an id of its own, a sentence why, and how to mend it without a full stop", r.ID)
		}
		seen[r.ID] = true
	}
}
