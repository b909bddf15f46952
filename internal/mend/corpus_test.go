package mend

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	udiff "github.com/aymanbagabas/go-udiff"
	"go.yaml.in/yaml/v4"

	"github.com/firebreak/firebreak/internal/boundary"
	"github.com/firebreak/firebreak/internal/checkout/checkouttest"
	"github.com/firebreak/firebreak/internal/diag"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/workflow"
)

// TestCorpus mends every repository of real workflow files as far as it goes, and
// holds each changed file against what a change promises.
func TestCorpus(t *testing.T) {
	mended, left, why := map[string]int{}, map[string]int{}, map[string]int{}
	work := t.TempDir()
	for _, src := range checkouttest.Corpus(t) {
		src.Repository = ""
		r := request(src)
		r.Snapshot = everyTag(src)
		done := Mend(r)
		for _, f := range done.Mended {
			mended[f.Rule]++
		}
		for _, x := range done.Declined {
			if testWays[x.Finding.Rule] != "" {
				left[x.Finding.Rule]++
				why[x.Finding.Rule+": "+reasonOf(x.Why)]++
			}
		}
		for _, f := range done.Files {
			promises(t, src.Folder, work, f)
		}
		src.Files = replaced(src.Files, done.Files)
		again := request(src)
		again.Snapshot = r.Snapshot
		if second := Mend(again); len(second.Files) != 0 {
			t.Errorf("%s: a second time changes %s again", src.Folder, second.Files[0].Path)
		}
		atLarge(t, src.Folder, r.Wanted, again.Wanted)
	}
	t.Logf("mended %v, left %v", mended, left)
	for reason, n := range why {
		t.Logf("%5d %s", n, reason)
	}
}

// problems are those of a workflow or an action.
func problems(path string, content []byte) diag.List {
	if workflow.IsAction(path) {
		return workflow.ParseAction(path, content).Problems
	}
	return workflow.Parse(path, content).Problems
}

// promises are what holds of every changed file, whatever changed it.
func promises(t *testing.T, name, work string, f File) {
	t.Helper()
	was, is := problems(f.Path, f.Before), problems(f.Path, f.After)
	if len(is) > len(was) {
		t.Errorf("%s/%s reads worse: %v", name, f.Path, is)
	}
	var tree yaml.Node
	if err := yaml.Unmarshal(f.After, &tree); err != nil {
		t.Errorf("%s/%s: %v", name, f.Path, err)
	}
	for _, d := range differences("", decoded(t, f.Before), decoded(t, f.After)) {
		if !slices.ContainsFunc(touched, func(key string) bool { return strings.Contains(d+"/", "/"+key+"/") }) {
			t.Errorf("%s/%s: %s is not what it was", name, f.Path, d)
		}
	}
	diff, err := Diff(f.Path, f)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := udiff.ApplyUnified(diff, string(f.Before)); err == nil && got != string(f.After) && !strings.Contains(diff, "No newline") {
		t.Errorf("%s/%s: the diff does not give what was judged", name, f.Path)
	}
	dir := filepath.Join(work, name)
	file := filepath.Join(dir, filepath.FromSlash(f.Path))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, f.Before, 0o600); err != nil {
		t.Fatal(err)
	}
	gitApply(t, dir, diff)
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, f.After) {
		t.Errorf("%s/%s: git apply gives something else, %v", name, f.Path, err)
	}
}

func gitApply(t *testing.T, dir, diff string) {
	t.Helper()
	cmd := exec.Command("git", "apply", "--whitespace=nowarn", "-")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(diff)
	cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("git apply: %v\n%s\n%s", err, out, diff)
	}
}

// atLarge judges a repository after everything by other eyes than Mend's own: no rule
// of the boundary finds more, and none finds it worse.
func atLarge(t *testing.T, name string, was, is []inventory.Finding) {
	t.Helper()
	rules := map[string]bool{}
	for _, f := range slices.Concat(was, is) {
		rules[f.Rule] = true
	}
	n := func(list []inventory.Finding, rule, severity string) (n int) {
		for _, f := range list {
			if f.Rule == rule && (severity == "" || f.Severity == severity) {
				n++
			}
		}
		return n
	}
	for rule := range rules {
		if before, after := n(was, rule, ""), n(is, rule, ""); after > before {
			t.Errorf("%s: %s found %d, and finds %d", name, rule, before, after)
		}
		if before, after := n(was, rule, boundary.Critical), n(is, rule, boundary.Critical); after > before {
			t.Errorf("%s: %s found %d critical, and finds %d", name, rule, before, after)
		}
	}
}

// everyTag is a survey that knows the commit of every tag the files use.
func everyTag(src inventory.Source) *snapshot.Snapshot {
	s := &snapshot.Snapshot{}
	for _, f := range src.Files {
		for line := range strings.Lines(string(f.Content)) {
			_, uses, ok := strings.Cut(line, "uses:")
			name, ref, at := strings.Cut(strings.Trim(strings.SplitN(uses, "#", 2)[0], " '\"\r\n\t"), "@")
			if parts := strings.SplitN(name, "/", 3); ok && at && len(parts) > 1 {
				s.Actions = append(s.Actions, snapshot.ActionRef{Uses: parts[0] + "/" + parts[1], Ref: ref, SHA: strings.Repeat("0123456789abcdef", 3)[:40]})
			}
		}
	}
	return s
}

func replaced(files []inventory.SourceFile, by []File) []inventory.SourceFile {
	out := append([]inventory.SourceFile{}, files...)
	for i := range out {
		for _, f := range by {
			if f.Path == out[i].Path {
				out[i].Content = f.After
			}
		}
	}
	return out
}

// reasonOf leaves names out of a reason.
func reasonOf(why string) string {
	if strings.HasPrefix(why, "what job ") {
		_, rest, _ := strings.Cut(why, ": ")
		return "needs not known: " + strings.SplitN(rest, " ", 3)[0]
	}
	return why
}

// touched are the keys that a way to mend may change the values of.
var touched = []string{"permissions", "env", "uses", "run", "with/persist-credentials"}

func decoded(t *testing.T, content []byte) any {
	t.Helper()
	var out any
	if err := yaml.Unmarshal(bytes.TrimPrefix(content, []byte("\xef\xbb\xbf")), &out); err != nil {
		t.Fatalf("%v\n%s", err, content)
	}
	return out
}

// added are the paths of all there is below one that was not there.
func added(path string, v any) []string {
	m, ok := v.(map[string]any)
	if !ok {
		return []string{path}
	}
	var out []string
	for k, v := range m {
		out = append(out, added(path+"/"+k, v)...)
	}
	return append(out, path+"/*")[:max(len(out), 1)]
}

// differences are the paths at which two documents differ.
func differences(path string, a, b any) []string {
	var out []string
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok {
			return []string{path}
		}
		for k, v := range a {
			out = append(out, differences(path+"/"+k, v, b[k])...)
		}
		for k := range b {
			if _, was := a[k]; !was {
				out = append(out, added(path+"/"+k, b[k])...)
			}
		}
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return []string{path}
		}
		for i := range a {
			out = append(out, differences(path+"/"+strconv.Itoa(i), a[i], b[i])...)
		}
	default:
		if !reflect.DeepEqual(a, b) {
			out = append(out, path)
		}
	}
	return out
}
