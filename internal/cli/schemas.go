package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/approval"
	"github.com/firebreak/firebreak/internal/evidence"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/rehearse"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/schema"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/view"
)

// output is one of our JSON forms.
type output struct {
	Name  string // as its field schema says
	Title string
	Given string // by which commands
	of    reflect.Type
}

// outputs is the one list: the documents in docs/schema, docs/json.md and the command
// schema come from it.
func outputs() []output {
	return []output{
		{view.IncidentSchema, "Where an incident stands", "`run`, `resume`, `status` with `--output json`, and `contain` with `--idempotency-key`", reflect.TypeFor[view.Incident]()},
		{view.EventsSchema, "One line of a stream of events", "`run`, `resume`, `status`, `contain`, `rehearse` with `--output ndjson`", nil},
		{view.ContainmentSchema, "What containment met and did", "`contain --output json`", reflect.TypeFor[view.Containment]()},
		{rehearse.ReportSchema, "How a rehearsal ended", "`rehearse --output json`", reflect.TypeFor[rehearse.Report]()},
		{inventory.Schema, "Who reaches what", "`inventory --output json`", reflect.TypeFor[inventory.Inventory]()},
		{view.AddedSchema, "What two surveys say was added between them", "`inventory --added-since --output json`", reflect.TypeFor[view.Added]()},
		{inventory.DriftSchema, "What is another than in an earlier inventory", "`inventory --baseline --output json`", reflect.TypeFor[inventory.Drift]()},
		{view.BoundarySchema, "What is wrong with the workflows' boundaries", "`boundary --output json`", reflect.TypeFor[view.Boundary]()},
		{plan.Schema, "Everything that would be done", "`plan --output json`, `plan -o`", reflect.TypeFor[plan.Plan]()},
		{snapshot.Schema, "What the providers listed at one moment", "`survey`", reflect.TypeFor[snapshot.Snapshot]()},
		{evidence.ReportSchema, "What happened in an incident", "`report --output json`", reflect.TypeFor[evidence.Report]()},
		{evidence.VerificationSchema, "What an incident's folder proves", "`verify --output json`", reflect.TypeFor[evidence.Verification]()},
		{approval.Schema, "An approval and its signatures", "`approve`", reflect.TypeFor[approval.File]()},
		{exerciseSchema, "How a walk through a plan went that sent nothing", "`run --dry-run --output json`", reflect.TypeFor[exerciseTold]()},
		{worldSchema, "A world that is being served", "`world --output json`", reflect.TypeFor[worldTold]()},
		{versionSchema, "The program's version", "`version --output json`", reflect.TypeFor[versionTold]()},
	}
}

// File is the document's name in docs/schema: "incident-1.json".
func (o output) File() string {
	return strings.ReplaceAll(strings.TrimPrefix(o.Name, "firebreak."), "/", "-") + ".json"
}

// lines are the types of a stream's events, by what the line calls them.
func lines() map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for _, d := range []respond.Data{
		respond.Opened{}, respond.Planned{}, respond.Approved{}, respond.Answered{}, respond.Intended{}, respond.Outcome{}, respond.Settled{}, respond.Verified{},
		respond.Surveyed{}, respond.Fired{}, respond.Overridden{}, respond.Resumed{}, respond.HandedOver{}, respond.Paused{}, respond.Closed{},
	} {
		out[respond.Event{Data: d}.Kind()] = reflect.TypeOf(d)
	}
	return out
}

// described are the folders whose types are in our JSON.
var described = []string{
	"internal/view", "internal/rehearse", "internal/inventory", "internal/plan", "internal/snapshot", "internal/evidence", "internal/journal",
	"internal/approval", "internal/respond", "internal/drive/dry", "internal/scene", "internal/cli",
}

// document makes the JSON Schema document of an output. module is the folder of the
// sources, which hold the descriptions.
func (o output) document(module string) ([]byte, error) {
	comments, err := schema.Read(os.DirFS(module), described...)
	if err != nil {
		return nil, err
	}
	options := schema.Options{Comments: comments, Instead: map[string]reflect.Type{
		"respond.Planned.Bytes": reflect.TypeFor[plan.Plan](), "view.ScoreRecord.Score": reflect.TypeFor[rehearse.Report](),
	}}
	var n schema.Node
	if o.of != nil {
		n, err = schema.Of(o.Name, o.Title, o.of, options)
	} else {
		heads := map[string]reflect.Type{"version": reflect.TypeFor[view.VersionRecord](), "pause": reflect.TypeFor[view.PauseRecord](), "score": reflect.TypeFor[view.ScoreRecord]()}
		n, err = schema.Stream(o.Name, o.Title, heads, reflect.TypeFor[view.EventRecord](), lines(), options)
	}
	if err != nil {
		return nil, err
	}
	b, err := json.MarshalIndent(n, "", "  ")
	return append(b, '\n'), err
}

// jsonMarkdown is docs/json.md: every field of every document.
func jsonMarkdown(folder string) ([]byte, error) {
	var b strings.Builder
	b.WriteString("<!-- Generated from the documents in docs/schema by make generate. -->\n# JSON that scripts may rely on\n\n" +
		"Every output names its schema and version. Fields are added, never renamed or removed; a reader ignores those it does not know. " +
		"Where a text has a list of words, more may be added. The documents in [schema](schema) are JSON Schema; the program prints them too: `firebreak schema incident`.\n\n" +
		"A field marked *maybe* is left out where it has nothing to say. Times are RFC 3339, spans are like `1m30s`, digests are SHA-256 in hex.\n")
	for _, o := range outputs() {
		text, err := os.ReadFile(filepath.Join(folder, o.File()))
		if err != nil {
			return nil, err
		}
		rows, err := schema.Table(text)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s. Given by %s. [%s](schema/%s)\n", o.Name, o.Title, o.Given, o.File(), o.File())
		if o.of == nil {
			fmt.Fprintf(&b, "\nThe first line has the type `version`; in a rehearsal the last has the type `score`. A line of the type `pause` says that a provider makes us wait; it is no record, and has no number. Every other is one record of the journal, with the record's number and time; `data` is by `type`:\n\n| type | data |\n|---|---|\n")
			all := lines()
			for _, k := range slices.Sorted(maps.Keys(all)) {
				fmt.Fprintf(&b, "| `%s` | %s |\n", k, all[k])
			}
		}
		of := ""
		for i, r := range rows {
			if i == 0 || r.Of != of {
				of = r.Of
				fmt.Fprintf(&b, "\n**%s**%s\n\n| field | type | |\n|---|---|---|\n", of, r.About)
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.Field, r.Type, r.Text)
		}
	}
	return []byte(b.String()), nil
}

// findOutput gives an output by its name, with or without "firebreak." and version.
func findOutput(name string) (output, error) {
	all := outputs()
	for _, o := range all {
		short, _, _ := strings.Cut(strings.TrimPrefix(o.Name, "firebreak."), "/")
		if slices.Contains([]string{o.Name, strings.TrimPrefix(o.Name, "firebreak."), short}, name) {
			return o, nil
		}
	}
	return output{}, fault(Usage, "firebreak schema lists them", "there is no schema %q", name)
}
