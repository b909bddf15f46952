package internal

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// clocks are the functions of package time that look at a clock or wait for one.
var clocks = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick"}

func TestDeterministicPackagesHaveNoClockAndNoGoroutine(t *testing.T) {
	seen := 0
	each(t, func(name string, f *ast.File, at func(ast.Node) string) {
		if !slices.Contains(deterministic, path.Dir(name)) {
			return
		}
		seen++
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.GoStmt); ok {
				t.Errorf("%s: a goroutine: what it does first is not decided by the input", at(s))
			}
			if s, ok := n.(*ast.SelectorExpr); ok && calls(s, "time", clocks...) {
				t.Errorf("%s: time.%s: time comes in as data", at(s), s.Sel.Name)
			}
			return true
		})
	})
	if seen < 40 {
		t.Errorf("only %d files were looked at", seen)
	}
}

// A context that is made deep inside outlives the sitting: Ctrl-C does not reach it.
func TestContextsComeFromMain(t *testing.T) {
	roots := map[string]string{
		"internal/cli/main.go":        "the process begins here",
		"adapters/all/environment.go": "for the AWS SDK's log alone, while it reads two small files",
	}
	each(t, func(name string, f *ast.File, at func(ast.Node) string) {
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && calls(s, "context", "Background", "TODO") && roots[name] == "" {
				t.Errorf("%s: context.%s: take the caller's context", at(s), s.Sel.Name)
			}
			return true
		})
	})
}

// What registers itself cannot be read off a list, or left out of one.
func TestNoInit(t *testing.T) {
	each(t, func(_ string, f *ast.File, at func(ast.Node) string) {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: init: list it where it is used", at(fn))
			}
		}
	})
}

// revealed lists the files in which a secret's value leaves its type, and what for.
// docs/adr/0002 promises that there is such a list.
var revealed = map[string]string{
	"internal/secret/text.go":            "compares in constant time",
	"internal/secret/seal.go":            "encrypts",
	"internal/secret/redact.go":          "learns what to mask",
	"internal/approval/sign.go":          "opens the signer's own key",
	"adapters/github/auth.go":            "signs requests in",
	"adapters/github/secret_put.go":      "seals to GitHub's key",
	"adapters/aws/client.go":             "signs requests",
	"adapters/aws/access_key.go":         "reads the key's id, which is none, out of a pasted value",
	"adapters/aws/secretsmanager_put.go": "sends the new value",
	"adapters/aws/ssm_put.go":            "sends the new value",
	"adapters/vault/client.go":           "signs requests in",
	"adapters/vault/kv_put.go":           "sends the new value",
	"adapters/httpapi/client.go":         "sends the credential a declared service wants, and probes with a value",
	"adapters/mask.go":                   "compares with the characters a mask leaves",
	"adapters/vault/approle.go":          "asks whether a role has a secret-id",
	"adapters/npm/client.go":             "signs requests in, and probes with a value",
	"adapters/npm/token_mint.go":         "sends password and one-time password",
	"adapters/npm/token_delete.go":       "sends the one-time password",
	"adapters/github/app_jwt.go":         "signs as a GitHub App, and tries its keys",
	"adapters/github/token_wire.go":      "tries a token, and shows it to GitHub to have it taken back",
	"adapters/github/webhook_mint.go":    "sends the secret it made",
	"adapters/github/deploy_key.go":      "reads the public half out of a private key",
	"adapters/postgres/client.go":        "logs in, and probes with a value",
	"adapters/postgres/scram.go":         "computes what the server keeps of a password",
	"adapters/postgres/value.go":         "puts a password into the address consumers read, and takes one out",
	"adapters/adaptertest/bench.go":      "looks for the value where it must not be",
}

func TestSecretsAreRevealedWhereTheyAreSent(t *testing.T) {
	seen := map[string]bool{}
	each(t, func(name string, f *ast.File, at func(ast.Node) string) {
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "Reveal" {
				seen[name] = true
				if revealed[name] == "" {
					t.Errorf("%s: Reveal: only where a value is sent; pass the secret.Text on", at(s))
				}
			}
			return true
		})
	})
	for name := range revealed {
		if !seen[name] {
			t.Errorf("%s reveals nothing any more; take it off the list", name)
		}
	}
}

// A map that leaves a place out sends people past it.
func TestArchitectureNamesEveryPackage(t *testing.T) {
	doc, err := os.ReadFile("../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list(t) {
		if n := name(p.ImportPath); n != "internal" && !strings.Contains(string(doc), "`"+n+"`") {
			t.Errorf("docs/architecture.md does not name %s", n)
		}
	}
}

func calls(s *ast.SelectorExpr, pkg string, names ...string) bool {
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == pkg && slices.Contains(names, s.Sel.Name)
}

// each gives every Go file of the module that is not a test, by its path in it.
func each(t *testing.T, look func(name string, f *ast.File, at func(ast.Node) string)) {
	t.Helper()
	root := os.DirFS("..")
	set := token.NewFileSet()
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := path.Base(name); base != "." && strings.HasPrefix(base, ".") || base == "testdata" {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		src, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(set, name, src, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		look(name, f, func(n ast.Node) string { return set.Position(n.Pos()).String() })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
