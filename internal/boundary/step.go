package boundary

import (
	"strings"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/workflow"
)

// buildsTree says whether the job checks out what started it and runs something of it.
func (r *run) buildsTree() bool {
	out := false
	for i := range r.Steps {
		s := &r.Steps[i]
		if k, ok := s.Known(); ok && k.Kind == workflow.Checkout {
			out = true
		} else if out && s.Run != "" {
			return true
		}
	}
	return false
}

func names(s *workflow.Step, name string) bool {
	if strings.Contains(strings.ToUpper(s.Run), name) {
		return true
	}
	for _, list := range [][]workflow.Var{s.With, s.Env} {
		for _, v := range list {
			if strings.Contains(strings.ToUpper(v.Value), name) {
				return true
			}
		}
	}
	return strings.Contains(strings.ToUpper(s.If), name)
}

func builds(s *workflow.Step) bool {
	for _, u := range s.Commands() {
		if u.Kind == workflow.Build {
			return true
		}
	}
	return false
}

// opaque says whether a script calls programs of the tree, which may read anything.
func opaque(s *workflow.Step) bool {
	if strings.Contains(s.Run, "./") || strings.Contains(s.Run, ".sh") || strings.Contains(s.Run, ".py") || strings.Contains(s.Run, ".js") {
		return true
	}
	for _, u := range s.Commands() {
		if u.Kind == workflow.Build && !installs(u) {
			return true
		}
	}
	return false
}

// installs says whether a build command only puts dependencies in place.
func installs(u workflow.Use) bool {
	return len(u.Args) > 0 && (u.Args[0] == "install" || u.Args[0] == "ci" || u.Args[0] == "i" || u.Args[0] == "restore" || u.Args[0] == "sync")
}

func title(s *workflow.Step) string {
	switch {
	case s.Name != "":
		return "step " + short(s.Name)
	case s.Uses != "":
		return short(s.Uses)
	}
	first, _, _ := strings.Cut(strings.TrimSpace(s.Run), "\n")
	return "step " + short(first)
}

// runsTree says whether a step runs what lies in its folder.
func runsTree(s *inventory.InstanceStep) bool {
	if s.Run == "" {
		return false
	}
	for _, u := range s.Commands() {
		if u.Kind == workflow.Build {
			return true
		}
	}
	return strings.Contains(s.Run, "./") && !strings.Contains(s.Run, "> ./") || strings.Contains(s.Run, "chmod +x") || strings.Contains(s.Run, "bash ") || strings.Contains(s.Run, "sh -c")
}
