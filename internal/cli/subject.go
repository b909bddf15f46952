package cli

import (
	"path"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/scene"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// subject is what an incident is about, as flags give it. A workflow is the path of
// its file, or "owner/name/path" for the one of that repository alone.
type subject struct {
	repos     []string
	workflows []string
	runs      []string // addresses
	actions   []string
	secrets   []string
	since     string
	set       []string
	// candidates for the start of the exposure that finding the subject came upon.
	candidates []plan.Candidate
}

func (s *subject) addFlags(fl *pflag.FlagSet) {
	fl.StringArrayVar(&s.repos, "repo", nil, "`repository` the incident is about, OWNER/NAME; repeatable")
	fl.StringArrayVar(&s.workflows, "workflow", nil, "workflow `file` that ran attacker code; repeatable")
	fl.StringArrayVar(&s.runs, "run", nil, "a run that is suspected, by its `URL`; repeatable")
	fl.StringArrayVar(&s.actions, "action", nil, "every workflow that uses this `OWNER/NAME@REF`; repeatable")
	fl.StringArrayVar(&s.secrets, "secret", nil, "every workflow that reaches the secret of this `name`; repeatable")
	fl.StringVar(&s.since, "since", "", "start of the exposure, as far back as cannot be ruled out (RFC 3339 `time`)")
	fl.StringArrayVar(&s.set, "set", nil, "another input of the playbook, `name=value`; repeatable")
}

// complete writes names out: OWNER/ before a bare repository, the folder before a
// bare workflow file.
func (s *subject) complete(owner string) error {
	for i, r := range s.repos {
		if !strings.Contains(r, "/") && owner != "" {
			r = owner + "/" + r
		}
		if o, n, ok := strings.Cut(r, "/"); !ok || o == "" || n == "" || strings.Contains(n, "/") {
			return fault(Usage, "write it as OWNER/NAME", "%q is not a repository", s.repos[i])
		}
		s.repos[i] = r
	}
	for i, w := range s.workflows {
		if !strings.Contains(w, "/") {
			s.workflows[i] = path.Join(".github/workflows", w)
		}
		if r, _, is := apart(s.workflows[i]); is && !slices.Contains(s.repos, r) {
			s.repos = append(s.repos, r)
		}
	}
	if s.since != "" {
		if _, err := time.Parse(time.RFC3339, s.since); err != nil {
			return fault(Usage, "write it like 2026-03-14T09:00:00Z", "--since %q is not a time", s.since)
		}
	}
	for _, kv := range s.set {
		if name, _, ok := strings.Cut(kv, "="); !ok || name == "" {
			return fault(Usage, "write it as --set name=value", "--set %q has no name or value", kv)
		}
	}
	for _, a := range s.actions {
		if _, err := scene.ParseAction(a); err != nil {
			return &Fault{Usage, err, "firebreak contain --action tj-actions/changed-files@v45 --repo OWNER/NAME"}
		}
	}
	return nil
}

// apart takes "owner/name/.github/workflows/x.yml" apart.
func apart(workflow string) (repository, file string, is bool) {
	repository, rest, is := strings.Cut(workflow, "/.github/")
	return repository, ".github/" + rest, is && strings.Count(repository, "/") == 1
}

// inputs are the playbook's inputs.
func (s *subject) inputs() map[string]any {
	in := map[string]any{}
	several := map[string][]string{}
	add := func(name string, values ...string) {
		several[name] = append(several[name], values...)
	}
	add("repository", s.repos...)
	add("workflow", s.workflows...)
	if s.since != "" {
		add("since", s.since)
	}
	for _, kv := range s.set {
		name, value, _ := strings.Cut(kv, "=")
		add(name, value)
	}
	for name, values := range several {
		switch len(values) {
		case 0:
		case 1:
			in[name] = values[0]
		default:
			in[name] = values
		}
	}
	return in
}

// subjects are the workflows under response: "acme/shop/.github/workflows/ci.yml".
func (s *subject) subjects() []string {
	var out []string
	for _, w := range s.workflows {
		if _, _, is := apart(w); is {
			out = append(out, w)
			continue
		}
		for _, r := range s.repos {
			out = append(out, r+"/"+w)
		}
	}
	return once(out)
}

// about narrows the subject to these workflows, each of its repository.
func (s *subject) about(subjects []string) {
	s.workflows = once(slices.Clone(subjects))
	for _, x := range s.workflows {
		if r, _, is := apart(x); is && !slices.Contains(s.repos, r) {
			s.repos = append(s.repos, r)
		}
	}
}

// exposed says since when the workflow must be taken for the attacker's: what was
// given, or else the earliest of the candidates, and the report says so.
func (s *subject) exposed(snap *snapshot.Snapshot) plan.Exposure {
	all := slices.Clone(s.candidates)
	if t, err := time.Parse(time.RFC3339, s.since); err == nil {
		all = append(all, plan.Candidate{Time: t.UTC(), Kind: scene.Given, Evidence: "--since"})
	}
	if snap != nil {
		for _, r := range snap.Repositories {
			var mine []string
			for _, x := range s.subjects() {
				if repository, file, is := apart(x); is && repository == r.FullName {
					mine = append(mine, file)
				}
			}
			all = append(all, scene.Alive(r.FullName, r.Runs, mine)...)
		}
	}
	e := plan.Exposure{Candidates: scene.Order(all)}
	e.Since, e.Why = scene.Earliest(e.Candidates)
	return e
}
