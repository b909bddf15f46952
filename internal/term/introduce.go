package term

import (
	"fmt"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/view"
)

// page is what may stand above a question: lines of width columns, as many as leave
// the question on the screen with them.
type page struct {
	width, lines int
	state        *respond.State // nil in a test
}

// least is how many lines are said above a question on the smallest of screens.
const least = 6

// above says where the incident stands and what is asked: what, to what, whether it
// can be undone, what it breaks and for whom. Lines are broken and escaped. What
// finds no room is counted, and details has it.
func (g page) above(a respond.Ask) string {
	head := g.lead(a)
	left := max(least, g.lines) - len(head)
	var full, brief [][]string
	for _, x := range a.Actions {
		full = append(full, g.block(a, x))
		brief = append(brief, g.fit("  "+view.Line(x.Use)+"  "+view.Line(targetName(x))))
	}
	lines := head
	if len(a.Actions) == 1 || height(full) <= left {
		return joined(append(lines, flat(full)...))
	}
	common := g.common(a)
	for i, b := range brief {
		if i > 0 && height(brief[:i+1])+len(common)+1 > left && i < len(brief) {
			lines = append(lines, fmt.Sprintf("  and %d more; details shows all", len(brief)-i))
			break
		}
		lines = append(lines, b...)
	}
	return joined(append(lines, common...))
}

// lead is where the incident stands, and what happened or is wanted.
func (g page) lead(a respond.Ask) []string {
	out := []string{""}
	if g.state != nil {
		out = append(out, g.fit(strings.TrimSuffix(view.WhereShort(view.Style{}, g.state), "\n"))...)
	}
	if a.Kind == respond.Confirm && !a.Again && slices.Contains(a.Choices, "go") {
		return out // the question says it
	}
	text := strings.TrimSuffix(a.Text, " "+strings.Join(a.Why, "; ")) // they stand below, one a line
	for l := range strings.SplitSeq(text, "\n") {
		if l != "" {
			out = append(out, g.fit(view.Line(l))...)
		}
	}
	for _, w := range a.Why {
		out = append(out, g.fit("  - "+view.Line(w))...)
	}
	return out
}

// block is one action: what, to what, undoable or not, what it breaks and for whom.
func (g page) block(a respond.Ask, x *plan.Action) []string {
	out := g.fit("  " + view.Line(x.Use) + "  " + view.Line(targetName(x)))
	add := func(text string) { out = append(out, g.fit("      "+text)...) }
	if t := g.tried(a, x); t != "" {
		add(t)
	}
	if x.Assisted == nil && a.Kind != respond.OldValue {
		add(view.Undo(x))
	}
	if c := g.concern(x); c != "" {
		add(c)
	}
	if x.Assisted != nil {
		if !strings.Contains(a.Text, x.Assisted.Instructions) {
			add(view.Line(x.Assisted.Instructions))
		}
		if x.Assisted.Link != "" {
			add(view.Line(x.Assisted.Link))
		}
	}
	return out
}

// tried says of a failed or doubtful action what was sent last, and when.
func (g page) tried(a respond.Ask, x *plan.Action) string {
	if g.state == nil || a.Kind != respond.Failed && a.Kind != respond.InDoubt {
		return ""
	}
	for i := range g.state.Actions {
		t := g.state.Actions[i].Attempts
		if g.state.Actions[i].Action.ID != x.ID || len(t) == 0 {
			continue
		}
		last := t[len(t)-1]
		return fmt.Sprintf("sent at %s: %s %s", last.At.UTC().Format("15:04:05"), view.Line(last.Call.Verb), view.Line(last.Call.Object))
	}
	return "nothing was sent"
}

// concern is what an action breaks and whom it concerns.
func (g page) concern(x *plan.Action) string {
	var text string
	if x.Breaks != "" {
		text = "breaks: " + view.Line(x.Breaks)
	}
	if o := view.OwnerOf(g.state, x); o.Name != "" {
		if text != "" {
			text += "; "
		}
		text += "concerns " + view.Line(o.String())
	}
	return text
}

// common says for several actions whether they can be undone, and whom they concern.
func (g page) common(a respond.Ask) []string {
	var ways, owners []string
	named := map[string][]string{} // by way, what has it
	for _, x := range a.Actions {
		way := view.Undo(x)
		ways, named[way] = once(ways, way), once(named[way], view.Line(x.Use))
		if o := view.OwnerOf(g.state, x); o.Name != "" {
			owners = once(owners, view.Line(o.String()))
		}
	}
	if len(ways) > 1 {
		ways = waysBack(ways, named)
	}
	out := g.fit("  " + strings.Join(ways, "; "))
	if len(owners) > 0 {
		out = append(out, g.fit("  concerns "+strings.Join(owners, ", "))...)
	}
	return out
}

// waysBack says of actions with different ways back which of them have none.
func waysBack(ways []string, named map[string][]string) []string {
	var lasting []string
	for _, w := range ways {
		if !strings.HasPrefix(w, "can be undone") && w != "changes nothing" {
			lasting = append(lasting, w+" ("+strings.Join(named[w], ", ")+")")
		}
	}
	switch len(lasting) {
	case 0:
		return []string{"can be undone, as details say"}
	case len(ways):
		return lasting
	}
	return append(lasting, "the others can be undone, as details say")
}

func once(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

func (g page) fit(line string) []string { return strings.Split(view.Fit(line, g.width, 2), "\n") }

func flat(blocks [][]string) []string {
	var out []string
	for _, b := range blocks {
		out = append(out, b...)
	}
	return out
}

func height(blocks [][]string) int { return len(flat(blocks)) }

func joined(lines []string) string { return strings.Join(lines, "\n") + "\n" }
