package view

import (
	"fmt"
	"io"
	"strings"

	"github.com/firebreak/firebreak/internal/inventory"
)

// maxEdges is how many arrows a chart has at the most.
// Source: Mermaid documentation, configuration, maxEdges: 500 by default, beyond which
// nothing is drawn.
const maxEdges = 450

// Mermaid writes the graph workflow → secret or identity → external system → rotation
// owner as a Mermaid flowchart. What does not fit is counted in a comment and in a node.
func Mermaid(w io.Writer, inv inventory.Inventory) error {
	c := chart{ids: map[string]string{}, drawn: map[string]bool{}}
	several := len(inv.Repositories) > 1
	for _, r := range inventory.Rows(inv) {
		if r.Unused {
			continue
		}
		name := strings.TrimPrefix(r.Workflow, ".github/workflows/")
		if several {
			name = r.Repository + " " + name
		}
		c.row(name, r)
	}
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	for _, n := range c.nodes {
		b.WriteString("  " + n + "\n")
	}
	for _, e := range c.edges {
		b.WriteString("  " + e + "\n")
	}
	if c.left > 0 {
		fmt.Fprintf(&b, "  %%%% %d more arrows do not fit: firebreak inventory --workflow FILE draws one workflow\n  left[\"%d more arrows do not fit\"]\n", c.left, c.left)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

type chart struct {
	ids   map[string]string
	nodes []string
	edges []string
	drawn map[string]bool
	left  int
}

func (c *chart) row(workflow string, r inventory.Row) {
	held := "(\"%s\")"
	if r.Kind == "identity" {
		held = "{{\"%s\"}}"
	}
	from := node{"w " + workflow, "[\"%s\"]", workflow}
	what := node{"c " + r.ID, held, r.Name}
	owner := r.Owner
	if owner == "" {
		owner = "nobody is named"
	}
	path := []node{from, what}
	systems := r.Systems
	if len(systems) == 0 {
		systems = []string{"not known"}
	}
	c.connect(path...)
	for _, s := range systems {
		c.connect(what, node{"s " + s, "[/\"%s\"/]", s}, node{"o " + owner, "([\"%s\"])", owner})
	}
}

// node is a box by its key, with its shape and what stands in it.
type node struct{ key, shape, label string }

func (c *chart) connect(nodes ...node) {
	for i := 1; i < len(nodes); i++ {
		key := nodes[i-1].key + "\x00" + nodes[i].key
		switch {
		case c.drawn[key]:
			continue
		case len(c.edges) >= maxEdges:
			c.left++
		default:
			c.edges = append(c.edges, c.id(nodes[i-1])+" --> "+c.id(nodes[i]))
		}
		c.drawn[key] = true
	}
}

func (c *chart) id(n node) string {
	if id := c.ids[n.key]; id != "" {
		return id
	}
	id := fmt.Sprintf("n%d", len(c.ids))
	c.ids[n.key] = id
	c.nodes = append(c.nodes, id+fmt.Sprintf(n.shape, chartText(n.label)))
	return id
}

// chartText makes untrusted text safe within the quotes of a label, which Mermaid reads
// as Markdown and HTML: everything but plain characters is written by its number.
// Source: Mermaid documentation, flowchart, "Entity codes to escape characters".
func chartText(s string) string {
	var b strings.Builder
	for _, r := range Line(s) {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune(" ._-/,", r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	return b.String()
}
