package boundary

import (
	"strings"

	"github.com/firebreak/firebreak/internal/workflow"
)

// secretForEveryStep is the same within a job, told where it is clear which step it is for.
//
// Source: GitHub Docs, "Workflow syntax", jobs.<job_id>.env.
var secretForEveryStep = Rule{
	ID:  "secret-for-every-step",
	Why: "A secret in a job's env is read by every action and every build script of the job.",
	Fix: "move the secret into the env of the step that uses it",
	judge: func(r *run) []hit {
		if r.Call != nil || len(r.Job.Steps) < 2 {
			return nil
		}
		var hits []hit
		for _, x := range r.Job.Refs {
			if x.Kind != workflow.Secret || x.How != workflow.HowEnv || x.Level != "job" || x.As == "" || x.Tested {
				continue
			}
			users, strangers := r.users(x.As)
			if len(users) == 1 && len(strangers) > 0 {
				hits = append(hits, hit{Pos: x.Pos, severity: Medium, message: "secret " + x.Name + " is in the environment of every step of job " + r.Job.ID + ", " + short(strangers[0]) +
					" among them; only " + users[0] + " names it"})
			}
		}
		return hits
	},
}

// users are the steps that name an environment variable, strangers the other steps
// that run code which could read it without need.
func (r *run) users(name string) (users, strangers []string) {
	for i := range r.Job.Steps {
		s := &r.Job.Steps[i]
		k, known := workflow.KnownAction(s.Uses)
		switch {
		case names(s, name) || known && containsFold(k.Env, name):
			users = append(users, title(s))
		case s.Uses != "" && !known && !strings.HasPrefix(s.Uses, "./"):
			strangers = append(strangers, s.Uses)
		case s.Uses != "" && strings.HasPrefix(s.Uses, "./"):
			return nil, nil // a local action may read it
		case s.Run != "" && builds(s):
			if opaque(s) {
				return nil, nil // a script of the tree may be what reads it
			}
			strangers = append(strangers, title(s))
		}
	}
	return users, strangers
}
