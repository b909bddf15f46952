package boundary

import (
	"slices"
	"strconv"
	"strings"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/workflow"
)

// Severities, from worst to not known.
const (
	Critical = "critical"
	High     = "high"
	Medium   = "medium"
	Low      = "low"
	Unknown  = "unknown" // cannot be judged from what was read
)

// The order in which authority is taken away.
// Source: the article, "Which permission should be removed first?".
const (
	OrderToken    = 1 + iota // what the job's own token may write
	OrderRegistry            // registry tokens
	OrderCloud               // deploy roles and keys
	OrderOIDC                // id-token: write
	OrderRest
)

// Rule is one rule as documentation and reports show it.
type Rule struct {
	ID  string
	Why string // one sentence
	Fix string
	// Gate: its findings hold gate 5.
	Gate bool
	// Order is where its findings stand in the order in which authority is taken away.
	Order int
	// judge looks at a job as a workflow starts it, judgeFile at a workflow file.
	judge     func(*run) []hit
	judgeFile func(*file) []hit
}

// Rules lists every rule, in the order in which authority is taken away.
func Rules() []Rule {
	return []Rule{
		tokenWriteByDefault,
		writeForEveryJob,
		unneededPermission,
		publishOutsideEnvironment,
		deployOutsideProtected,
		staticCloudKey,
		idTokenForEveryJob,
		unneededIDToken,
		idTokenBesideUntrusted,
		untrustedCheckout,
		templateInjection,
		secretInUntrusted,
		compromisedAction,
		artifactFromLowerTrust,
		cacheFromLowerTrust,
		selfHostedForOutsiders,
		phasesShareJob,
		secretsInherit,
		allSecrets,
		secretForEveryJob,
		secretForEveryStep,
		secretOnCommandLine,
		persistedCredentials,
		unpinnedAction,
		curlToShell,
		mutableImage,
		confusedBotCheck,
	}
}

// run is one job as one workflow starts it, with what the inventory knows of it.
type run struct {
	*inventory.Instance
	reaches     []inventory.Reach
	credentials map[string]*inventory.Credential
	file        *file
	outsiders   []string // the events by which outsiders start it with full authority
	needs       *inventory.Needs
}

// needed is what the job's steps use its token for, worked out once for all rules.
func (r *run) needed() *inventory.Needs {
	if r.needs == nil {
		n := r.Needs()
		r.needs = &n
	}
	return r.needs
}

// file is a workflow file with the jobs it starts.
type file struct {
	*inventory.ModelWorkflow
	model *inventory.Model
	whole *whole
	runs  []*run
}

// hit is where a rule found something.
type hit struct {
	workflow.Pos
	severity string
	message  string
	events   []string // the events by which it can happen; nil for all of the job's
	order    int      // where it differs from its rule's
	job      string   // of a file's finding, the job it is about
	path     string   // the local action it is in, where that is not the workflow
}

// Check gives the findings of every rule, sorted by place.
func Check(models []inventory.Model, inv inventory.Inventory) []inventory.Finding {
	return CheckBy(models, inv, inventory.InOrder)
}

// CheckBy is Check with a runner for the files.
func CheckBy(models []inventory.Model, inv inventory.Inventory, each inventory.Runner) []inventory.Finding {
	creds := make(map[string]*inventory.Credential, len(inv.Credentials))
	for i := range inv.Credentials {
		creds[inv.Credentials[i].ID] = &inv.Credentials[i]
	}
	reaches, rules := reaches(inv), Rules()
	type place struct {
		whole *whole
		w     int
	}
	var all []place
	for i := range models {
		m := whole{model: &models[i]}
		m.poisoners = m.whoPoisons()
		for k := range models[i].Workflows {
			all = append(all, place{&m, k})
		}
	}
	found := make([][]inventory.Finding, len(all))
	each(len(all), func(n int) {
		m := all[n].whole.model
		w := &m.Workflows[all[n].w]
		f := &file{ModelWorkflow: w, model: m, whole: all[n].whole}
		jobs := reaches[key(m.Repository, m.Folder, w.Path, w.Branches)]
		instances := m.Instances(w)
		for k := range instances {
			in := &instances[k]
			f.runs = append(f.runs, &run{Instance: in, reaches: jobs[in.Top.ID], credentials: creds, file: f, outsiders: in.Outsiders()})
		}
		for k := range rules {
			found[n] = f.apply(found[n], &rules[k])
		}
	})
	everything := slices.Concat(found...)
	clear(found)
	return inventory.Ordered(everything)
}

// whole is a repository with what is worked out once for all its files.
type whole struct {
	model     *inventory.Model
	poisoners []poisoner
}

func (f *file) apply(out []inventory.Finding, rule *Rule) []inventory.Finding {
	if rule.judgeFile != nil {
		for _, h := range rule.judgeFile(f) {
			out = append(out, f.finding(rule, h))
		}
		return out
	}
	for _, r := range f.runs {
		for _, h := range rule.judge(r) {
			out = append(out, r.finding(rule, h))
		}
	}
	return out
}

// reaches is what every job reaches, by the file as key names it and the job's id.
func reaches(inv inventory.Inventory) map[string]map[string][]inventory.Reach {
	out := map[string]map[string][]inventory.Reach{}
	for _, r := range inv.Repositories {
		for _, w := range r.Workflows {
			jobs := map[string][]inventory.Reach{}
			for _, j := range w.Jobs {
				jobs[j.ID] = j.Reaches
			}
			out[key(r.Repository, r.Path, w.Path, w.Branches)] = jobs
		}
	}
	return out
}

func key(repository, folder, path string, branches []string) string {
	k := repository + "\x00" + folder + "\x00" + path
	for _, b := range branches {
		k += "\x00" + b
	}
	return k
}

func (f *file) finding(rule *Rule, h hit) inventory.Finding {
	if h.events == nil {
		for _, r := range f.runs {
			if h.job == "" || r.Top.ID == h.job {
				h.events = append(h.events, r.events()...)
			}
		}
	}
	out := inventory.Finding{
		Rule: rule.ID, Severity: h.severity, Repository: f.model.Repository, Folder: f.model.Folder, Path: f.Path, Branches: f.Branches,
		Line: h.Line, Column: h.Column, Message: h.message, Fix: rule.Fix, Gate: rule.holds(h), Job: h.job,
		Fires: fires(f.model, f.ModelWorkflow, h.events), Order: order(rule, h),
	}
	if h.path != "" {
		out.Path, out.Workflow = h.path, f.Path
	}
	return out
}

// inner are the uses in the local actions that the file's jobs open, each once.
func (f *file) inner(each func(action, uses string, at workflow.Pos)) {
	seen := map[string]bool{}
	for _, r := range f.runs {
		if r.Foreign != "" {
			continue // its own repository's findings tell
		}
		for i := range r.Steps {
			s := &r.Steps[i]
			if key := s.Path + s.Uses + strconv.Itoa(s.UsesPos.Line); s.Path != r.File.Path && s.Uses != "" && !seen[key] {
				seen[key] = true
				each(s.Path, s.Uses, s.UsesPos)
			}
		}
	}
}

func (r *run) finding(rule *Rule, h hit) inventory.Finding {
	events := h.events
	if events == nil {
		events = r.events()
	}
	path, at := r.Place(h.Pos)
	if r.Foreign != "" {
		h.message += " (in " + short(r.Foreign) + ")"
	}
	f := inventory.Finding{
		Rule: rule.ID, Severity: h.severity, Repository: r.Model.Repository, Folder: r.Model.Folder, Path: path, Branches: r.Start.Branches,
		Line: at.Line, Column: at.Column, Message: h.message, Fix: rule.Fix, Gate: rule.holds(h), Job: r.Top.ID,
		Fires: fires(r.Model, r.Start, events), Order: order(rule, h),
	}
	if r.Start.Path != path {
		f.Workflow = r.Start.Path
	}
	return f
}

// holds says whether a finding holds gate 5: what is no way in for an outsider does not.
func (rule *Rule) holds(h hit) bool {
	return rule.Gate && h.severity != Medium && h.severity != Low
}

// events are those that start the job.
func (r *run) events() []string {
	out := make([]string, 0, len(r.Entries))
	for _, e := range r.Entries {
		out = append(out, e.Name)
	}
	return out
}

func order(rule *Rule, h hit) int {
	switch {
	case h.order != 0:
		return h.order
	case rule.Order != 0:
		return rule.Order
	}
	return OrderRest
}

// at is where to point for a step: the step itself, or the use of the action it is in.
func (r *run) at(s *inventory.InstanceStep, p workflow.Pos) workflow.Pos {
	if s.Path != r.File.Path {
		return s.Shown
	}
	return p
}

// foreign is where an outsider's code is fetched and then may run, and by which events.
func (r *run) foreign(events []string) (found []workflow.Foreign, by [][]string) {
	if len(events) == 0 {
		return nil, nil
	}
	for i := range r.Steps {
		s := &r.Steps[i]
		f, ok := s.FetchesForeign(s.Env...)
		if !ok {
			continue
		}
		var left []string
		for _, e := range events {
			if !workflow.Guarded(s.If, e) && r.executedAfter(i, e) {
				left = append(left, e)
			}
		}
		if len(left) == 0 {
			continue
		}
		f.Pos = r.at(s, f.Pos)
		found, by = append(found, f), append(by, left)
	}
	return found, by
}

func (r *run) executedAfter(i int, event string) bool {
	// A script that fetches can also run what it fetched.
	if r.Steps[i].Run != "" {
		return true
	}
	for j := i + 1; j < len(r.Steps); j++ {
		if s := &r.Steps[j]; s.Executes() && !workflow.Guarded(s.If, event) {
			return true
		}
	}
	return false
}

// authority says what there is to take in the job, the OIDC token included, and how
// bad that is.
func (r *run) authority() (severity, what string) {
	severity, what = r.holds()
	if what == "" && r.Permissions["id-token"] == "write" {
		return High, "an OIDC token"
	}
	return severity, what
}

func cut(name string) (owner, rest string, ok bool) {
	i := strings.IndexByte(name, '/')
	if i < 0 {
		return "", name, false
	}
	return name[:i], name[i+1:], true
}
