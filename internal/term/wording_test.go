package term

import (
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// What stands above a question says everything once, and breaks lines where the
// text does.
func TestIntroduce(t *testing.T) {
	task := &plan.Action{Use: "manual.task", Target: plan.Target{Name: "shop"}, Assisted: &plan.Assisted{Instructions: "Publish it."}}
	for _, c := range []struct {
		name, want string
		ask        respond.Ask
	}{
		{
			"instructions once", "\nnot there yet: 1 is not 2\nPublish it.\n  manual.task  shop\n",
			respond.Ask{Text: "not there yet: 1 is not 2\nPublish it.", Actions: []*plan.Action{task}},
		},
		{
			"instructions of each", "\ntwo tasks\n  manual.task  shop\n      Publish it.\n",
			respond.Ask{Text: "two tasks", Actions: []*plan.Action{task}},
		},
		{
			"reasons once", "\nheld back by gate x:\n  - a\n  - b\n",
			respond.Ask{Text: "held back by gate x: a; b", Why: []string{"a", "b"}},
		},
		{
			"untrusted text", "\na\\x1b[2J\nb\n",
			respond.Ask{Text: "a\x1b[2J\nb"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := (page{80, 20, nil}).above(c.ask); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Where several actions have different ways back, it is said which of them has none.
func TestWaysBack(t *testing.T) {
	cancel := &plan.Action{Use: "github.runs.cancel", Effect: plan.Disruptive, Breaks: "runs are lost"}
	freeze := &plan.Action{Use: "github.ruleset.freeze", Effect: plan.Disruptive, Breaks: "tags wait", Inverse: &plan.Inverse{Use: "github.ruleset.lift"}}
	block := &plan.Action{Use: "vault.jwt_role.block", Effect: plan.Disruptive, Breaks: "logins", Inverse: &plan.Inverse{Use: "manual.task"}}
	for want, actions := range map[string][]*plan.Action{
		"  cannot be taken back (github.runs.cancel); the others can be undone, as\n    details say\n": {cancel, freeze, block},
		"  can be undone, as details say\n":             {freeze, block},
		"  can be undone with github.ruleset.lift\n":    {freeze, freeze},
		"  can be undone by a person, as details say\n": {block, block},
	} {
		if got := (page{80, 2, nil}).above(respond.Ask{Actions: actions}); !strings.HasSuffix(got, want) {
			t.Errorf("got %q, want it to end with %q", got, want)
		}
	}
}

// No choice of the decider is shown by its word in the journal.
func TestEveryChoiceHasALabel(t *testing.T) {
	words := []string{"go", "some", "skip", "retry", "settle-yes", "settle-no", "hand-over", "pause", "override", "done", "look", "value", "none"}
	for _, o := range choices(respond.Ask{Choices: words}) {
		if o.label == o.word || strings.TrimSpace(o.label) == "" {
			t.Errorf("%s is shown as %q", o.word, o.label)
		}
	}
}

// To try again means another thing where a person ends an object by hand.
func TestAnotherOldValueIsCalledThat(t *testing.T) {
	for kind, want := range map[respond.AskKind]string{respond.Assist: "Paste another old value", respond.Failed: "Try again"} {
		if got := choices(respond.Ask{Kind: kind, Choices: []string{"retry", "pause"}})[0]; got.label != want || got.word != "retry" {
			t.Errorf("%s: %+v", kind, got)
		}
	}
}
