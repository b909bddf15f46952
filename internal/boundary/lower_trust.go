package boundary

import (
	"strings"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/workflow"
)

// artifactFromLowerTrust: a workflow_run has the repository's authority and reads what
// a pull request's run left behind.
//
// Source: GitHub Security Lab, "Keeping your GitHub Actions and workflows secure":
// treat artifacts of such runs as untrusted.
var artifactFromLowerTrust = Rule{
	ID:   "artifact-from-lower-trust",
	Why:  "A job with authority runs files that an outsider's run made.",
	Fix:  "do not run what the artifact holds; verify it (attestation, digest from a trusted job) or treat it as data alone",
	Gate: true,
	judge: func(r *run) []hit {
		var events []string
		for _, e := range r.outsiders {
			if e == "workflow_run" {
				events = append(events, e)
			}
		}
		severity, what := r.authority()
		if len(events) == 0 || what == "" {
			return nil
		}
		var from *inventory.InstanceStep
		var at workflow.Pos
		for i := range r.Steps {
			s := &r.Steps[i]
			switch {
			case len(unguarded(s.If, events)) == 0:
			case from == nil:
				if line, ok := fetchesOther(s); ok {
					from, at = s, r.at(s, line)
				}
			case verifies(s):
				return nil
			case runsTree(s):
				return []hit{{
					Pos: at, severity: severity, events: events,
					message: "job " + r.Job.ID + " fetches the artifact of the run that started it and then runs " + title(s.Step) + " while it holds " + what,
				}}
			}
		}
		return nil
	},
}

// fetchesOther says whether a step downloads another run's artifact.
func fetchesOther(s *inventory.InstanceStep) (workflow.Pos, bool) {
	if k, ok := s.Known(); ok && k.Kind == workflow.Download {
		if strings.EqualFold(k.Uses, "dawidd6/action-download-artifact") {
			return s.UsesPos, true
		}
		v, set := s.Input("run-id")
		return s.UsesPos, set && strings.Contains(v.Value, "workflow_run")
	}
	for _, u := range s.Commands() {
		if u.Kind == workflow.Download {
			return s.RunPos, true
		}
	}
	v, ok := s.Input("script")
	return s.UsesPos, ok && strings.Contains(v.Value, "downloadArtifact")
}

func verifies(s *inventory.InstanceStep) bool {
	if k, ok := s.Known(); ok && k.Kind == workflow.Verify {
		return true
	}
	for _, u := range s.Commands() {
		if u.Kind == workflow.Verify {
			return true
		}
	}
	return false
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

// cacheFromLowerTrust: a cache of the default branch is read by every branch. What
// outsiders start by pull_request_target and the like runs on the default branch.
//
// Source: GitHub Docs, "Dependency caching reference", restrictions for accessing a
// cache; GitHub changelog, June 2026: such runs get a read-only cache token on
// github.com, not on GitHub Enterprise Server.
var cacheFromLowerTrust = Rule{
	ID:   "cache-from-lower-trust",
	Why:  "A job with authority restores a cache that an outsider's code can have written.",
	Fix:  "restore no cache in this job, or never run an outsider's code in a job that saves one on the default branch",
	Gate: true,
	judge: func(r *run) []hit {
		if len(r.file.whole.poisoners) == 0 {
			return nil
		}
		if _, what := r.holds(); what == "" && r.Permissions["id-token"] != "write" || len(r.outsiders) > 0 {
			return nil
		}
		var hits []hit
		for i := range r.Steps {
			s := &r.Steps[i]
			kind, key := cache(s)
			if kind == "" || kind == workflow.Save {
				continue
			}
			if w := r.file.whole.poisons(s, key); w != "" {
				hits = append(hits, hit{
					Pos: r.at(s, s.UsesPos), severity: Medium,
					message: "job " + r.Job.ID + " restores a cache (" + short(s.Uses) + ") that " + w + " can write with an outsider's code in it; on github.com such runs have a read-only cache token since June 2026, elsewhere not",
				})
			}
		}
		return hits
	},
}

// cache says what a step does with a cache, and the beginning of its key that is
// written out.
func cache(s *inventory.InstanceStep) (workflow.Kind, string) {
	k, ok := s.Known()
	if !ok {
		return "", ""
	}
	switch k.Kind {
	case workflow.Caches:
		if v, set := s.Input("cache"); set && v.Value == "false" {
			return "", ""
		}
	case workflow.Restore, workflow.Save:
	default:
		return "", ""
	}
	v, _ := s.Input("key")
	begins, _, _ := strings.Cut(v.Value, "${{")
	return k.Kind, begins
}

// poisoner is a step that saves a cache in a job where an outsider's code runs.
type poisoner struct {
	action, key string
	job, path   string
}

// whoPoisons lists them once for a repository.
func (m *whole) whoPoisons() []poisoner {
	var out []poisoner
	for i := range m.model.Workflows {
		w := &m.model.Workflows[i]
		if !startedByOutsiders(w) {
			continue
		}
		instances := m.model.Instances(w)
		for n := range instances {
			in := &instances[n]
			r := &run{Instance: in, outsiders: in.Outsiders()}
			if found, _ := r.foreign(r.outsiders); len(found) == 0 {
				continue
			}
			for k := range in.Steps {
				x := &in.Steps[k]
				if kind, key := cache(x); kind != "" && kind != workflow.Restore {
					action, _, _ := strings.Cut(strings.ToLower(x.Uses), "@")
					out = append(out, poisoner{action, key, in.Top.ID, w.Path})
				}
			}
		}
	}
	return out
}

// poisons names the job in which an outsider's code can write the cache that a step restores.
func (m *whole) poisons(s *inventory.InstanceStep, key string) string {
	name, _, _ := strings.Cut(strings.ToLower(s.Uses), "@")
	for _, p := range m.poisoners {
		if p.action != name && !strings.HasPrefix(name, "actions/cache") {
			continue
		}
		if strings.HasPrefix(p.key, key) || strings.HasPrefix(key, p.key) {
			return "job " + p.job + " of " + p.path
		}
	}
	return ""
}

func startedByOutsiders(w *inventory.ModelWorkflow) bool {
	for _, t := range w.Triggers {
		if t.Trust == workflow.Untrusted && t.Authority {
			return true
		}
	}
	return false
}

// unguarded are the events whose outsiders a step's condition does not keep out.
func unguarded(cond string, events []string) []string {
	if cond == "" {
		return events
	}
	var out []string
	for _, e := range events {
		if !workflow.Guarded(cond, e) {
			out = append(out, e)
		}
	}
	return out
}
