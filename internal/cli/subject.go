package cli

import (
	"path"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/firebreak/firebreak/internal/snapshot"
)

// subject is what an incident is about, as flags give it.
type subject struct {
	repos     []string
	workflows []string
	since     string
	set       []string
}

func (s *subject) addFlags(fl *pflag.FlagSet) {
	fl.StringArrayVar(&s.repos, "repo", nil, "`repository` the incident is about, OWNER/NAME; repeatable")
	fl.StringArrayVar(&s.workflows, "workflow", nil, "workflow `file` that ran attacker code; repeatable")
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
	return nil
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
	for _, r := range s.repos {
		for _, w := range s.workflows {
			out = append(out, r+"/"+w)
		}
	}
	return out
}

// exposed says since when the workflow must be taken for the attacker's. Without
// --since the earliest run that is still alive is taken, and the report says so.
func (s *subject) exposed(snap *snapshot.Snapshot) (since time.Time, why string) {
	if s.since != "" {
		if t, err := time.Parse(time.RFC3339, s.since); err == nil {
			return t.UTC(), "given"
		}
	}
	for _, r := range snap.Repositories {
		for _, run := range r.Runs {
			for _, w := range s.workflows {
				if run.Path == w && (since.IsZero() || run.Created.Before(since)) {
					since = run.Created.UTC()
				}
			}
		}
	}
	if since.IsZero() {
		return since, "not given, and no run of the workflow is alive: give --since"
	}
	return since, "not given: the earliest run of the workflow that was still alive"
}
