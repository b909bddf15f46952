package workflow

// ParseAction reads the metadata file of an action (action.yml). Like Parse it
// never fails.
func ParseAction(name string, src []byte) *Action {
	a := &Action{Path: name}
	t := newText(src)
	root, w := read(name, t, inAction, &a.Problems)
	if root == nil {
		a.Broken = true
		a.Refs = t.scan()
		return a
	}
	a.Name = scalar(value(root, "name"))
	a.Refs = w.of(func(string) bool { return true })
	runs := value(root, "runs")
	a.Using = scalar(value(runs, "using"))
	a.Inputs = defaults(value(root, "inputs"))
	a.Steps = steps(value(runs, "steps"))
	a.Images = image("action", runs)
	return a
}
