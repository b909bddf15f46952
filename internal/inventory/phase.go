package inventory

import (
	"slices"

	"github.com/firebreak/firebreak/internal/workflow"
)

// Phase is one of the four phases of a safe pipeline, with the trust of the code in
// it and what it may do.
type Phase struct {
	ID        string // as in Job.Phase
	Title     string
	Trust     string
	Authority string
}

// Phases are the four, from the least authority to the most.
func Phases() []Phase {
	return []Phase{
		{"build", "Build untrusted code", "Low", "Read source, run tests, no secrets, no publish."},
		{"verify", "Verify artifacts", "Medium", "Read artifacts, validate provenance, no deploy."},
		{"publish", "Publish packages", "High", "Narrow registry token or OIDC role, no unrelated secrets."},
		{"deploy", "Deploy production", "Highest", "Protected environment, approval, scoped cloud role."},
	}
}

// phase says which phase a job belongs to by what it does: the highest it touches; ""
// for one that only works on the repository or reports.
func phase(in *Instance, all []deed) string {
	var checked, built, verified, fetched bool
	out := ""
	for i := range all {
		switch all[i].kind {
		case workflow.Deploy:
			return "deploy"
		case workflow.Publish, workflow.Sign:
			out = "publish"
		case workflow.Checkout:
			checked = true
		case workflow.Build:
			built = true
		case workflow.Verify:
			verified = true
		case workflow.Download:
			fetched = true
		}
	}
	switch {
	case out != "":
		return out
	case verified && !built, fetched && !built && !checked:
		return "verify"
	case built, checked && slices.ContainsFunc(in.Steps, func(s InstanceStep) bool { return s.Run != "" }):
		return "build"
	}
	return ""
}

// higher is the later of two phases.
func higher(a, b string) string {
	rank := func(p string) int { return slices.IndexFunc(Phases(), func(x Phase) bool { return x.ID == p }) }
	if rank(b) > rank(a) {
		return b
	}
	return a
}

// fetches are the systems whose packages a job's build downloads.
func fetches(all []deed) []string {
	var out []string
	for i := range all {
		if d := &all[i]; d.kind == workflow.Build && slices.Contains([]string{"npm", "python", "go", "rust", "java", "ruby", "dotnet", "php"}, d.system) {
			out = append(out, d.system)
		}
	}
	return out
}
