package inventory

import (
	"cmp"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/workflow"
)

// flows collects who writes and who restores a repository's caches and artifacts.
type flows struct {
	writes, reads []flowing
}

// flowing is one step that writes or restores.
type flowing struct {
	FlowEnd
	kind   string
	action string   // of a cache: the action that makes the keys, which no other knows
	names  []string // beginnings of keys, or of artifacts' names; "" for any
	run    string   // the workflow whose run an artifact is of; "" of a cache
	// outsiders are the events by which somebody without write access starts the job with
	// the repository's authority.
	outsiders []string
}

// from takes note of what a job writes and restores.
func (s *flows) from(in *Instance, j *Job, all []deed) {
	for i := range all {
		d := &all[i]
		use := FlowEnd{Workflow: in.Start.Path, Job: in.Top.ID, Line: in.lineOf(d.step)}
		action, _, _ := strings.Cut(strings.ToLower(d.step.Uses), "@")
		action = strings.TrimSuffix(strings.TrimSuffix(action, "/restore"), "/save")
		switch d.kind {
		case workflow.Caches, workflow.Save, workflow.Restore:
			if d.known == nil || cacheOff(d.step) {
				continue
			}
			if t := in.cacheTrust(); d.kind != workflow.Restore && t != "" {
				w := use
				w.Trust = t
				s.writes = append(s.writes, flowing{w, "cache", action, inputs(d.step, "key"), "", nil})
			}
			if d.kind != workflow.Save {
				use.Authority = holds(j)
				s.reads = append(s.reads, flowing{use, "cache", action, append(inputs(d.step, "key"), inputs(d.step, "restore-keys")...), "", nil})
			}
		case workflow.Upload:
			use.Trust = string(in.Trust())
			s.writes = append(s.writes, flowing{use, "artifact", "", inputs(d.step, "name"), in.Start.Path, in.Outsiders()})
		case workflow.Download:
			use.Authority = holds(j)
			for _, run := range in.runsOf(d.step) {
				s.reads = append(s.reads, flowing{use, "artifact", "", inputs(d.step, "name", "pattern"), run, in.Outsiders()})
			}
		}
	}
}

// lineOf is where a step is shown in the file whose event starts the job.
func (in *Instance) lineOf(s *InstanceStep) int {
	if in.Call != nil && in.Top.Call != nil {
		return in.Top.Call.Line
	}
	return s.Shown.Line
}

// cacheTrust is the least trust of the runs whose caches other runs see; "" where there
// are none: what a pull request's own run saves only runs of that pull request see.
// Source: GitHub Docs, "Dependency caching reference", restrictions for accessing a cache.
func (in *Instance) cacheTrust() string {
	least := workflow.Trust("")
	for _, e := range in.Entries {
		if e.Name == "pull_request" || e.Name == "merge_group" {
			continue
		}
		if least == "" || e.Trust.Rank() < least.Rank() {
			least = e.Trust
		}
	}
	return string(least)
}

// runsOf are the workflows of whose runs a step downloads artifacts: its own, or those
// that a workflow_run waits for.
func (in *Instance) runsOf(s *InstanceStep) []string {
	v, set := s.Input("run-id")
	if !strings.HasPrefix(strings.ToLower(s.Uses), "dawidd6/action-download-artifact") && !(set && strings.Contains(v.Value, "workflow_run")) {
		if set {
			return nil // of a run that is named at run time
		}
		return []string{in.Start.Path}
	}
	var out []string
	for _, t := range in.Start.Triggers {
		for _, name := range t.Workflows {
			for _, w := range in.Model.named(name) {
				out = append(out, w.Path)
			}
		}
	}
	return out
}

// inputs are the beginnings, up to the first expression, of what a step's inputs say, a
// line each; one of "" where none is set.
func inputs(s *InstanceStep, names ...string) []string {
	var out []string
	for _, name := range names {
		v, set := s.Input(name)
		if !set {
			continue
		}
		for l := range strings.Lines(v.Value) {
			begins, _, _ := strings.Cut(strings.TrimSpace(l), "${{")
			begins, _, _ = strings.Cut(begins, "*")
			out = append(out, begins)
		}
	}
	if len(out) == 0 {
		return []string{""}
	}
	return out
}

// holds says whether a job has anything to take: a secret, an identity, a right to write.
func holds(j *Job) bool {
	for _, level := range j.Permissions {
		if level == "write" {
			return true
		}
	}
	return slices.ContainsFunc(j.Reaches, func(r Reach) bool { return r.How != HowInheritUnused && r.How != "job token" })
}

// list gives the caches and artifacts that one job writes and another restores.
func (s *flows) list() []Flow {
	var out []Flow
	for _, w := range s.writes {
		i := slices.IndexFunc(out, func(x Flow) bool { return w.of(&x) })
		if i < 0 {
			i = len(out)
			out = append(out, Flow{Kind: w.kind, Name: w.names[0], Action: w.action, run: w.run})
		}
		out[i].Writers = append(out[i].Writers, w.FlowEnd)
	}
	for i := range out {
		x := &out[i]
		for _, r := range s.reads {
			if !r.restores(x) {
				continue
			}
			x.Readers = append(x.Readers, r.FlowEnd)
			x.Rises = x.Rises || r.Authority && slices.ContainsFunc(s.writes, func(w flowing) bool { return w.of(x) && !w.same(r.FlowEnd) && w.rises(r) })
		}
		x.Writers, x.Readers = once(x.Writers), once(x.Readers)
	}
	out = slices.DeleteFunc(out, func(x Flow) bool {
		return !slices.ContainsFunc(x.Writers, func(w FlowEnd) bool {
			return slices.ContainsFunc(x.Readers, func(r FlowEnd) bool { return !r.same(w) })
		})
	})
	if len(out) == 0 {
		return nil
	}
	slices.SortStableFunc(out, func(a, b Flow) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Action, b.Action), cmp.Compare(a.run, b.run))
	})
	return out
}

// of says whether a step writes what x is about.
func (w flowing) of(x *Flow) bool {
	return x.Kind == w.kind && x.Action == w.action && x.Name == w.names[0] && x.run == w.run
}

// restores says whether a step can restore what x is about.
func (r flowing) restores(x *Flow) bool {
	return r.kind == x.Kind && r.action == x.Action && r.run == x.run &&
		slices.ContainsFunc(r.names, func(n string) bool { return strings.HasPrefix(n, x.Name) || strings.HasPrefix(x.Name, n) })
}

// rises says whether what an outsider's run wrote comes into a run with authority. Within
// one run that is so only where the outsider's event starts it with the authority.
func (w flowing) rises(r flowing) bool {
	if w.kind == "artifact" && w.Workflow == r.Workflow {
		return slices.ContainsFunc(w.outsiders, func(e string) bool { return slices.Contains(r.outsiders, e) })
	}
	return w.Trust == string(workflow.Untrusted)
}

func (u FlowEnd) same(v FlowEnd) bool { return u.Workflow == v.Workflow && u.Job == v.Job }

func once(all []FlowEnd) []FlowEnd {
	slices.SortFunc(all, func(a, b FlowEnd) int {
		return cmp.Or(cmp.Compare(a.Workflow, b.Workflow), cmp.Compare(a.Job, b.Job), cmp.Compare(a.Line, b.Line))
	})
	return slices.Compact(all)
}
