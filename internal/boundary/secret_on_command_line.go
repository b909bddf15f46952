package boundary

import "github.com/firebreak/firebreak/internal/workflow"

// secretOnCommandLine: an expression in a script is text of the script, which lies on
// the disk and, as an argument, in the list of processes.
//
// Source: GitHub Docs, "Using secrets in GitHub Actions": avoid passing secrets between
// processes from the command line.
var secretOnCommandLine = Rule{
	ID:  "secret-on-command-line",
	Why: "A secret put into a script's text is written to the disk and, as an argument, shown to every process of the machine.",
	Fix: "hand it to the script in the step's env, and quote the variable",
	judge: func(r *run) []hit {
		var hits []hit
		for _, x := range r.Job.Refs {
			if x.Kind == workflow.Secret && x.How == workflow.HowRun && !x.Tested && !(x.Step >= 0 && workflow.Addresses(r.Job.Steps[x.Step].Run, x.Name)) {
				hits = append(hits, hit{Pos: x.Pos, severity: Low, message: "job " + r.Job.ID + " writes secret " + x.Name + " into a script"})
			}
		}
		return hits
	},
}
