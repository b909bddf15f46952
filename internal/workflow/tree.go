package workflow

import (
	"bytes"
	"errors"
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// maxNodes bounds what a file unfolds to when its aliases are followed. The
// largest real workflow files have a few thousand nodes; a file with nested
// aliases can name billions.
const maxNodes = 200_000

// text is a file's text after the byte order mark is gone and line ends are "\n".
type text struct {
	raw  []byte
	src  string // the same text; made by index
	root *yaml.Node

	lastOffset int
	lines      []int // byte offset of each line's start; filled by index
	last       Pos   // of lastOffset, see pos
	nodes      []Pos // where YAML nodes begin, in the order of the file; filled by list
}

func newText(src []byte) *text {
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	if bytes.Contains(src, []byte("\r\n")) {
		src = bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))
	}
	return &text{raw: src}
}

// index finds the lines, which only a file with a reference or a problem needs.
func (t *text) index() {
	if t.lines != nil {
		return
	}
	t.src = string(t.raw)
	t.lines = make([]int, 1, 1+strings.Count(t.src, "\n"))
	for at := 0; ; {
		i := strings.IndexByte(t.src[at:], '\n')
		if i < 0 {
			return
		}
		at += i + 1
		t.lines = append(t.lines, at)
	}
}

// offset is the byte offset of a place whose column counts characters, as the YAML parser's do.
func (t *text) offset(p Pos) int {
	t.index()
	if p.Line < 1 || p.Line > len(t.lines) {
		return len(t.src)
	}
	i := t.lines[p.Line-1]
	for c := 1; c < p.Column && i < len(t.src) && t.src[i] != '\n'; c++ {
		_, n := utf8.DecodeRuneInString(t.src[i:])
		i += n
	}
	return i
}

// pos is the place of a byte offset. It counts on from the last one on the same line:
// a line can hold tens of thousands.
func (t *text) pos(offset int) Pos {
	t.index()
	line := sort.SearchInts(t.lines, offset+1)
	from, column := t.lines[line-1], 1
	if t.last.Line == line && t.lastOffset <= offset {
		from, column = t.lastOffset, t.last.Column
	}
	t.last, t.lastOffset = Pos{Line: line, Column: column + utf8.RuneCountInString(t.src[from:offset])}, offset
	return t.last
}

// within is where part stands in the text of the node that begins at p, searching
// from cursor on; -1 when the node's text is escaped and does not hold it. A block
// is indented and folded in the file, so white space may differ.
func (t *text) within(p Pos, cursor int, part string) int {
	if t.nodes == nil && t.root != nil {
		t.list(t.root)
	}
	start := t.offset(p)
	end := len(t.src)
	if i := sort.Search(len(t.nodes), func(i int) bool { return comparePos(t.nodes[i], p) > 0 }); i < len(t.nodes) {
		end = t.offset(t.nodes[i])
	}
	start = max(start, cursor)
	if start > end {
		return -1
	}
	if i := strings.Index(t.src[start:end], part); i >= 0 {
		return start + i
	}
	if len(part) > longest {
		return -1
	}
	for at := start; ; {
		i := strings.Index(t.src[at:end], "${{")
		if i < 0 {
			return -1
		}
		at += i + len("${{")
		if n := advance(t.src[at:end], part); n >= 0 {
			return at
		}
	}
}

// longest is the longest expression looked for with other white space.
const longest = 4096

// advance gives how far s reaches when it is part but for white space; -1 when it is not.
func advance(s, part string) int {
	i := 0
	for j := 0; j < len(part); j++ {
		if space(part[j]) {
			continue
		}
		for i < len(s) && space(s[i]) {
			i++
		}
		if i >= len(s) || s[i] != part[j] {
			return -1
		}
		i++
	}
	return i
}

func space(c byte) bool { return c == ' ' || c == '\n' || c == '\t' }

// inside is the offset of the place in the text that corresponds to offset in
// part, where part stands at the given offset but for white space.
func (t *text) inside(at int, part string, offset int) int {
	if strings.HasPrefix(t.src[at:], part) {
		return at + offset
	}
	n := max(advance(t.src[at:], part[:offset]), 0)
	for at+n < len(t.src) && space(t.src[at+n]) {
		n++
	}
	return at + n
}

// line is a line of the text, "" when there is none.
func (t *text) line(n int) string {
	t.index()
	if n < 1 || n > len(t.lines) {
		return ""
	}
	s := t.src[t.lines[n-1]:]
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		s = s[:i]
	}
	return s
}

var errAliases = errors.New("aliases unfold without end or to more than this program reads; write the values out")

// tree parses the text as YAML and makes sure that walking it ends.
func (t *text) tree() (*yaml.Node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(t.raw, &doc); err != nil {
		return nil, fmt.Errorf("parse YAML: %w", err)
	}
	if len(doc.Content) == 0 {
		return nil, errors.New("the file is empty")
	}
	root := doc.Content[0]
	if nodes, aliases := size(root); aliases > 0 || nodes > maxNodes {
		budget := maxNodes
		if !measure(root, map[*yaml.Node]bool{}, &budget) {
			return nil, errAliases
		}
	}
	t.root = root
	return root, nil
}

// size counts the nodes of a tree, and the aliases among them.
func size(n *yaml.Node) (nodes, aliases int) {
	if n.Kind == yaml.AliasNode {
		return 1, 1
	}
	nodes = 1
	for _, c := range n.Content {
		x, y := size(c)
		nodes, aliases = nodes+x, aliases+y
	}
	return nodes, aliases
}

// list notes where every node begins.
func (t *text) list(n *yaml.Node) {
	t.nodes = append(t.nodes, Pos{n.Line, n.Column})
	for _, c := range n.Content {
		t.list(c)
	}
}

// measure says whether following every alias comes to an end within the budget.
func measure(n *yaml.Node, open map[*yaml.Node]bool, budget *int) bool {
	*budget--
	if *budget < 0 || open[n] {
		return false
	}
	if n.Kind == yaml.AliasNode {
		open[n] = true
		defer delete(open, n)
		return measure(n.Alias, open, budget)
	}
	if n.Anchor != "" {
		open[n] = true
		defer delete(open, n)
	}
	for _, c := range n.Content {
		if !measure(c, open, budget) {
			return false
		}
	}
	return true
}
