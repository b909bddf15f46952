package boundary

import (
	"strings"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/workflow"
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
