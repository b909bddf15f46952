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
			if !cacheOff(d.step) {
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

// cacheOff says whether a step's own inputs switch saving off.
// Source: action.yml of actions/setup-go (cache), astral-sh/setup-uv (enable-cache),
// gradle/actions/setup-gradle (cache-disabled, cache-read-only), Swatinem/rust-cache (save-if).
func cacheOff(s *InstanceStep) bool {
	for _, off := range [][2]string{{"cache", "false"}, {"enable-cache", "false"}, {"save-cache", "false"}, {"cache-disabled", "true"}, {"cache-read-only", "true"}, {"save-if", "false"}, {"lookup-only", "true"}} {
		if v, ok := s.Input(off[0]); ok && strings.EqualFold(v.Value, off[1]) {
			return true
		}
	}
	return false
}
