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
	waited        map[*ModelWorkflow][]string // see runsOf
}

// flowing is one step that writes or restores.
type flowing struct {
	FlowEnd
	kind   string
	action string   // of a cache: the action that makes the keys, which no other knows
	names  []string // beginnings of keys, or of artifacts' names; "" for any
	runs   []string // the workflows whose run an artifact is of; one of "" of a cache
	// outsiders are the events by which somebody without write access starts the job with
	// the repository's authority.
	outsiders []string
}

// from takes note of what a job writes and restores.
func (s *flows) from(in *Instance, j *Job, all []deed) {
	for i := range all {
		d := &all[i]
		use := FlowEnd{Workflow: in.Start.Path, Job: in.Top.ID, Line: in.lineOf(d.step)}
		switch d.kind {
		case workflow.Caches, workflow.Save, workflow.Restore:
			saves, restores := d.step.Cache()
			if t := in.cacheTrust(); saves && t != "" {
				w := use
				w.Trust = t
				s.writes = append(s.writes, flowing{w, "cache", d.step.CacheOf(), inputs(d.step, "key"), []string{""}, nil})
			}
			if restores {
				use.Authority = holds(j)
				s.reads = append(s.reads, flowing{use, "cache", d.step.CacheOf(), append(inputs(d.step, "key"), inputs(d.step, "restore-keys")...), []string{""}, nil})
			}
		case workflow.Upload:
			use.Trust = string(in.Trust())
			s.writes = append(s.writes, flowing{use, "artifact", "", inputs(d.step, "name"), []string{in.Start.Path}, in.Outsiders()})
		case workflow.Download:
			use.Authority = holds(j)
			s.reads = append(s.reads, flowing{use, "artifact", "", inputs(d.step, "name", "pattern"), s.runsOf(in, d.step), in.Outsiders()})
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
func (s *flows) runsOf(in *Instance, step *InstanceStep) []string {
	v, set := step.Input("run-id")
	if !strings.HasPrefix(strings.ToLower(step.Uses), "dawidd6/action-download-artifact") && !(set && strings.Contains(v.Value, "workflow_run")) {
		if set {
			return nil // of a run that is named at run time
		}
		return []string{in.Start.Path}
	}
	out, known := s.waited[in.Start]
	if !known {
		for _, t := range in.Start.Triggers {
			for _, w := range in.Model.waitedFor(t.Workflows) {
				out = append(out, w.Path)
			}
		}
		if s.waited == nil {
			s.waited = map[*ModelWorkflow][]string{}
		}
		s.waited[in.Start] = slices.Compact(out) // of a file on several branches
	}
	return s.waited[in.Start]
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

// keptAt is what can be one cache or artifact but for its name.
type keptAt struct{ kind, action, run string }

// shelf is what is written to and restored from one place.
type shelf struct {
	keptAt
	writes, reads []*flowing
}

// maxNames bounds the work at one place, names written times names restored: a file made
// to be slow has ten thousand of each. Beyond it all its names are taken for one.
const maxNames = 200_000

// list gives the caches and artifacts that one job writes and another restores.
func (s *flows) list() []Flow {
	var out []Flow
	for _, x := range s.shelves() {
		out = append(out, x.list()...)
	}
	slices.SortFunc(out, func(a, b Flow) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Action, b.Action), cmp.Compare(a.run, b.run))
	})
	return out
}

func (s *flows) shelves() map[keptAt]*shelf {
	out := map[keptAt]*shelf{}
	for i := range s.writes {
		w := &s.writes[i]
		for _, run := range w.runs {
			at := keptAt{w.kind, w.action, run}
			if out[at] == nil {
				out[at] = &shelf{keptAt: at}
			}
			out[at].writes = append(out[at].writes, w)
		}
	}
	for i := range s.reads {
		r := &s.reads[i]
		for _, run := range r.runs {
			if x := out[keptAt{r.kind, r.action, run}]; x != nil {
				x.reads = append(x.reads, r)
			}
		}
	}
	return out
}

// list gives what is written there under each name, with everyone who restores it.
func (x *shelf) list() []Flow {
	written := map[string][]*flowing{}
	for _, w := range x.writes {
		written[w.names[0]] = append(written[w.names[0]], w)
	}
	restored := 0
	for _, r := range x.reads {
		restored += len(r.names)
	}
	if len(written)*restored > maxNames {
		written = map[string][]*flowing{"": x.writes}
	}
	var out []Flow
	for name, writers := range written {
		f := Flow{Kind: x.kind, Name: name, Action: x.action, run: x.run}
		for _, w := range writers {
			f.Writers = append(f.Writers, w.FlowEnd)
		}
		from := sources(writers)
		for _, r := range x.reads {
			if !r.restores(name) {
				continue
			}
			f.Readers = append(f.Readers, r.FlowEnd)
			f.Rises = f.Rises || r.Authority && slices.ContainsFunc(from, func(w *flowing) bool { return !w.same(r.FlowEnd) && w.rises(r) })
		}
		f.Writers, f.Readers = once(f.Writers), once(f.Readers)
		if len(f.Readers) > 0 && !alone(f.Writers, f.Readers) {
			out = append(out, f)
		}
	}
	return out
}

// sources are two jobs of each kind of writers: whether something rises to a job is the
// same by every writer of a kind but the job itself.
func sources(writers []*flowing) []*flowing {
	first, second := map[string]*flowing{}, map[string]*flowing{}
	var out []*flowing
	for _, w := range writers {
		kind := w.Trust + " " + w.Workflow + " " + strings.Join(w.outsiders, " ")
		if w.kind == "cache" {
			kind = w.Trust
		}
		switch {
		case first[kind] == nil:
			first[kind] = w
		case second[kind] == nil && !first[kind].same(w.FlowEnd):
			second[kind] = w
		default:
			continue
		}
		out = append(out, w)
	}
	return out
}

// alone says whether one job is all who write and restore.
func alone(writers, readers []FlowEnd) bool {
	other := func(e FlowEnd) bool { return !e.same(writers[0]) }
	return !slices.ContainsFunc(writers, other) && !slices.ContainsFunc(readers, other)
}

// restores says whether a step can restore what is written there under a name.
func (r *flowing) restores(name string) bool {
	return slices.ContainsFunc(r.names, func(n string) bool { return strings.HasPrefix(n, name) || strings.HasPrefix(name, n) })
}

// rises says whether what an outsider's run wrote comes into a run with authority. Within
// one run that is so only where the outsider's event starts it with the authority.
func (w *flowing) rises(r *flowing) bool {
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
