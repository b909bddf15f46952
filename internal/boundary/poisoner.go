package boundary

import (
	"strings"

	"github.com/firebreak/firebreak/internal/inventory"
)

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
				if saves, _ := x.Cache(); saves {
					out = append(out, poisoner{x.CacheOf(), written(x), in.Top.ID, w.Path})
				}
			}
		}
	}
	return out
}

// written is the beginning of a cache's key that is written out.
func written(s *inventory.InstanceStep) string {
	v, _ := s.Input("key")
	begins, _, _ := strings.Cut(v.Value, "${{")
	return begins
}

// poisons names the job in which an outsider's code can write the cache that a step restores.
func (m *whole) poisons(s *inventory.InstanceStep, key string) string {
	for _, p := range m.poisoners {
		if p.action != s.CacheOf() {
			continue
		}
		if strings.HasPrefix(p.key, key) || strings.HasPrefix(key, p.key) {
			return "job " + p.job + " of " + p.path
		}
	}
	return ""
}
