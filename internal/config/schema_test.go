package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/firebreak/firebreak/internal/plan"
)

// kinds are those the files of these tests name.
func kinds() Kinds {
	fields := func(names ...string) []plan.Field {
		var out []plan.Field
		for _, n := range names {
			out = append(out, plan.Field{Name: n, Doc: "what it is"})
		}
		return out
	}
	return Kinds{
		Issuers: map[string][]plan.Field{
			"npm.token": fields("user", "id", "password_env"), "aws.access_key": fields("account", "user"),
			"postgres.role": fields("dsn_env", "roles", "port", "tls"), "http.key": fields("service", "id", "vars"),
		},
		Stores: map[string][]plan.Field{"aws.secretsmanager": fields("id"), "vault.kv": fields("mount", "path", "key")},
	}
}

// judge holds a file against the schema.
func judge(t *testing.T) func([]byte) error {
	t.Helper()
	b, err := json.Marshal(Schema(kinds()))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("config.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := compiler.Compile("config.json")
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

// beyond are the mistakes no schema can see, and why.
var beyond = map[string]string{
	"alias": "YAML alone", "approvals-nobody": "nobody may sign is said by Parse", "owner-unknown": "another place in the file", "owner-none": "another place in the file",
}

func TestSchemaTellsWhatIsStructurallyBroken(t *testing.T) {
	check := judge(t)
	files, err := filepath.Glob("testdata/err/*.yaml")
	if err != nil || len(files) < 35 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if told, why := check(b) != nil, beyond[name]; told == (why != "") {
			t.Errorf("%s: told by the schema: %t, and it is %q\n%s", name, told, why, b)
		}
	}
}

// What Parse accepts the schema accepts: an editor must not complain about what works.
func TestSchemaAcceptsWhatParses(t *testing.T) {
	check := judge(t)
	page, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, service, ok := strings.Cut(string(page), "```yaml\n")
	service, _, _ = strings.Cut(service, "```")
	if !ok {
		t.Fatal("docs/configuration.md has no example")
	}
	for name, text := range map[string]string{
		"whole": whole, "service": "version: 1\n" + service, "empty parts": "version: 1\ncredentials:\nwaits:\n",
		"single texts": "version: 1\nrecipients: age1x\ncredentials:\n  - { secret: A, authority: read, mints: B, stores: [] }\n",
	} {
		if _, err := Parse("firebreak.yaml", []byte(text)); err != nil {
			t.Errorf("%s: the parser: %v", name, err)
		}
		if err := check([]byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
