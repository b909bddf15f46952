package internal

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/firebreak/firebreak/"

// edge forbids packages below From to depend on packages below To: for a package
// of this module by any way round, for another only directly. Both are path
// prefixes. But lists exceptions, which are prefixes too.
type edge struct {
	From, To, Why string
	But           []string
}

func forbidden() []edge {
	edges := []edge{
		{From: "adapters", To: "internal/respond", Why: "an adapter that knows the decider would decide"},
		{From: "adapters", To: "internal/drive", Why: "an adapter that knows its driver works in one driver only"},
		{From: "adapters", To: "internal/journal", Why: "only drivers write the journal"},
		{From: "internal/view", To: "adapters", Why: "a view formats data; it must not be able to fetch or change any"},
		{From: "internal/view", To: "internal/drive", Why: "the same"},
		{From: "internal/view", To: "internal/term", Why: "term prompts with view's words, not the other way round"},
		{From: "internal/term", To: "adapters", Why: "the terminal asks and tells; it does not act"},
		{From: "internal/plan", To: "internal", Why: "the plan is data and knows nobody who reads it", But: []string{"internal/plan"}},
		{From: "internal/secret", To: "internal/respond", Why: "a value's type must not know where it is used"},
		{From: "internal/world", To: "adapters", Why: "the world is the second opinion: an adapter's mistake must not be its own proof", But: []string{"internal/world/worldtest"}},
		{From: "internal/world", To: "internal/respond", Why: "the world must not know it is rehearsed with"},
		{From: "internal/world", To: "internal/journal", Why: "the score is the world's own log, never our journal"},
		{From: "internal/world", To: "internal/drive", Why: "the world must not know its client"},
		{From: "internal/rehearse", To: "adapters", Why: "attacker and team come from outside; an adapter's mistake must not hide from the score"},
		{From: "internal/drive/simulated", To: "adapters", Why: "the outcome model stands for every adapter there may be"},
		{From: "internal/journal", To: "adapters", Why: "the journal stores events; who made them is no concern"},
		{From: "internal/evidence", To: "adapters", Why: "evidence is read from the incident's folder alone, so that anybody can verify it"},
		{From: "", To: "internal/cli", Why: "wiring points inwards", But: []string{"cmd", "internal/cli"}},
		{From: "", To: "internal/rehearse", Why: "nothing but the command line knows that it rehearses", But: []string{"cmd", "internal/cli", "internal/rehearse"}},
		{From: "", To: "internal/world", Why: "nothing but a rehearsal knows the world", But: []string{"cmd", "internal/cli", "internal/rehearse", "internal/world"}},
	}
	for _, p := range deterministic {
		edges = append(edges, pure(p)...)
	}
	return edges
}

// deterministic packages give the same output for the same input, for ever.
var deterministic = []string{"internal/respond", "internal/plan", "internal/inventory", "internal/boundary", "internal/workflow", "internal/mend"}

// pure is what a deterministic package must not import; sources_test.go says what it
// must not call.
func pure(p string) []edge {
	return []edge{
		{From: p, To: "adapters", Why: "pure packages must not be able to reach a provider"},
		{From: p, To: "net/http", Why: "pure packages must not be able to reach the network"},
		{From: p, To: "os", Why: "pure packages read nothing and start nothing"},
		{From: p, To: "sync", Why: "pure packages have no goroutines"},
		{From: p, To: "context", Why: "what cannot wait cannot be cancelled"},
		{From: p, To: "math/rand", Why: "the same input must give the same output"},
		{From: p, To: "crypto/rand", Why: "the same input must give the same output"},
	}
}

// ours are the packages of this module that an adapter may know: the contract and
// the data it speaks in.
var ours = []string{"adapters", "internal/plan", "internal/snapshot", "internal/secret", "internal/durable"}

type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

// name is the path within the module; "" for the module of another.
func name(path string) string {
	rest, ok := strings.CutPrefix(path, module)
	if !ok {
		return ""
	}
	return rest
}

func TestArrows(t *testing.T) {
	pkgs := list(t)
	if len(pkgs) < 20 {
		t.Errorf("only %d packages were looked at", len(pkgs))
	}
	for _, p := range pkgs {
		from := name(p.ImportPath)
		for _, e := range forbidden() {
			if !below(from, e.From) || slices.ContainsFunc(e.But, func(x string) bool { return below(from, x) }) {
				continue
			}
			for _, to := range reached(p) {
				if below(to, e.To) && !slices.ContainsFunc(e.But, func(x string) bool { return below(to, x) }) {
					t.Errorf("%s depends on %s: %s", from, to, e.Why)
				}
			}
		}
	}
}

// An edge from or to a package that was renamed away forbids nothing.
func TestArrowsNameRealPackages(t *testing.T) {
	var names []string
	for _, p := range list(t) {
		names = append(names, name(p.ImportPath))
	}
	exists := func(prefix string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return below(n, prefix) })
	}
	for _, e := range forbidden() {
		for _, p := range append([]string{e.From, e.To}, e.But...) {
			if (strings.HasPrefix(p, "internal/") || strings.HasPrefix(p, "adapters")) && !exists(p) {
				t.Errorf("%s is no package any more; mend the edge %s to %s", p, e.From, e.To)
			}
		}
	}
}

// A provider is added and removed by its folder alone, whatever its name: it knows
// the contract and nothing else of ours.
func TestAdaptersKnowTheContractAlone(t *testing.T) {
	seen := 0
	for _, p := range list(t) {
		from := name(p.ImportPath)
		if !below(from, "adapters") || from == "adapters/all" {
			continue // all is the list of them, and reads the configuration
		}
		seen++
		for _, to := range p.Deps {
			if to = name(to); to != "" && !slices.Contains(ours, to) {
				t.Errorf("%s depends on %s: an adapter knows the contract, plan, snapshot and secret, and no other adapter", from, to)
			}
		}
	}
	if seen < 6 {
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

// reached is what a package imports of others, and all it depends on of ours. What
// a library of others does inside is not ours to forbid.
func reached(p listed) []string {
	var out []string
	for _, d := range p.Deps {
		if n := name(d); n != "" {
			out = append(out, n)
		}
	}
	for _, i := range p.Imports {
		if name(i) == "" {
			out = append(out, i)
		}
	}
	return out
}

func list(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,Deps", "./...")
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
	return prefix == "" || path == prefix || strings.HasPrefix(path, prefix+"/")
}
