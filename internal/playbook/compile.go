package playbook

import (
	"strings"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/diag"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// Request is everything a plan is made from, besides the playbook.
type Request struct {
	// Inputs by name: string or []string for texts, bool, int64. A single string is
	// taken as a list of one where the input is a list. Nothing is changed in it.
	Inputs    map[string]any
	Inventory inventory.Inventory
	Snapshot  *snapshot.Snapshot
	Config    config.Config
	Catalogue Catalogue
	// Exposure goes into the plan as it is; nil where nothing was looked for.
	Exposure *plan.Exposure
	// Lenient: what the snapshot lacks becomes a gap instead of *Incomplete. Only a
	// partial playbook may leave things out so: a further plan has to treat them.
	Lenient bool
	// Outputs are what done actions gave, by action id, for a rollback: they fill the
	// inputs of the same names of their inverses, which no plan knows beforehand.
	Outputs map[string]map[string]plan.Output
	// Unseen: what a survey could not read is a person's task instead of *Incomplete,
	// and the closing it serves stays open. A repository that cannot be read is still
	// *Incomplete: nothing is known of the incident then.
	Unseen bool
}

// Incomplete says that the snapshot lacks what the plan needs. Survey each scope,
// add it, build the inventory again and compile again; offline it is the user's to
// mend. Unwrap gives the other mistakes, if there are any.
type Incomplete struct {
	Missing []*adapters.Missing
	Others  diag.List
}

func (e *Incomplete) Error() string {
	var lines []string
	for _, m := range e.Missing {
		lines = append(lines, m.Error())
	}
	if len(e.Others) > 0 {
		lines = append(lines, e.Others.Error())
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the diagnostics that no survey mends.
func (e *Incomplete) Unwrap() error { return e.Others.Err() }

// Compile makes the plan. The error is a diag.List, or *Incomplete where a survey
// would help.
func Compile(p *Playbook, r Request) (*plan.Plan, error) {
	c, problems := newCompiler(p, r)
	if len(problems) > 0 {
		return nil, problems.Err()
	}
	return c.plan()
}
