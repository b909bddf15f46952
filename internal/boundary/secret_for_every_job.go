package boundary

import "github.com/firebreak/firebreak/internal/workflow"

// secretForEveryJob: the article's publish token in a lint job.
//
// Source: GitHub Docs, "Workflow syntax", env; "Using secrets in GitHub Actions".
var secretForEveryJob = Rule{
	ID:  "secret-for-every-job",
	Why: "A secret in the workflow's env is in the environment of every process of every job.",
	Fix: "give the secret to the step that uses it, in that step's env",
	judgeFile: func(f *file) []hit {
		if len(f.Jobs) < 2 {
			return nil
		}
		var hits []hit
		for _, r := range f.Refs {
			if r.Kind == workflow.Secret && r.How == workflow.HowEnv && r.As != "" && !r.Tested {
				hits = append(hits, hit{Pos: r.Pos, severity: Medium, message: "secret " + r.Name + " is in the environment of all " + count(len(f.Jobs)) + " jobs"})
			}
		}
		return hits
	},
}
