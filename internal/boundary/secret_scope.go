package boundary

import (
	"strings"

	"github.com/firebreak/firebreak/internal/workflow"
)

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

func containsFold(list []string, s string) bool {
	for _, x := range list {
		if strings.EqualFold(x, s) {
			return true
		}
	}
	return false
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

// allSecrets: an inventory of such a job is the list of all secrets there are.
//
// Source: GitHub Docs, "Contexts", secrets context.
var allSecrets = Rule{
	ID:  "all-secrets-in-one-value",
	Why: "A job that takes every secret at once, or one by a name worked out at run time, holds all of them.",
	Fix: "name the secrets that are needed, one by one",
	judge: func(r *run) []hit {
		var hits []hit
		for _, x := range r.Job.Refs {
			if x.Kind != workflow.All && x.Kind != workflow.Dynamic || x.Kind == workflow.Dynamic && len(r.Folded(x)) > 0 || x.How == workflow.HowIf {
				continue
			}
			h := hit{Pos: x.Pos, severity: Medium, message: "job " + r.Job.ID + " takes every secret there is (" + x.How + ")"}
			if len(r.outsiders) > 0 {
				h.severity, h.events = High, r.outsiders
				h.message += ", and outsiders start it by " + strings.Join(r.outsiders, ", ")
			}
			hits = append(hits, h)
		}
		return hits
	},
}

// secretsInherit: what is inherited is chosen by the called workflow, not by the caller.
//
// Source: GitHub Docs, "Reusing workflows", passing secrets to nested workflows.
var secretsInherit = Rule{
	ID:  "secrets-inherit-across-trust",
	Why: "With secrets: inherit the called workflow takes what it likes, and somebody else can change what that is.",
	Fix: "pass the secrets it needs by name",
	judgeFile: func(f *file) []hit {
		var hits []hit
		for i := range f.Jobs {
			j := &f.Jobs[i]
			if j.Call == nil || !j.Call.Inherit {
				continue
			}
			h := hit{Pos: j.Call.InheritPos, job: j.ID, message: "job " + j.ID + " gives every secret to " + short(j.Call.Uses)}
			outsiders := f.outsiders(j.ID)
			switch {
			case len(outsiders) > 0:
				h.severity, h.events = High, outsiders
				h.message += ", and outsiders start it by " + strings.Join(outsiders, ", ")
			case j.Call.Local == "" && !sameOwner(f.model.Repository, j.Call.Uses):
				h.severity = Medium
				h.message += ", which is another repository's"
			default:
				continue
			}
			hits = append(hits, h)
		}
		return hits
	},
}

// outsiders are the events by which outsiders start a job, or what it calls.
func (f *file) outsiders(job string) []string {
	var out []string
	for _, r := range f.runs {
		if r.Top.ID == job {
			out = append(out, r.outsiders...)
		}
	}
	return compact(out)
}

func compact(s []string) []string {
	var out []string
	for _, x := range s {
		if !containsFold(out, x) {
			out = append(out, x)
		}
	}
	return out
}
