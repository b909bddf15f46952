package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/schema"
)

//go:generate go test -run TestGeneratedSchemas -update .

// Names are a contract. A field may be added, and make generate writes it down. One
// that is renamed, removed or made optional breaks scripts: make generate refuses.
func TestGeneratedSchemas(t *testing.T) {
	folder := filepath.Join("..", "..", "docs", "schema")
	for _, o := range outputs() {
		file := filepath.Join(folder, o.File())
		want, err := o.document(filepath.Join("..", ".."))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(file)
		switch {
		case errors.Is(err, fs.ErrNotExist) && *update:
		case err != nil:
			t.Errorf("%v; run make generate", err)
			continue
		}
		if len(got) > 0 {
			lost, err := schema.Lost(got, want)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range lost {
				t.Errorf("%s: %s: names are a contract; give it back, or begin version 2", o.Name, l)
			}
			if len(lost) > 0 {
				continue
			}
		}
		generated(t, file, want)
	}
	if t.Failed() {
		return
	}
	want, err := jsonMarkdown(folder)
	if err != nil {
		t.Fatal(err)
	}
	generated(t, filepath.Join("..", "..", "docs", "json.md"), want)
}

// generated holds a file against what it is made from, or writes it.
func generated(t *testing.T, file string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from what it is made from; run make generate", file)
	}
}

// A document nobody makes any more would be printed and believed.
func TestSchemaFolderHoldsNothingElse(t *testing.T) {
	known := map[string]bool{}
	for _, o := range outputs() {
		known[o.File()] = true
	}
	all, err := os.ReadDir(filepath.Join("..", "..", "docs", "schema"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if !known[e.Name()] {
			t.Errorf("docs/schema/%s is no output's", e.Name())
		}
	}
}

// An editor does not complain about the configurations that ship.
func TestConfigSchemaAcceptsShippedConfigurations(t *testing.T) {
	k, err := knownKinds()
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(config.Schema(k))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("config.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../playbooks/scenarios/*/firebreak.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		j, err := yaml.YAMLToJSON(text)
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(j))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(v); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// Every type of record in the journal is a line of the stream.
func TestStreamKnowsEveryEvent(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "respond", "event.go"))
	if err != nil {
		t.Fatal(err)
	}
	all, known := regexp.MustCompile(`\) kind\(\) string\s+\{ return "([a-z-]+)" \}`).FindAllSubmatch(b, -1), lines()
	if len(all) < 15 || len(all) != len(known) {
		t.Errorf("%d types of event, %d lines", len(all), len(known))
	}
	for _, m := range all {
		if known[string(m[1])] == nil {
			t.Errorf("the event %s is no line of the stream", m[1])
		}
	}
}

// Every field says what it is. What a snapshot lists has the providers' own names.
func TestEverySchemaIsDescribed(t *testing.T) {
	for _, o := range outputs() {
		b, err := o.document(filepath.Join("..", ".."))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := schema.Table(b)
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) < 3 {
			t.Errorf("%s has %d fields", o.Name, len(rows))
		}
		for _, r := range rows {
			if r.About == "" || r.Text == "" && !strings.HasPrefix(r.Of, "snapshot.") {
				t.Errorf("%s: nothing is said of %s.%s; write a comment at the field, or its name into internal/schema/words.go", o.Name, r.Of, r.Field)
			}
		}
	}
}
