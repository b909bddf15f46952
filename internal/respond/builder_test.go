package respond_test

import (
	"slices"
	"testing"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// A build's target is a workflow at a ref, a subject is the workflow.
func TestTheWorkflowUnderResponseDoesNotRebuild(t *testing.T) {
	for target, held := range map[string]bool{
		"acme/shop/.github/workflows/ci.yml@main#rebuild":      true,
		"acme/shop/.github/workflows/ci.yml":                   true,
		"acme/shop/.github/workflows/rebuild.yml@main#rebuild": false,
	} {
		build := action("build", plan.Build, plan.Disruptive)
		build.Target.ID = target
		p := one(action("purge", plan.Purge, plan.Disruptive))
		p.Subjects, p.Actions = []string{"acme/shop/.github/workflows/ci.yml"}, append(p.Actions, build)
		b := open(t, respond.Opened{}, p)
		b.held("purge", plan.P1)
		b.broken("build", "run")
		gate := slices.Contains(b.keys(), "ask gate/purge-before-rebuild#1")
		if gate != held {
			t.Errorf("%s: held back is %v; wants %v", target, gate, b.keys())
		}
	}
}
