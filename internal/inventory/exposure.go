package inventory

import (
	"strings"

	"github.com/firebreak/firebreak/internal/workflow"
)

// exposes lists where a job can carry what it reaches, beyond its own memory.
func exposes(in *Instance, all []deed) []string {
	var out []string
	for i := range all {
		d := &all[i]
		switch d.kind {
		case workflow.Caches, workflow.Save:
			if saves, _ := d.step.Cache(); saves {
				out = append(out, "cache")
			}
		case workflow.Publish:
			// Source: Docker Docs, "GitHub Actions cache": cache-to: type=gha.
			if v, ok := d.step.Input("cache-to"); ok && strings.Contains(v.Value, "type=gha") {
				out = append(out, "cache")
			}
		case workflow.Upload:
			out = append(out, "artifact")
		}
	}
	if SelfHosted(in.Job.Runner) {
		out = append(out, "self-hosted runner")
	}
	return out
}

// Cache says whether a step saves a cache that other runs can restore, and whether it
// restores one, as far as its own inputs tell.
// Source: action.yml of actions/cache (lookup-only, which leaves saving as it is),
// actions/setup-go (cache), astral-sh/setup-uv (enable-, save-, restore-cache),
// gradle/actions/setup-gradle (cache-disabled, -read-only, -write-only), Swatinem/rust-cache (save-if).
func (s *InstanceStep) Cache() (saves, restores bool) {
	k := s.Fitting()
	if k == nil {
		return false, false
	}
	switch k.Kind {
	case workflow.Caches:
		saves, restores = true, true
	case workflow.Save:
		saves = true
	case workflow.Restore:
		restores = true
	default:
		return false, false
	}
	if s.says("cache", "false") || s.says("enable-cache", "false") || s.says("cache-disabled", "true") {
		return false, false
	}
	saves = saves && !s.says("save-cache", "false") && !s.says("cache-read-only", "true") && !s.says("save-if", "false")
	restores = restores && !s.says("restore-cache", "false") && !s.says("cache-write-only", "true") && !s.says("lookup-only", "true")
	return saves, restores
}

// CacheOf is the action that makes the keys of the step's cache: no other knows them.
func (s *InstanceStep) CacheOf() string {
	action, _, _ := strings.Cut(strings.ToLower(s.Uses), "@")
	return strings.TrimSuffix(strings.TrimSuffix(action, "/restore"), "/save")
}

func (s *InstanceStep) says(input, value string) bool {
	v, ok := s.Input(input)
	return ok && strings.EqualFold(v.Value, value)
}
