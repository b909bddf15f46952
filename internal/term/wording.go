package term

import (
	"fmt"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/view"
)

// wordDetails is a choice of the terminal alone: it shows more and asks again.
const wordDetails = "details"

// labels are what a person reads for the decider's choices.
var labels = map[string]string{
	"go":         "Go ahead",
	"some":       "One by one",
	"skip":       "Skip, with a reason",
	"retry":      "Try again",
	"settle-yes": "It happened",
	"settle-no":  "It did not happen",
	"override":   "Override this gate, with a reason",
	"done":       "It is done",
	"value":      "Paste the value",
	"look":       "Only look whether it is done",
	"none":       "Nobody has it",
	"pause":      "Pause here; resume later",
	wordDetails:  "Show details",
}

// choices gives the decider's choices with "details" before the last where there
// is something to show.
func choices(a respond.Ask) []option {
	words := slices.Clone(a.Choices)
	if len(a.Actions) > 0 {
		words = slices.Insert(words, max(0, len(words)-1), wordDetails)
	}
	if !slices.Contains(words, "pause") {
		words = append(words, "pause")
	}
	out := make([]option, len(words))
	for i, w := range words {
		label, ok := labels[w]
		if !ok {
			label = w
		}
		out[i] = option{w, label}
	}
	return out
}

func question(a respond.Ask) string {
	//exhaustive:enforce
	switch a.Kind {
	case respond.Confirm:
		return fmt.Sprintf("%s: %s %s", a.Step, quantity(len(a.Actions), string(a.Effect)+" action"), again(a))
	case respond.Failed:
		return "This is not done, for the reason above. What now?"
	case respond.InDoubt:
		return "It cannot be told whether this happened. What do you know?"
	case respond.GateHeld:
		return fmt.Sprintf("Gate %s does not hold. What now?", a.Gate)
	case respond.OldValue:
		return "Can you paste the old value, so that its death can be probed?"
	case respond.Assist:
		return "Carried out?"
	}
	return string(a.Kind)
}

func again(a respond.Ask) string {
	if a.Again {
		return "(again: what would be done has changed)"
	}
	return ""
}

// introduce is what stands above the question.
func introduce(a respond.Ask) string {
	var b strings.Builder
	b.WriteByte('\n')
	text := strings.TrimSuffix(a.Text, " "+strings.Join(a.Why, "; ")) // they stand below, one a line
	for _, l := range strings.Split(text, "\n") {
		if l != "" {
			b.WriteString(view.Line(l) + "\n")
		}
	}
	for _, w := range a.Why {
		b.WriteString("  - " + view.Line(w) + "\n")
	}
	for i, x := range a.Actions {
		if i == 12 {
			fmt.Fprintf(&b, "  and %d more; details shows all\n", len(a.Actions)-i)
			break
		}
		fmt.Fprintf(&b, "  %s  %s\n", view.Line(x.Use), view.Line(targetName(x)))
		if x.Breaks != "" {
			fmt.Fprintf(&b, "      breaks: %s\n", view.Line(x.Breaks))
		}
		if x.Assisted != nil {
			if !strings.Contains(a.Text, x.Assisted.Instructions) {
				fmt.Fprintf(&b, "      %s\n", view.Line(x.Assisted.Instructions))
			}
			if x.Assisted.Link != "" {
				fmt.Fprintf(&b, "      %s\n", view.Line(x.Assisted.Link))
			}
		}
	}
	return b.String()
}

func details(a respond.Ask) string {
	var b strings.Builder
	for _, x := range a.Actions {
		b.WriteString("\n" + view.Details(x))
	}
	return b.String()
}

func targetName(a *plan.Action) string { return view.TargetName(a) }

func quantity(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
