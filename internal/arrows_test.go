package internal

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/firebreak/firebreak/"

// edge forbids packages below From to import packages below To. Both are path
// prefixes; To may be of the standard library or another module.
type edge struct{ From, To, Why string }

func forbidden() []edge {
	edges := []edge{
		{module + "adapters", module + "internal/respond", "an adapter that knows the decider would decide"},
		{module + "adapters", module + "internal/drive", "an adapter that knows its driver works in one driver only"},
		{module + "adapters", module + "internal/journal", "only drivers write the journal"},
		{module + "adapters", module + "internal/cli", "wiring points inwards"},
		{module + "internal/view", module + "adapters", "a view formats data; it must not be able to fetch or change any"},
		{module + "internal/view", module + "internal/drive", "the same"},
		{module + "internal/view", module + "internal/term", "term prompts with view's words, not the other way round"},
		{module + "internal/term", module + "adapters", "the terminal asks and tells; it does not act"},
		{module + "internal/plan", module + "internal/respond", "the plan is data and knows nobody who reads it"},
		{module + "internal/secret", module + "internal/respond", "a value's type must not know where it is used"},
		{module + "internal/world", module + "internal/respond", "the world must not know it is rehearsed with"},
		{module + "internal/world", module + "internal/journal", "the score is the world's own log, never our journal"},
		{module + "internal/world", module + "internal/drive", "the world must not know its client"},
		{module + "internal/journal", module + "adapters", "the journal stores events; who made them is no concern"},
		{module + "internal/evidence", module + "adapters", "evidence is read from the incident's folder alone, so that anybody can verify it"},
	}
	for _, p := range []string{"respond", "plan", "inventory", "boundary", "workflow"} {
		edges = append(edges, pure(module+"internal/"+p)...)
	}
	for _, p := range []string{"github", "aws", "vault", "npm", "manual"} {
		for _, q := range []string{"github", "aws", "vault", "npm", "manual"} {
			if p != q {
				edges = append(edges, edge{module + "adapters/" + p, module + "adapters/" + q, "providers are added and removed one by one"})
			}
		}
	}
	for _, p := range []string{"workflow", "inventory", "boundary", "plan", "playbook", "respond", "drive", "journal", "secret", "evidence", "view", "diag", "snapshot", "config"} {
		edges = append(edges,
			edge{module + "internal/" + p, module + "internal/cli", "wiring points inwards"},
			edge{module + "internal/" + p, module + "internal/rehearse", "nothing but the command line knows that it rehearses"},
			edge{module + "internal/" + p, module + "internal/world", "the same"},
		)
	}
	return edges
}

// pure packages give the same output for the same input, for ever.
func pure(p string) []edge {
	return []edge{
		{p, module + "adapters", "pure packages must not be able to reach a provider"},
		{p, "net/http", "pure packages must not be able to reach the network"},
		{p, "os/exec", "pure packages start nothing"},
		{p, "math/rand", "the same input must give the same output"},
		{p, "crypto/rand", "the same input must give the same output"},
	}
}

type listed struct {
	ImportPath string
	Imports    []string
}

func TestArrows(t *testing.T) {
	rules := forbidden()
	seen := 0
	for _, p := range list(t) {
		seen++
		for _, imported := range p.Imports {
			for _, e := range rules {
				if below(p.ImportPath, e.From) && below(imported, e.To) {
					t.Errorf("%s imports %s: %s", p.ImportPath, imported, e.Why)
				}
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d packages were looked at", seen)
	}
}

// Names that say nothing attract everything.
func TestNoCatchAllPackages(t *testing.T) {
	for _, p := range list(t) {
		name := p.ImportPath[strings.LastIndexByte(p.ImportPath, '/')+1:]
		switch name {
		case "util", "utils", "common", "helper", "helpers", "manager", "base", "misc":
			t.Errorf("%s: a package is named after what it provides", p.ImportPath)
		}
	}
}

func list(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports", "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var pkgs []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return pkgs
		}
		if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}

func below(path, prefix string) bool {
	return path == strings.TrimSuffix(prefix, "/") || strings.HasPrefix(path, strings.TrimSuffix(prefix, "/")+"/")
}
