package view

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/firebreak/firebreak/internal/inventory"
)

func told(folders ...string) Boundary {
	b := Boundary{Schema: BoundarySchema, Rules: []RuleTold{{"r", "Why it is so.", "do less", true}, {"s", "Why.", "do more", false}}}
	for i, folder := range folders {
		b.Findings = append(b.Findings, FindingTold{Finding: inventory.Finding{
			Rule: "r", Severity: "critical", Folder: folder, Path: ".github/workflows/a b:é.yml", Line: 3, Column: 5 + i, Job: "build", Fingerprint: "00000000000000aa",
			Message: "see [this](https://evil.example) \\ \x1b[31m", Fix: "do [less]",
		}, Snippet: "    é: \"x\""})
	}
	b.Open = len(b.Findings)
	b.Findings = append(b.Findings, FindingTold{Finding: inventory.Finding{
		Rule: "s", Severity: "unknown", Folder: folders[0], Path: "action.yml", Fingerprint: "00000000000000bb", Message: "m",
		Accepted: &inventory.Acceptance{Reason: "known", Owner: "alice", Expires: "2099-01-01T00:00:00Z"},
	}})
	return b
}

func TestSARIFHoldsWhatCodeScanningReads(t *testing.T) {
	run := newSARIF("1.0", told(".")).Runs[0]
	r, s := run.Results[0], run.Results[1]
	if got := r.Message.Text; got != `see \[this\](https://evil.example) \\ \\x1b\[31m. To mend it: do \[less\]` {
		t.Errorf("message %s", got)
	}
	if got := r.Locations[0].Physical.Artifact.URI; got != ".github/workflows/a%20b:%C3%A9.yml" {
		t.Errorf("uri %s", got)
	}
	if r.Level != "error" || s.Level != "warning" || len(r.Suppressions) != 0 || r.Suppressions == nil || s.Suppressions[0].Justification != "known" || s.Suppressions[0].Bag["owner"] != "alice" {
		t.Errorf("%+v\n%+v", r, s)
	}
	if r.Fingerprints["primaryLocationLineHash"] != "00000000000000aa:1" || run.Tool.Driver.Rules[r.RuleIndex].ID != "r" || run.Tool.Driver.Rules[s.RuleIndex].ID != "s" {
		t.Errorf("%+v", r)
	}
	if run.Tool.Driver.Rules[0].Bag["security-severity"] != "9.5" || s.Locations[0].Physical.Region.Line != 1 {
		t.Errorf("%+v", run.Tool.Driver.Rules[0])
	}
	several := newSARIF("1.0", told("/home/a/shop", "../web"))
	for i, want := range []string{"home/a/shop/.github/workflows/a%20b:%C3%A9.yml", "web/.github/workflows/a%20b:%C3%A9.yml"} {
		if got := several.Runs[0].Results[i].Locations[0].Physical.Artifact.URI; got != want {
			t.Errorf("uri %s", got)
		}
	}
}

func TestSARIFStaysWithinTheLimits(t *testing.T) {
	b := told(".")
	for len(b.Findings) <= mostResults+7 {
		b.Findings = append(b.Findings, b.Findings[0])
	}
	run := newSARIF("1.0", b).Runs[0]
	if len(run.Results) != mostResults || len(run.Invocations[0].Notifications) != 1 || !strings.HasPrefix(run.Invocations[0].Notifications[0].Message.Text, "8 more") {
		t.Errorf("%d results, %+v", len(run.Results), run.Invocations)
	}
}

// TestSARIFFollowsTheStandard holds a log against OASIS's own schema, which is not
// ours to ship.
func TestSARIFFollowsTheStandard(t *testing.T) {
	file := os.Getenv("FIREBREAK_SARIF_SCHEMA")
	if file == "" {
		t.Skip("SKIPPED: set FIREBREAK_SARIF_SCHEMA to OASIS's sarif-schema-2.1.0.json to run this")
	}
	schema, err := jsonschema.NewCompiler().Compile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []Boundary{told("."), told("a", "b"), {Schema: BoundarySchema}} {
		var out bytes.Buffer
		if err := SARIF(&out, "1.0", b); err != nil {
			t.Fatal(err)
		}
		log, err := jsonschema.UnmarshalJSON(&out)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(log); err != nil {
			t.Error(err)
		}
	}
}
