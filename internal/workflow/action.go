package workflow

import "github.com/firebreak/firebreak/internal/diag"

// ParseAction reads the metadata file of an action (action.yml). Like Parse it
// never fails.
func ParseAction(name string, src []byte) *Action {
	a := &Action{Path: name}
	t := newText(src)
	if gaveUp := survive(func() { a.read(t) }); gaveUp != "" {
		*a = Action{Path: name, Broken: true, Refs: t.scan()}
		a.Problems.Add(diag.Diagnostic{File: name, Message: gaveUp, Hint: "its secrets were found by their text"})
	}
	return a
}

func (a *Action) read(t *text) {
	root, w := read(a.Path, t, inAction, &a.Problems)
	if root == nil {
		a.Broken = true
		a.Refs = t.scan()
		return
	}
	a.Name = scalar(value(root, "name"))
	a.Refs = w.of(func(string) bool { return true })
	runs := value(root, "runs")
	a.Using = scalar(value(runs, "using"))
	a.Inputs = defaults(value(root, "inputs"))
	a.Steps = steps(value(runs, "steps"))
	a.Images = image("action", runs)
}
