package respond

import (
	"slices"

	"github.com/firebreak/firebreak/internal/plan"
)

// Exposure is since when an attacker may have been in: as the last plan that says has
// it, else as the incident was opened.
func (s *State) Exposure() plan.Exposure {
	for _, p := range slices.Backward(s.Plans) {
		if p.Plan.Exposure != nil {
			return *p.Plan.Exposure
		}
	}
	return plan.Exposure{Since: s.Opened.Since, Why: s.Opened.SinceWhy}
}
