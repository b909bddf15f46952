package mend

import "github.com/firebreak/firebreak/internal/workflow"

// action adds what a public action needs of the token, by what is known of it.
func action(n *needs, s *workflow.Step) {
	k, known := workflow.KnownAction(s.Uses)
	if !known {
		n.lacks("what %s needs is not known", s.Uses)
		return
	}
	switch k.Kind {
	case workflow.Checkout:
		n.add("contents", "read")
	case workflow.Caches, workflow.Upload, workflow.Download:
	default:
		n.lacks("what %s needs is not known", s.Uses)
	}
}
