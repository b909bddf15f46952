// Package document reads YAML files strictly and keeps the place of everything in
// them, so that each mistake can be told where it stands, and all of them at once.
//
// Start with Open. A Node's methods give what is there, or report what should have
// been there and give a zero value, so that a reader goes on and finds the next
// mistake. Problems then has them all. Anchors, aliases, tags and several documents
// in one file are refused: what is approved must be what is read.
package document

import (
	"bytes"
	"errors"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/firebreak/firebreak/internal/diag"
)

// Document is one file with the problems found in it so far.
type Document struct {
	Source   *diag.Source
	Problems diag.List
}

// Open parses b. ok is false when there is nothing to go on with; Problems says why.
func Open(file string, b []byte) (d *Document, root Node, ok bool) {
	d = &Document{Source: diag.NewSource(file, b)}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if !d.indented(b) {
		return d, Node{}, false
	}
	f, err := parser.ParseBytes(b, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		d.syntax(err)
		return d, Node{}, false
	}
	var bodies []ast.Node
	for _, doc := range f.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.CommentType {
			bodies = append(bodies, doc.Body)
		}
	}
	switch len(bodies) {
	case 0:
		d.Problems.Add(d.Source.At(1, 1, "the file is empty", "it begins with `version: 1`"))
		return d, Node{}, false
	case 1:
	default:
		n := Node{d, bodies[1]}
		n.Report("there is a second YAML document in this file", "keep one document a file; remove the `---` line")
	}
	return d, Node{d, bodies[0]}, true
}

// indented reports tabs used as indentation: YAML forbids them, and its own error
// for them names another place.
func (d *Document) indented(b []byte) bool {
	before := len(d.Problems)
	for i, line := range strings.Split(string(b), "\n") {
		space := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		if col := strings.IndexByte(space, '\t'); col >= 0 && strings.TrimSpace(line) != "" {
			d.Problems.Add(d.Source.At(i+1, col+1, "a tab is used for indentation", "YAML indents with spaces; use two"))
		}
	}
	return len(d.Problems) == before
}

func (d *Document) syntax(err error) {
	var y yaml.Error
	if !errors.As(err, &y) || y.GetToken() == nil {
		d.Problems.Add(d.Source.At(0, 0, "this is not YAML: "+err.Error(), ""))
		return
	}
	p := y.GetToken().Position
	d.Problems.Add(d.Source.At(p.Line, max(p.Column, 1), "this is not YAML: "+y.GetMessage(), "check the indentation and quotes here and on the line above"))
}
