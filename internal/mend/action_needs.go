package mend

import (
	"strings"

	"github.com/firebreak/firebreak/internal/workflow"
)

// action adds what a public action needs of the token, by what the tables of package
// workflow know of it.
func action(n *needs, s *workflow.Step) {
	k, known := workflow.KnownAction(s.Uses)
	if !known || k.Needs == nil {
		n.lacks("what %s needs is not known", s.Uses)
		return
	}
	for _, need := range k.Needs {
		scope, level, _ := strings.Cut(need, ": ")
		n.add(scope, level)
	}
	if len(k.Needs) == 0 && (carries(s.With) || carries(s.Env)) { // as a registry login, whose pushes come later
		n.lacks("it gives its token to %s", s.Uses)
	}
	if s.ByOIDC() {
		n.add("id-token", "write")
	}
}
