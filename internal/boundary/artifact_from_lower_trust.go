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
