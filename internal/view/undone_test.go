package view

import (
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/evidence"
	"github.com/firebreak/firebreak/internal/plan"
)

// Who is named, of whom it is not told, and what nobody knows are three things.
func TestUndoingsInWords(t *testing.T) {
	at := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	got := Markdown(remarks(evidence.Action{Undone: 3, Undoings: []evidence.Undoing{
		{By: []plan.Doer{{Who: "mallory|<b>", Event: "workflows.enable_workflow", At: at}}}, {Unknown: "GitHub does not say who (404)"}, {},
	}}))
	for _, want := range []string{"undone by somebody 3 times", "mallory", "workflows", "GitHub does not say who", "of 1 time it is not known by whom"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
	if strings.Contains(got, "<b>") {
		t.Errorf("not escaped: %q", got)
	}
	if old := undoings(2, nil); !strings.Contains(old, "of 2 times it is not known by whom") {
		t.Errorf("an incident that asked nobody: %q", old)
	}
}
