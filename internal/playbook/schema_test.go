package playbook

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/firebreak/firebreak/adapters/all"
	"github.com/firebreak/firebreak/playbooks"
)

// judge compiles the schema of a catalogue and gives what holds a file against it.
func judge(t *testing.T, c Catalogue) func([]byte) error {
	t.Helper()
	b, err := json.Marshal(Schema(c))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("playbook.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := compiler.Compile("playbook.json")
	if err != nil {
		t.Fatal(err)
	}
	return func(text []byte) error {
		j, err := yaml.YAMLToJSON(text)
		if err != nil {
			return err
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(j)))
		if err != nil {
			return err
		}
		return s.Validate(v)
	}
}

// invisible are the mistakes no schema can see, and why. Every other broken playbook
// must be told by the schema alone.
func invisible(name string) string {
	for prefix, why := range map[string]string{
		"cel-": "an expression's own text", "for-not-a-list": "an expression's type", "for-output": "what an expression names",
		"when-not-bool": "an expression's type", "expression-": "an expression's own text", "input-expression-type": "an expression's type", "input-list-expression": "an expression's type",
		"output-": "what an expression names", "rotate-identity": "an expression's type", "secret-from-text": "what an expression names", "notify-output": "what an expression names",
		"gate-unknown": "another place in the file", "id-twice": "another place in the file", "input-missing": "an input that may come from elsewhere",
		"yaml-alias": "YAML alone", "yaml-duplicate-key": "YAML alone", "yaml-tab": "YAML alone", "yaml-two-documents": "YAML alone", "input-twice": "YAML alone",
	} {
		if strings.HasPrefix(name, prefix) {
			return why
		}
	}
	return ""
}

func TestSchemaTellsWhatIsStructurallyBroken(t *testing.T) {
	check := judge(t, known())
	files, err := filepath.Glob("testdata/err/*.yaml")
	if err != nil || len(files) < 60 {
		t.Fatal(len(files), err)
	}
	told := 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		why := invisible(name)
		switch err := check(b); {
		case err == nil && why == "":
			t.Errorf("%s: the schema says nothing:\n%s", name, b)
		case err != nil && why == "":
			told++
		case err != nil:
			if why != "YAML alone" {
				t.Errorf("%s: the schema tells it, although that is %s: %v", name, why, err)
			}
		}
	}
	if told < 55 {
		t.Errorf("only %d broken playbooks are told by the schema", told)
	}
}

// What Parse accepts the schema accepts: an editor must not complain about what works.
func TestSchemaAcceptsWhatParses(t *testing.T) {
	real, err := all.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	check, n := judge(t, real), 0
	entries, err := fs.ReadDir(playbooks.Files(), ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".yaml") {
			continue
		}
		n++
		b, err := fs.ReadFile(playbooks.Files(), e.Name())
		if err != nil {
			t.Fatal(err)
		}
		if err := check(b); err != nil {
			t.Errorf("%s: %v", e.Name(), err)
		}
	}
	if n == 0 {
		t.Error("no playbook ships")
	}
	check = judge(t, known())
	for name, text := range map[string]string{
		"everything": `
version: 1
playbook: all-of-it
title: t
inputs:
  repository: { type: repository, required: true }
  workflow: { type: [workflow], required: true, doc: d }
  flag: { type: bool, default: true }
  count: { type: int, default: 3 }
  several: { type: [string], default: [a, b] }
gates:
  ticket-open: a ticket is open
steps:
  disable:
    - for: w in inputs.workflow
      use: github.workflow.disable
      with: { workflow: "${{ w }}" }
      gate: ticket-open
      when: inputs.flag
    - use: test.count
      with: { count: "${{ inputs.count }}" }
    - use: test.count
      with: { count: 4 }
    - id: build
      use: github.workflow.dispatch
      with: { repository: acme/shop, workflow: .github/workflows/b.yml, purpose: rebuild, inputs: { a: "${{ inputs.several[0] }}" } }
      gate: [ticket-open, contain-before-deliver]
    - manual: { instructions: "do ${{ inputs.count }}", link: "https://example.org", verify: { use: npm.dist.digest, with: { package: p, tag: latest, digest: "${{ tasks.build.digest }}" } } }
    - notify: something
  rotate:
    - for: c in inventory.credentials
      rotate: "${{ c }}"
  review: []
`,
	} {
		if _, err := Parse("p.yaml", []byte(text), known()); err != nil {
			t.Errorf("%s: the parser: %v", name, err)
		}
		if err := check([]byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The schema names every action with every input and what it is for.
func TestSchemaNamesEveryAction(t *testing.T) {
	c, err := all.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	s := Schema(c)
	defs, _ := s["definitions"].(node)
	task, _ := defs["task"].(node)
	use, _ := task["properties"].(node)["use"].(node)
	for _, spec := range c.Specs() {
		if !slices.Contains(use["enum"].([]any), any(spec.Name)) {
			t.Errorf("%s is not offered", spec.Name)
		}
		with, _ := defs[spec.Name].(node)
		for _, f := range spec.Inputs {
			in, _ := with["properties"].(node)[f.Name].(node)
			if in == nil || in["description"] == "" {
				t.Errorf("%s: nothing is said of the input %s", spec.Name, f.Name)
			}
		}
	}
}
