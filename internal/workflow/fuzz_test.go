package workflow

import (
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
)

func webhooks() map[string][]string { return actionlint.AllWebhookTypes }

// FuzzParse: no input panics or loops, positions lie inside the file, and what
// the model says of a plain secret reference does not depend on what stands around it.
func FuzzParse(f *testing.F) {
	f.Add([]byte(everyPlace))
	f.Add([]byte("on: push\njobs: &j\n  a: *j\n"))
	f.Add([]byte("on:\n  workflow_call:\n    secrets:\n      x: {}\njobs:\n  a:\n    steps:\n    - run: ${{ format('}}', secrets.A) }}\n"))
	f.Add([]byte("? {a: b}\n: c\non: [push, {x: y}]\njobs: {a: null, b: [], c: {steps: [null, {}, {uses: 1}], runs-on: {group: g}}}"))
	f.Fuzz(func(t *testing.T, src []byte) {
		lines := strings.Count(string(src), "\n") + 1
		check := func(list []Ref) {
			for _, r := range list {
				if r.Line < 1 || r.Line > lines || r.Column < 1 {
					t.Fatalf("reference outside of the file of %d lines: %+v", lines, r)
				}
			}
		}
		m := Parse("x.yml", src)
		check(m.Refs)
		for i := range m.Jobs {
			j := &m.Jobs[i]
			check(j.Refs)
			Effective(m.Permissions, j.Permissions, "")
			Guarded(j.If, "pull_request_target")
			for k := range j.Steps {
				s := &j.Steps[k]
				s.FetchesForeign(s.Env, j.Env, m.Env)
				s.Injects()
				s.Commands()
			}
		}
		check(ParseAction("action.yml", src).Refs)
	})
}
