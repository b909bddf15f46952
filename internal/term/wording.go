package term

import (
	"fmt"
	"slices"

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
	"hand-over":  "Hand over to somebody else",
	"pause":      "Pause here; resume later",
	wordDetails:  "Show details, and a message to send",
	wordWhere:    "Where am I? (?)",
}

// leaving are the choices that end the sitting; they stand last.
var leaving = []string{"hand-over", "pause"}

// choices gives the decider's choices, the terminal's own, and those that end the
// sitting, in this order.
func choices(a respond.Ask) []option {
	words := slices.DeleteFunc(slices.Clone(a.Choices), func(w string) bool { return slices.Contains(leaving, w) })
	if len(a.Actions) > 0 {
		words = append(words, wordDetails)
	}
	words = append(words, wordWhere)
	if slices.Contains(a.Choices, "hand-over") {
		words = append(words, "hand-over")
	}
	words = append(words, "pause")
	out := make([]option, len(words))
	for i, w := range words {
		label, ok := labels[w]
		if !ok {
			label = w
		}
		if w == "retry" && a.Kind == respond.Assist {
			label = "Paste another old value"
		}
		out[i] = option{w, label}
	}
	return out
}

// question is the line right above the choices.
func question(a respond.Ask) string {
	//exhaustive:enforce
	switch a.Kind {
	case respond.Confirm:
		return fmt.Sprintf("%s: go ahead with %s?%s", a.Step, view.Count(len(a.Actions), string(a.Effect)+" action"), again(a))
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
		return " (again: what would be done has changed)"
	}
	return ""
}

func targetName(a *plan.Action) string { return view.TargetName(a) }
