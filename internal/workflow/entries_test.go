package workflow

import (
	"fmt"
	"strings"
	"testing"
)

func TestEntries(t *testing.T) {
	for _, c := range []struct{ name, on, job, want string }{
		{"plain", "[push, pull_request]", "", "push contributor refs/heads/*,refs/tags/*; pull_request untrusted refs/pull/*/merge"},
		{"branch filter keeps tags out", "{push: {branches: [main, 'release/**']}}", "", "push contributor refs/heads/main,refs/heads/release/*"},
		{"tag filter keeps branches out", "{push: {tags: ['v[0-9]+.*', '!v0.*']}}", "", "push contributor refs/tags/v*.*"},
		{"branches-ignore", "{push: {branches-ignore: [x]}}", "", "push contributor refs/heads/*"},
		{"if false", "push", "    if: false\n", ""},
		{"event name", "[push, pull_request_target]", "    if: github.event_name == 'push'\n", "push contributor refs/heads/*,refs/tags/*"},
		{"event name, other", "[push, pull_request_target]", "    if: github.event_name != 'push'\n", "pull_request_target untrusted refs/heads/*"},
		{"list", "[push, issues]", "    if: contains(fromJSON('[\"push\", \"create\"]'), github.event_name)\n", "push contributor refs/heads/*,refs/tags/*"},
		{"prefix of the event", "[push, pull_request_target]", "    if: ${{ startsWith(github.event_name, 'pull_request') }}\n", "pull_request_target untrusted refs/heads/*"},
		{"ref", "[push, workflow_dispatch]", "    if: github.ref == 'refs/heads/main' && always()\n", "push contributor refs/heads/main; workflow_dispatch human refs/heads/main"},
		{"tags alone", "push", "    if: startsWith(github.ref, 'refs/tags/v')\n", "push contributor refs/tags/v*"},
		{"a ref that cannot be", "{push: {tags: [v1]}}", "    if: github.ref == 'refs/heads/main'\n", ""},
		{"same repository", "pull_request_target", "    if: github.event.pull_request.head.repo.full_name == github.repository\n", "pull_request_target contributor refs/heads/* guarded"},
		{"a label is no guard", "pull_request_target", "    if: contains(github.event.pull_request.labels.*.name, 'safe')\n", "pull_request_target untrusted refs/heads/*"},
		{"the actor is no guard", "pull_request_target", "    if: github.actor == 'dependabot[bot]'\n", "pull_request_target untrusted refs/heads/*"},
		{"through what it needs", "pull_request_target", "    needs: first\n  first:\n    if: ${{ !github.event.pull_request.head.repo.fork }}\n    runs-on: x\n    steps: [ { run: x } ]\n", "pull_request_target contributor refs/heads/* guarded"},
		{"need that does not run", "push", "    needs: first\n  first:\n    if: false\n    runs-on: x\n    steps: [ { run: x } ]\n", ""},
		{"need that does not run, minded not", "push", "    needs: first\n    if: always()\n  first:\n    if: false\n    runs-on: x\n    steps: [ { run: x } ]\n", "push contributor refs/heads/*,refs/tags/*"},
		{"text is always true", "push", "    if: x ${{ false }}\n", "push contributor refs/heads/*,refs/tags/*"},
		{"schedule", "{schedule: [{cron: '0 0 * * *'}]}", "", "schedule trusted refs/heads/@default"},
		{"a ref in other letters", "{push: {branches: [Main]}}", "    if: github.ref == 'refs/heads/main'\n", "push contributor refs/heads/Main"},
		{"a called workflow's event is its caller's", "workflow_call", "    if: github.event_name == 'push'\n", "workflow_call contributor refs/heads/*,refs/tags/*"},
		{"called, and false all the same", "workflow_call", "    if: false && github.event_name == 'push'\n", ""},
		{"needs itself", "push", "    needs: a\n", "push contributor refs/heads/*,refs/tags/*"},
	} {
		job := c.job
		if !strings.Contains(job, "runs-on") {
			job += "    runs-on: x\n    steps: [ { run: x } ]\n"
		}
		f := Parse("x.yml", []byte("on: "+c.on+"\njobs:\n  a:\n"+job))
		var got []string
		for _, e := range f.Entries(&f.Jobs[0]) {
			s := fmt.Sprintf("%s %s %s", e.Name, e.Trust, strings.Join(e.Refs, ","))
			if e.Guarded {
				s += " guarded"
			}
			got = append(got, s)
		}
		if got := strings.Join(got, "; "); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestMatrixIsFoldedWhereItIsWrittenOut(t *testing.T) {
	f := Parse("x.yml", []byte("on: push\njobs:\n  a:\n    strategy:\n      matrix:\n        os: [linux, mac]\n        x: ${{ fromJSON(inputs.x) }}\n        include:\n          - { os: win, env: { name: prod } }\n        exclude:\n          - { os: never }\n    runs-on: ${{ matrix.os }}\n    steps: [ { run: x } ]\n"))
	m := f.Jobs[0].Matrix
	if got := fmt.Sprint(m.Values, m.Open); got != "map[env.name:[prod] os:[linux mac win]] true" {
		t.Error(got)
	}
}

func TestMergeKeysAndTwiceGivenKeys(t *testing.T) {
	f := Parse("x.yml", []byte("on: push\nx: &x\n  permissions: { contents: write }\n  env: { A: 1 }\njobs:\n  a:\n    <<: *x\n    env: { B: 2 }\n    runs-on: x\n    steps: [ { run: x } ]\n  a:\n    runs-on: y\n    steps: [ { run: '${{ secrets.SECOND }}' } ]\n"))
	if len(f.Jobs) != 2 || f.Jobs[0].Permissions == nil || len(f.Jobs[0].Env) != 1 || f.Jobs[0].Env[0].Name != "B" {
		t.Fatalf("%+v", f.Jobs)
	}
	if len(f.Jobs[1].Refs) != 1 || f.Jobs[1].Refs[0].Name != "SECOND" {
		t.Errorf("a key given twice hides a secret: %+v", f.Jobs[1].Refs)
	}
}

func TestTenThousandLines(t *testing.T) {
	var b strings.Builder
	b.WriteString("on: push\njobs:\n")
	for i := range 2000 {
		fmt.Fprintf(&b, "  j%d:\n    runs-on: x\n    steps:\n      - run: |\n          echo ${{ secrets.S%d }}\n", i, i)
	}
	f := Parse("x.yml", []byte(b.String()))
	if len(f.Jobs) != 2000 || f.Broken {
		t.Fatalf("%d jobs, %v", len(f.Jobs), f.Problems)
	}
	for i, j := range f.Jobs {
		if len(j.Refs) != 1 || j.Refs[0].Name != fmt.Sprintf("S%d", i) || j.Refs[0].Line != 2+5*i+5 {
			t.Fatalf("job %d: %+v", i, j.Refs)
		}
	}
}
