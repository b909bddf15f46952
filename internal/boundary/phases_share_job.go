package boundary

import (
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/workflow"
)

// phasesShareJob: the article's four phases, each with an authority of its own.
//
// Source: the article, "Every workflow is a security boundary"; SLSA, build levels.
var phasesShareJob = Rule{
	ID:  "phases-share-job",
	Why: "A job that installs dependencies and builds runs other people's code beside the authority to publish or deploy.",
	Fix: "build in one job without authority, hand the artifact on, and publish or deploy in another that builds nothing",
	judge: func(r *run) []hit {
		if r.Call != nil && r.Start.File != r.File {
			return nil // told where the job starts from its own file, or once for its callers
		}
		built := ""
		for i := range r.Steps {
			s := &r.Steps[i]
			for _, u := range s.Commands() {
				if u.Kind == workflow.Build && u.System != "oci" && fetches(u) && built == "" {
					built = title(s.Step)
				}
			}
			if built == "" {
				continue
			}
			what, pos := hands(s)
			if what == "" || !r.armed() {
				continue
			}
			severity := Low
			if len(r.outsiders) > 0 {
				severity = High
			}
			return []hit{{Pos: r.at(s, pos), severity: severity, message: "job " + r.Job.ID + " runs " + built + " and then " + what + " with the same authority"}}
		}
		return nil
	},
}

// fetches says whether a build command runs code that is not the repository's own.
func fetches(u workflow.Use) bool {
	if len(u.Args) == 0 {
		return u.System == "npm" && u.Match[0] == "yarn"
	}
	switch u.System {
	case "npm", "python", "ruby", "php", "dotnet":
		return u.Args[0] == "install" || u.Args[0] == "ci" || u.Args[0] == "i" || u.Args[0] == "sync" || u.Args[0] == "restore" || u.Args[0] == "update"
	case "rust", "java":
		return true // the build fetches what it needs
	case "go":
		return u.Args[0] == "test" || u.Args[0] == "generate" || u.Args[0] == "run"
	}
	return false
}

// hands says what a step publishes or deploys, and where.
func hands(s *inventory.InstanceStep) (string, workflow.Pos) {
	if k, ok := s.Known(); ok && (k.Kind == workflow.Publish || k.Kind == workflow.Deploy) {
		return verb(k.Kind) + " to " + k.System + " (" + short(s.Uses) + ")", s.UsesPos
	}
	for _, u := range s.Commands() {
		if u.Kind == workflow.Publish || u.Kind == workflow.Deploy {
			return verb(u.Kind) + " to " + u.System, s.RunPos
		}
	}
	return "", workflow.Pos{}
}

func verb(k workflow.Kind) string {
	if k == workflow.Publish {
		return "publishes"
	}
	return "deploys"
}

// armed says whether the job has something to publish or deploy with.
func (r *run) armed() bool {
	if r.Permissions["id-token"] == "write" || r.Permissions["packages"] == "write" || r.Permissions["contents"] == "write" || r.Permissions["pages"] == "write" {
		return true
	}
	for _, x := range r.Refs() {
		if x.Kind == workflow.Secret && x.How != workflow.HowIf {
			return true
		}
	}
	return false
}
