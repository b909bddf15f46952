package mend

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	udiff "github.com/aymanbagabas/go-udiff"
	"go.yaml.in/yaml/v4"
)

// Edit replaces the bytes Start to End of a file by New.
type Edit = udiff.Edit

// text is a file's bytes with its tree, whose places it can find again in the bytes.
type text struct {
	src   string
	lines []int // byte offset of each line's start, the byte order mark not counted
	root  *yaml.Node
	// above says for every node which mapping or list it stands in.
	above map[*yaml.Node]*yaml.Node
}

// Reasons for which a whole file is left alone.
var (
	errBreaks  = errors.New("it has line breaks of an unusual kind, in which places cannot be found again")
	errTree    = errors.New("it is no YAML mapping")
	errAnchor  = errors.New("it stands under an anchor that is used elsewhere too, and would change there")
	errLayout  = errors.New("it is laid out in a way that cannot be changed without writing it again")
	errAliased = errors.New("it is an alias: what it stands for is written elsewhere")
)

// read gives a file's text; the error says why it cannot be changed.
func read(content []byte) (*text, error) {
	if !utf8.Valid(content) || bytes.ContainsAny(content, "\u0085\u2028\u2029") || bytes.Contains(bytes.ReplaceAll(content, []byte("\r\n"), nil), []byte("\r")) {
		return nil, errBreaks
	}
	t := &text{src: string(content), above: map[*yaml.Node]*yaml.Node{}}
	start := 0
	if strings.HasPrefix(t.src, "\ufeff") {
		start = len("\ufeff")
	}
	t.lines = append(t.lines, start)
	for i := start; i < len(t.src); i++ {
		if t.src[i] == '\n' {
			t.lines = append(t.lines, i+1)
		}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(strings.ReplaceAll(t.src[start:], "\r\n", "\n")), &doc); err != nil {
		return nil, errTree
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, errTree
	}
	t.root = doc.Content[0]
	t.climb(t.root)
	return t, nil
}

func (t *text) climb(n *yaml.Node) {
	for _, c := range n.Content {
		t.above[c] = n
		t.climb(c)
	}
}

// at is the byte offset at which a node begins.
func (t *text) at(n *yaml.Node) int {
	i := t.lines[n.Line-1]
	for c := 1; c < n.Column && i < len(t.src) && t.src[i] != '\n'; c++ {
		_, size := utf8.DecodeRuneInString(t.src[i:])
		i += size
	}
	return i
}

// line gives where the line of an offset begins and where its text ends, before the line break.
func (t *text) line(offset int) (start, end int) {
	n, exact := slices.BinarySearch(t.lines, offset)
	if !exact {
		n--
	}
	start, end = t.lines[max(n, 0)], len(t.src)
	if n+1 < len(t.lines) {
		end = t.lines[n+1] - 1
	}
	if end > start && t.src[end-1] == '\r' {
		end--
	}
	return start, end
}

// next is where the line after that of an offset begins.
func (t *text) next(offset int) int {
	if i := strings.IndexByte(t.src[offset:], '\n'); i >= 0 {
		return offset + i + 1
	}
	return len(t.src)
}

// newline is how the line of an offset ends.
func (t *text) newline(offset int) string {
	if _, end := t.line(offset); strings.HasPrefix(t.src[end:], "\r\n") {
		return "\r\n"
	}
	if strings.Contains(t.src, "\r\n") && !strings.Contains(strings.ReplaceAll(t.src, "\r\n", ""), "\n") {
		return "\r\n"
	}
	return "\n"
}

// own says whether nothing but white space stands before an offset in its line.
func (t *text) own(offset int) bool {
	start, _ := t.line(offset)
	return strings.TrimLeft(t.src[start:offset], " ") == ""
}

// entry is a key of a mapping with its value, nil where there is none. Aliases are
// not followed: what one stands for is written elsewhere.
func entry(mapping *yaml.Node, name string) (key, value *yaml.Node) {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if strings.EqualFold(mapping.Content[i].Value, name) {
			return mapping.Content[i], mapping.Content[i+1]
		}
	}
	return nil, nil
}

// block says whether a mapping is written one key a line.
func block(n *yaml.Node) bool {
	return n != nil && n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle == 0 && len(n.Content) > 0
}

// alone says whether a node is written for one place only: neither it nor what it
// stands in has an anchor that an alias names.
func (t *text) alone(n *yaml.Node) error {
	if n.Kind == yaml.AliasNode {
		return errAliased
	}
	for x := n; x != nil; x = t.above[x] {
		if x.Anchor != "" && t.named(t.root, x.Anchor) {
			return errAnchor
		}
	}
	return nil
}

func (t *text) named(n *yaml.Node, anchor string) bool {
	if n.Kind == yaml.AliasNode && n.Value == anchor {
		return true
	}
	return slices.ContainsFunc(n.Content, func(c *yaml.Node) bool { return t.named(c, anchor) })
}

// indent is the white space that brings a line to a node's column.
func indent(n *yaml.Node) string { return strings.Repeat(" ", n.Column-1) }

// before puts lines in front of a key of a block mapping, at the key's column, and of
// the comment above it. It also does for the first key behind a list's dash.
func (t *text) before(key *yaml.Node, lines ...string) Edit {
	at := t.at(key)
	nl := t.newline(at)
	if t.own(at) {
		at = t.commented(at, key.Column-1)
	}
	return Edit{Start: at, End: at, New: strings.Join(lines, nl+indent(key)) + nl + indent(key)}
}

// commented is the offset of the comment above a line, or at itself: comments as far
// in as the key are no part of the value above them.
func (t *text) commented(at, deep int) int {
	for {
		start, _ := t.line(at)
		if start == t.lines[0] {
			return at
		}
		above, end := t.line(start - 1)
		line := t.src[above:end]
		if lead := len(line) - len(strings.TrimLeft(line, " ")); lead != deep || !strings.HasPrefix(line[lead:], "#") {
			return at
		}
		at = above + deep
	}
}

// after puts lines behind the line on which a value of one line stands, at the column
// of its key.
func (t *text) after(key, value *yaml.Node, lines ...string) (Edit, error) {
	if !t.oneLine(value) {
		return Edit{}, errLayout
	}
	_, end := t.line(t.at(value))
	nl := t.newline(end)
	return Edit{Start: end, End: end, New: nl + indent(key) + strings.Join(lines, nl+indent(key))}, nil
}

// oneLine says whether a plain or quoted value ends on the line it begins on.
func (t *text) oneLine(value *yaml.Node) bool {
	if value.Kind != yaml.ScalarNode || value.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 || value.Anchor != "" || value.Style&yaml.TaggedStyle != 0 {
		return false
	}
	_, _, err := t.scalar(value)
	return err == nil
}

// scalar is where the text of a one-line value stands, without its quotes.
func (t *text) scalar(value *yaml.Node) (start, end int, err error) {
	start = t.at(value)
	switch {
	case value.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		start++
	case value.Style&(yaml.LiteralStyle|yaml.FoldedStyle|yaml.TaggedStyle) != 0:
		return 0, 0, errLayout
	}
	if !strings.HasPrefix(t.src[start:], value.Value) || strings.Contains(value.Value, "\n") {
		return 0, 0, errLayout // escaped, folded or behind a tag
	}
	return start, start + len(value.Value), nil
}

// remove takes the lines of a key out whose value stands on the key's line. A mapping
// that has no other key cannot lose it.
func (t *text) remove(key, value *yaml.Node) (Edit, error) {
	at := t.at(key)
	if !t.own(at) || !t.oneLine(value) || value.Line != key.Line {
		return Edit{}, errLayout
	}
	start, _ := t.line(at)
	return Edit{Start: start, End: t.next(at)}, nil
}

// repeats counts the keys that stand twice in a mapping.
func repeats(n *yaml.Node) (twice int) {
	seen := map[string]bool{}
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			if seen[c.Value] {
				twice++
			}
			seen[c.Value] = true
		}
		twice += repeats(c)
	}
	return twice
}
