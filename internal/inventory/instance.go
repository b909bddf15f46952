package inventory

import (
	"regexp"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/workflow"
)

// Instance is a job as it runs: under the triggers of the workflow that starts it,
// with local reusable workflows entered and local composite actions opened.
type Instance struct {
	Model *Model
	// Start is the workflow whose event starts the run, Top the job of it.
	Start *ModelWorkflow
	Top   *workflow.Job
	// File is where Job is written: Start's own file, or a called workflow.
	File *workflow.File
	Job  *workflow.Job
	// Call is the call by which Job was come to; nil when Job is Top.
	Call *workflow.Call
	// Bound says what the secrets a called workflow was passed are by name of the
	// repository's secrets. nil: names mean themselves (no call, or inherited).
	Bound map[string][]string
	Steps []InstanceStep
	// Entries are the events that really start the job, through the conditions of every
	// job and call on the way.
	Entries     []workflow.Entry
	Permissions map[string]string // see workflow.Effective
	// Remote names a called workflow of another repository, or a local one that is
	// not among the files; its jobs are not known.
	Remote string
	// Foreign is the called workflow, "owner/name/path@branch", through which the job is in
	// a file of another repository that is known. It runs with this repository's secrets,
	// environments and tokens; see Place.
	Foreign string
	// Cut: it fans out so far that not all it calls or uses was followed; see fan.
	Cut bool

	home *Model   // whose files local calls are of
	on   []string // the branches on which they are
}

// Place is where to point for a position of the job's file: there, or, where the file is
// another repository's, at the call in this one.
func (in *Instance) Place(p workflow.Pos) (path string, at workflow.Pos) {
	if in.Foreign == "" {
		return in.File.Path, p
	}
	return in.Start.Path, in.Top.Call.Pos
}

// InstanceStep is a step with what its names are bound to. The step is the file's own
// where nothing had to be put into it; nobody changes it.
type InstanceStep struct {
	*workflow.Step
	Path  string       // file it is written in
	Shown workflow.Pos // where to point in the job's file: the step itself, or the use of the action it is in
	Env   [][]workflow.Var
}

// maxDepth is how deep calls and actions are followed. Source: GitHub Docs, reusable
// workflows nest ten levels, composite actions ten.
const maxDepth = 10

// fan is what one workflow may still open beyond its own file. Ten levels of files that
// each call a hundred others are more jobs than any memory holds.
type fan struct {
	left int // jobs of called workflows, their steps, and steps of actions
	cut  int // how often something was not opened for that
}

// maxFan is far above what runs: GitHub starts at most 256 jobs of a matrix and lets a
// run call 50 different workflows.
// Source: GitHub Docs, "Reusing workflow configurations", limitations of reusable workflows.
const maxFan = 20_000

// opens says whether something of n parts may be opened, and takes note of it.
func (f *fan) opens(n int) bool {
	if f.left <= 0 {
		f.cut++
		return false
	}
	f.left -= n
	return true
}

// Instances gives every job that an event of w starts, in the order of the files. After
// Expand they are worked out already, and shared: nobody changes them.
func (m *Model) Instances(w *ModelWorkflow) []Instance {
	if w.expanded {
		return w.instances
	}
	return m.expand(w)
}

// kept is for how many workflows instances are worked out once and kept. Of more they
// would take more memory than working them out again takes time.
const kept = 5000

// Expand works out the instances of every workflow ahead, side by side.
func Expand(models []Model, run Runner) {
	type place struct{ m, w int }
	var all []place
	for i := range models {
		for k := range models[i].Workflows {
			all = append(all, place{i, k})
		}
	}
	if len(all) > kept {
		return
	}
	run(len(all), func(n int) {
		m := &models[all[n].m]
		w := &m.Workflows[all[n].w]
		w.instances, w.expanded = m.expand(w), true
	})
}

func (m *Model) expand(w *ModelWorkflow) []Instance {
	var out []Instance
	left := &fan{left: maxFan}
	for i := range w.Jobs {
		j := &w.Jobs[i]
		out = m.enter(out, Instance{
			Model: m, Start: w, Top: j, File: w.File, Job: j,
			Permissions: workflow.Effective(w.Permissions, j.Permissions, m.DefaultPermissions), Entries: m.entries(w, j),
			home: m, on: w.Branches,
		}, nil, 0, left)
	}
	return out
}

func (m *Model) enter(out []Instance, in Instance, inputs []workflow.Var, depth int, left *fan) []Instance {
	call, cut := in.Job.Call, left.cut
	if call == nil {
		in.Steps = m.open(in.Start.Branches, in.File.Path, in.Job, in.File.Env, inputs, left)
		in.Cut = left.cut > cut
		return append(out, in)
	}
	var called []*workflow.File
	if depth < maxDepth {
		called, in = in.calls(call)
	}
	if len(called) == 0 || !left.opens(1) {
		in.Remote, in.Cut = call.Uses, left.cut > cut
		return append(out, in)
	}
	for _, f := range called {
		for i := range f.Jobs {
			j := &f.Jobs[i]
			left.left -= 1 + len(j.Steps)
			next := in
			next.File, next.Job, next.Call = f, j, call
			next.Bound = in.bind(call)
			next.Entries = narrowed(in.Entries, f, j)
			next.Permissions = workflow.Limit(in.Permissions, workflow.Effective(f.Permissions, j.Permissions, ""))
			out = m.enter(out, next, call.With, depth+1, left)
		}
	}
	return out
}

// calls finds the files a job calls, and gives the instance as the called jobs are to have it.
func (in Instance) calls(call *workflow.Call) ([]*workflow.File, Instance) {
	if call.Local != "" { // on the branches that can be together with the caller's
		return in.home.files(call.Local, func(branches []string) bool { return together(branches, in.on) }), in
	}
	name, ref, _ := strings.Cut(call.Uses, "@")
	parts := strings.SplitN(name, "/", 3)
	if len(parts) < 3 || ref == "" {
		return nil, in
	}
	// Another repository's file is known where it is called by a branch that was read. A
	// tag of the branch's name would come first; nobody but that repository's own writers
	// makes one, and they write the branch too.
	branch := strings.TrimPrefix(ref, "refs/heads/")
	home := in.Model.others[strings.ToLower(parts[0]+"/"+parts[1])]
	if home == nil {
		return nil, in
	}
	out := home.files(parts[2], func(branches []string) bool { return slices.Contains(branches, branch) })
	if len(out) > 0 {
		in.home, in.on = home, []string{branch}
		if in.Foreign == "" {
			in.Foreign = call.Uses
		}
	}
	return out, in
}

// files are the workflows at a path, on branches that are wanted.
func (m *Model) files(path string, wanted func(branches []string) bool) []*workflow.File {
	var out []*workflow.File
	for i := range m.Workflows {
		if x := &m.Workflows[i]; x.Path == path && wanted(x.Branches) {
			out = append(out, x.File)
		}
	}
	return out
}

// bind gives what names mean inside a call made by this job.
func (in *Instance) bind(call *workflow.Call) map[string][]string {
	if call.Inherit {
		return in.Bound
	}
	out := map[string][]string{}
	for _, v := range call.Secrets {
		for _, name := range workflow.SecretsIn(v.Value) {
			out[v.Name] = append(out[v.Name], in.Real(name)...)
		}
	}
	return out
}

// Real gives the repository's secrets that a name in this job stands for.
func (in *Instance) Real(name string) []string {
	if in.Bound == nil {
		return []string{name}
	}
	return in.Bound[name]
}

// open lists a job's steps with those of local composite actions in their place.
func (m *Model) open(branches []string, path string, j *workflow.Job, fileEnv, inputs []workflow.Var, left *fan) []InstanceStep {
	out := make([]InstanceStep, 0, len(j.Steps))
	bare := [][]workflow.Var{nil, j.Env, fileEnv} // of the steps without an env of their own
	for i := range j.Steps {
		s := substitute(&j.Steps[i], inputs)
		env := bare
		if len(s.Env) > 0 {
			env = [][]workflow.Var{s.Env, j.Env, fileEnv}
		}
		out = m.step(out, branches, InstanceStep{Step: s, Path: path, Shown: s.Pos, Env: env}, 0, left)
	}
	return out
}

func (m *Model) step(out []InstanceStep, branches []string, s InstanceStep, depth int, left *fan) []InstanceStep {
	out = append(out, s)
	dir, local := strings.CutPrefix(s.Uses, "./")
	if !local || depth >= maxDepth {
		return out
	}
	dir = strings.TrimSuffix(dir, "/")
	for i := range m.Actions {
		a := &m.Actions[i]
		if !together(a.Branches, branches) || (a.Path != dir+"/action.yml" && a.Path != dir+"/action.yaml") {
			continue
		}
		if !left.opens(1 + len(a.Steps)) {
			return out
		}
		inputs := slices.Concat(s.With, a.Inputs) // what is passed stands before the defaults
		for k := range a.Steps {
			inner := *substitute(&a.Steps[k], inputs)
			inner.Index = s.Index
			out = m.step(out, branches, InstanceStep{Step: &inner, Path: a.Path, Shown: s.Shown, Env: append([][]workflow.Var{inner.Env}, s.Env...)}, depth+1, left)
		}
	}
	return out
}

// together says whether two files can be on one branch. A folder has no branches.
func together(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 {
		return true
	}
	return slices.ContainsFunc(a, func(x string) bool { return slices.Contains(b, x) })
}

var inputUse = regexp.MustCompile(`\$\{\{\s*inputs\.([A-Za-z_][A-Za-z0-9_-]*)\s*\}\}`)

// substitute puts what the caller passes in the place of ${{ inputs.X }}. A step without
// any is given back as it is, another as a copy.
func substitute(of *workflow.Step, inputs []workflow.Var) *workflow.Step {
	if len(inputs) == 0 || !takesInputs(of) {
		return of
	}
	s := *of
	put := func(text string) string {
		return inputUse.ReplaceAllStringFunc(text, func(m string) string {
			name := inputUse.FindStringSubmatch(m)[1]
			for _, v := range inputs {
				if strings.EqualFold(v.Name, name) {
					return v.Value
				}
			}
			return m
		})
	}
	if run := put(s.Run); run != s.Run {
		s.SetRun(run)
	}
	s.With, s.Env = slices.Clone(s.With), slices.Clone(s.Env)
	for i := range s.With {
		s.With[i].Value = put(s.With[i].Value)
	}
	for i := range s.Env {
		s.Env[i].Value = put(s.Env[i].Value)
	}
	return &s
}

func takesInputs(s *workflow.Step) bool {
	held := func(v workflow.Var) bool { return inputUse.MatchString(v.Value) }
	return inputUse.MatchString(s.Run) || slices.ContainsFunc(s.With, held) || slices.ContainsFunc(s.Env, held)
}

// Refs are the references in the job, those above the jobs of its file included.
func (in *Instance) Refs() []workflow.Ref { return slices.Concat(in.File.Refs, in.Job.Refs) }

// Folded gives the secrets that a name worked out at run time can be, where the
// expression and the job's matrix are written out; nil where they are not.
func (in *Instance) Folded(r workflow.Ref) []string {
	var out []string
	for _, name := range workflow.Folded(r.Value, in.Job.Matrix) {
		out = append(out, in.Real(name)...)
	}
	return out
}
