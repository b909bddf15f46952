package workflow

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// refused lists corpus files that are no workflows, with the reason.
var refused = map[string]string{}

// corpus calls f for every workflow file of the folder in FIREBREAK_CORPUS, laid
// out as OWNER__NAME/.github/....
func corpus(t *testing.T, f func(t *testing.T, name, inRepository string, src []byte)) {
	t.Helper()
	root := os.Getenv("FIREBREAK_CORPUS")
	if root == "" {
		t.Skip("SKIPPED: set FIREBREAK_CORPUS to a folder of real workflow files (OWNER__NAME/.github/...) to run this")
	}
	n, began := 0, time.Now()
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		_, inRepository, _ := strings.Cut(filepath.ToSlash(rel), "/")
		if !IsWorkflow(inRepository) && !IsAction(inRepository) {
			return nil
		}
		src, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		n++
		f(t, rel, inRepository, src)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files in %v", n, time.Since(began))
	if n == 0 {
		t.Errorf("no workflow file below %s", root)
	}
}

var (
	secretInText  = regexp.MustCompile(`(?i)(?:^|[^.\w-])secrets\.([a-z_][a-z0-9_-]*)`)
	idTokenInText = regexp.MustCompile(`(?m)^[^#\n]*\bid-token['"]?:\s*['"]?write`)
	comment       = regexp.MustCompile(`(^|\s)#`)
)

// TestCorpusSecretsByText compares the model with a plain text search: every
// secrets.NAME inside ${{ }} or an if, outside of YAML comments, must be a reference on its line.
func TestCorpusSecretsByText(t *testing.T) {
	total := 0
	corpus(t, func(t *testing.T, name, in string, src []byte) {
		var refs []Ref
		if IsWorkflow(in) {
			f := Parse(in, src)
			if why, ok := refused[name]; f.Broken && !ok {
				t.Errorf("%s: refused: %v", name, f.Problems)
			} else if ok && !f.Broken {
				t.Errorf("%s is listed as refused (%s) but is read", name, why)
			}
			refs = f.Refs
			for _, j := range f.Jobs {
				refs = append(refs, j.Refs...)
			}
		} else {
			refs = ParseAction(in, src).Refs
		}
		found := map[string]map[int]bool{}
		for _, r := range refs {
			if found[r.Name] == nil {
				found[r.Name] = map[int]bool{}
			}
			found[r.Name][r.Line] = true
		}
		for i, l := range strings.Split(string(src), "\n") {
			if c := comment.FindStringIndex(l); c != nil && strings.TrimSpace(l[:c[0]]) == "" {
				continue
			}
			for _, m := range secretInText.FindAllStringSubmatchIndex(l, -1) {
				if c := comment.FindStringIndex(l[:m[0]]); c != nil {
					continue
				}
				before := l[:m[0]]
				open := strings.LastIndex(before, "${{") > strings.LastIndex(before, "}}")
				if !open && !strings.Contains(before, "if:") {
					continue // prose, or an output's name in a script
				}
				total++
				if key := strings.ToUpper(l[m[2]:m[3]]); !found[key][i+1] {
					t.Errorf("%s:%d: %s is in the text and not in the model", name, i+1, key)
				}
			}
		}
	})
	t.Logf("%d references by text", total)
}

func TestCorpusIDTokenByText(t *testing.T) {
	corpus(t, func(t *testing.T, name, in string, src []byte) {
		if !IsWorkflow(in) {
			return
		}
		f := Parse(in, src)
		n := 0
		if p := f.Permissions; p != nil && (p.All == "write-all" || p.Scopes["id-token"].Value == "write") {
			n++
		}
		for _, j := range f.Jobs {
			if _, ok := IDToken(nil, j.Permissions); ok {
				n++
			}
		}
		if want := len(idTokenInText.FindAll(src, -1)); n < want {
			t.Errorf("%s: id-token: write stands %d times in the text, %d times in the model", name, want, n)
		}
	})
}
