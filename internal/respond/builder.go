package respond

import (
	"strings"

	"github.com/firebreak/firebreak/internal/plan"
)

// builds reports whether a build runs the workflow. A build's target is the workflow at a
// ref ("acme/shop/.github/workflows/ci.yml@main#rebuild").
func builds(a *plan.Action, workflow string) bool {
	repository, _ := a.Inputs["repository"].Literal.(string)
	path, _ := a.Inputs["workflow"].Literal.(string)
	return a.Target.ID == workflow || strings.HasPrefix(a.Target.ID, workflow+"@") || repository+"/"+path == workflow
}
