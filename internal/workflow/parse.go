package workflow

import (
	"fmt"
	"path"
	"strings"

	"github.com/firebreak/firebreak/internal/diag"
	"go.yaml.in/yaml/v4"
)

// IsWorkflow says whether GitHub takes a file for a workflow.
// Source: GitHub Docs, "About workflows": .yml or .yaml in .github/workflows, no subfolders.
func IsWorkflow(name string) bool {
	ext := path.Ext(name)
	return path.Dir(name) == ".github/workflows" && (ext == ".yml" || ext == ".yaml")
}

// IsAction says whether a file is an action's metadata.
func IsAction(name string) bool {
	base := path.Base(name)
	return base == "action.yml" || base == "action.yaml"
}

// Parse reads a workflow file. The path is only a name. It never fails: see
// File.Problems and File.Broken.
func Parse(name string, src []byte) *File {
	f := &File{Path: name}
	t := newText(src)
	if gaveUp := survive(func() { f.read(t) }); gaveUp != "" {
		*f = File{Path: name, Broken: true, Refs: t.scan()}
		f.Problems.Add(diag.Diagnostic{File: name, Message: gaveUp, Hint: "its secrets were found by their text"})
	}
	return f
}

func (f *File) read(t *text) {
	root, w := read(f.Path, t, inWorkflow, &f.Problems)
	if root == nil {
		f.Broken = true
		f.Refs = t.scan()
		return
	}
	f.structure(root, w)
	if f.Broken = len(f.Jobs) == 0; f.Broken {
		f.Problems.Add(diag.Diagnostic{File: f.Path, Line: root.Line, Column: root.Column, Message: "no job could be read in this file", Hint: "a workflow has a mapping of jobs under the key jobs"})
	}
	f.Problems.Sort()
}

// survive runs what reads an attacker's file with parsers we did not write: a panic of
// theirs must cost this file's structure and not the whole response. It says so, or "".
func survive(read func()) (gaveUp string) {
	defer func() {
		if p := recover(); p != nil {
			gaveUp = fmt.Sprintf("the parser gave up: %v", p)
		}
	}()
	read()
	return ""
}

// read parses the tree and collects its references; nil when there is no tree.
func read(name string, t *text, place func([]string) place, problems *diag.List) (*yaml.Node, *walker) {
	root, err := t.tree()
	if err == nil && root.Kind != yaml.MappingNode {
		err = fmt.Errorf("the file is a %s, not a mapping", kinds[root.Kind])
	}
	if err != nil {
		problems.Add(diag.Diagnostic{File: name, Message: err.Error(), Hint: "GitHub does not run this file; its secrets were found by their text"})
		return nil, nil
	}
	w := &walker{text: t, place: place, problems: problems, file: name}
	w.walk(root)
	return root, w
}

var kinds = map[yaml.Kind]string{yaml.SequenceNode: "list", yaml.ScalarNode: "single value", yaml.AliasNode: "alias"}

// scan finds references by text alone, outside of YAML comments.
func (t *text) scan() []Ref {
	t.index()
	var out []Ref
	for i := range t.lines {
		l := t.line(i + 1)
		if strings.HasPrefix(strings.TrimSpace(l), "#") {
			continue
		}
		for _, u := range scan(l) {
			if u.kind == All {
				continue // without a tree, the word alone is most often a key
			}
			out = append(out, Ref{Kind: u.kind, Name: u.name, How: HowOther, Level: "workflow", Step: -1, Value: l, Pos: t.pos(t.lines[i] + u.offset)})
		}
	}
	return out
}

func find(vars []Var, name string) (Var, bool) {
	for _, v := range vars {
		if strings.EqualFold(v.Name, name) {
			return v, true
		}
	}
	return Var{}, false
}
