package inventory

import (
	"slices"

	"github.com/firebreak/firebreak/internal/workflow"
)

// infer learns from how a job uses a secret what it is for, where nobody declared
// it: the authority and the system of the publishing or deploying step that the
// value goes to. Nothing is inferred from a name alone.
func (b *builder) infer(c *Credential, in *Instance, r workflow.Ref) {
	if c.Declared {
		return
	}
	for i := range in.Steps {
		s := &in.Steps[i]
		if r.Step >= 0 && r.Step != s.Index {
			b.inferLogin(c, in, s, r)
			continue
		}
		for _, cmd := range s.Commands() {
			if r.How == workflow.HowRun || (r.How == workflow.HowEnv && contains(cmd.Env, r.As)) {
				learn(c, cmd.Kind, cmd.System)
			}
		}
		if k, ok := s.Known(); ok && r.How == workflow.HowWith && contains(k.Secrets, r.As) {
			learn(c, k.Kind, k.System)
		}
	}
}

// inferLogin handles a value that one step takes (docker login) and a later step's
// command uses (docker push): the system must be the same.
func (b *builder) inferLogin(c *Credential, in *Instance, later *InstanceStep, r workflow.Ref) {
	if r.How != workflow.HowWith || later.Index < r.Step {
		return
	}
	for i := range in.Steps {
		s := &in.Steps[i]
		k, ok := s.Known()
		if !ok || s.Index != r.Step || k.Kind != workflow.Login || !contains(k.Secrets, r.As) {
			continue
		}
		for _, cmd := range later.Commands() {
			if cmd.System == k.System {
				learn(c, cmd.Kind, cmd.System)
			}
		}
		if x, ok := later.Known(); ok && x.System == k.System {
			learn(c, x.Kind, x.System)
		}
	}
}

func learn(c *Credential, kind workflow.Kind, system string) {
	if kind != workflow.Publish && kind != workflow.Deploy {
		return
	}
	if !slices.Contains(c.Authority, string(kind)) {
		c.Authority = append(c.Authority, string(kind))
	}
	if !slices.Contains(c.Systems, system) {
		c.Systems = append(c.Systems, system)
	}
}
