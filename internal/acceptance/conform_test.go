package acceptance

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Every form our commands print, from a response, a rehearsal and what leads up to
// them, is as docs/schema has it: every field described, of its type, and there where
// it is promised. That the fields stay is kept where the documents are made.
func TestOutputsAreAsTheirSchemasSay(t *testing.T) {
	t.Parallel()
	c := newConform(t)
	s := openTriggers(t, crashBinary(t), stage{scenarioName, crashSpeed, settings})
	say := func(args ...string) string {
		a := heard(s.command(args...))
		if a.err != nil || a.code != 0 {
			t.Errorf("%s: exit %d %v\n%s", args, a.code, a.err, a.said)
		}
		return a.out
	}
	c.whole(read(t, s.file("plan.json")))
	c.whole(read(t, s.file("plan.json.approval")))
	c.whole(say("version", "--output", "json"))
	inventory := say("inventory", "acme/shop", "--output", "json")
	c.whole(inventory)
	found := heard(s.command("boundary", "acme/shop", "--output", "json"))
	if found.code != 3 {
		t.Errorf("boundary: exit %d\n%s", found.code, found.said)
	}
	c.whole(found.out)
	baseline := s.file("baseline.json")
	if err := os.WriteFile(baseline, []byte(strings.Replace(inventory, `"contents": "read"`, `"contents": "write"`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	drifted := heard(s.command("inventory", "acme/shop", "--baseline", baseline, "--output", "json"))
	if drifted.code != 3 {
		t.Errorf("drift: exit %d\n%s", drifted.code, drifted.said)
	}
	c.whole(drifted.out)
	survey := say("survey", "acme/shop", "--output", "json")
	c.whole(survey)
	earlier := s.file("earlier.json")
	if err := os.WriteFile(earlier, []byte(survey), 0o600); err != nil {
		t.Fatal(err)
	}
	c.whole(say("inventory", "acme/shop", "--added-since", earlier, "--output", "json"))

	// Stopped for want of an approval, killed, and carried to its end.
	unapproved := heard(s.command("run", s.file("plan.json"), "--non-interactive", "--output", "json"))
	if unapproved.code != 4 {
		t.Errorf("unapproved: exit %d\n%s", unapproved.code, unapproved.said)
	}
	c.whole(unapproved.out)
	c.whole(heard(s.command("run", s.file("plan.json"), "--dry-run", "--non-interactive", "--output", "json")).out)
	killed := s.trigger()
	killed.Env = append(slices.Clone(killed.Env), "FIREBREAK_CRASH=after-answer:5")
	if a := heard(killed); !a.killed {
		t.Errorf("not killed: %s", a.said)
	}
	open := heard(s.trigger()).out
	c.whole(open)
	id := parse[incident](t, open).Incident
	stream := heard(s.trigger("--wait", "--output", "ndjson"))
	c.lines(stream.out)
	if told := say("status", id, "--output", "ndjson"); told != recorded(stream.out) {
		t.Error("status tells another stream than the one who waited saw")
	}
	c.whole(say("status", id, "--output", "json"))
	c.whole(say("report", id, "--output", "json"))
	c.whole(say("verify", id, "--output", "json"))

	d := newDesk(t)
	for _, format := range []string{"json", "ndjson"} {
		e := d.must(0, "rehearse", "--auto", "--speed", hurry, "--output", format)
		if format == "json" {
			c.whole(e.out)
		} else {
			c.lines(e.out)
			says(t, e.out, "\n"+`{"type":"score",`)
		}
	}
	c.whole(s.told)
	first := openTriggers(t, crashBinary(t), stage{scenarioName, crashSpeed, settings})
	shut := heard(first.command("contain", "acme/shop", "--workflow", "pr-checks.yml", "--output", "json"))
	if shut.code != 0 {
		t.Errorf("contain: exit %d\n%s", shut.code, shut.said)
	}
	c.whole(shut.out)
	c.all()
}

// recorded is a stream without the lines that are no records: that a provider made
// somebody wait is told only to them.
func recorded(stream string) string {
	var out strings.Builder
	for line := range strings.Lines(stream) {
		if !strings.HasPrefix(line, `{"type":"pause",`) {
			out.WriteString(line)
		}
	}
	return out.String()
}

// conform holds outputs against the documents in docs/schema, which are read more
// strictly than readers should: what they do not name must not be there.
type conform struct {
	t       *testing.T
	mu      sync.Mutex
	schemas map[string]*jsonschema.Schema // by the name that outputs carry
	seen    map[string]int
}

func newConform(t *testing.T) *conform {
	t.Helper()
	c := &conform{t: t, schemas: map[string]*jsonschema.Schema{}, seen: map[string]int{}}
	files, err := filepath.Glob(filepath.Join("..", "..", "docs", "schema", "*.json"))
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".json")
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(read(t, f)))
		if err != nil {
			t.Fatal(err)
		}
		for _, def := range doc.(map[string]any)["$defs"].(map[string]any) {
			if m := def.(map[string]any); m["properties"] != nil {
				m["additionalProperties"] = false
			}
		}
		compiler := jsonschema.NewCompiler()
		compiler.AssertFormat()
		if err := compiler.AddResource(f, doc); err != nil {
			t.Fatal(err)
		}
		i := strings.LastIndexByte(name, '-')
		if c.schemas["firebreak."+name[:i]+"/"+name[i+1:]], err = compiler.Compile(f); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// whole checks one JSON document by the schema it names.
func (c *conform) whole(text string) {
	c.t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	m, ok := v.(map[string]any)
	if err != nil || !ok {
		c.t.Errorf("no JSON object: %v\n%.300s", err, text)
		return
	}
	c.check(fmt.Sprint(m["schema"]), v)
}

// lines checks a stream, whose first line names the schema of all.
func (c *conform) lines(text string) {
	c.t.Helper()
	name, kinds := "", map[string]bool{}
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		m, ok := v.(map[string]any)
		if err != nil || !ok {
			c.t.Errorf("line %d is no JSON object: %v\n%.300s", i+1, err, line)
			return
		}
		if i == 0 {
			name = fmt.Sprint(m["schema"])
		}
		if want := fmt.Sprintf(`{"type":"%v",`, m["type"]); !strings.HasPrefix(line, want) {
			c.t.Errorf("line %d does not begin with %s, by which shells know it: %.80s", i+1, want, line)
		}
		kinds[fmt.Sprint(m["type"])] = true
		c.check(name, v)
	}
	for _, k := range []string{"version", "opened", "planned", "intent", "outcome", "verified", "surveyed", "closed"} {
		if !kinds[k] {
			c.t.Errorf("no line is a %q", k)
		}
	}
}

func (c *conform) check(name string, v any) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.schemas[name]
	if s == nil {
		c.t.Errorf("no document in docs/schema is called %q", name)
		return
	}
	c.seen[name]++
	if err := s.Validate(v); err != nil {
		c.t.Errorf("%s: %.2000v", name, err)
	}
}

// all: a document that no output was held against proves nothing.
func (c *conform) all() {
	c.t.Helper()
	for _, name := range slices.Sorted(maps.Keys(c.schemas)) {
		if c.seen[name] == 0 {
			c.t.Errorf("nothing was held against %s", name)
		}
	}
}
