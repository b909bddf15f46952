package view

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/firebreak/firebreak/internal/inventory"
)

// opened is a page as a browser's parser sees it.
type opened struct {
	t   *testing.T
	all []*html.Node
}

func parsed(t *testing.T, inv inventory.Inventory) opened {
	t.Helper()
	var b bytes.Buffer
	if err := InventoryHTML(&b, inv); err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(&b)
	if err != nil {
		t.Fatal(err)
	}
	p := opened{t: t}
	for n := range root.Descendants() {
		p.all = append(p.all, n)
	}
	return p
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// elements are those of a kind, below the one with an id where one is named.
func (p opened) elements(tag, below string) []*html.Node {
	var out []*html.Node
	for _, n := range p.all {
		if n.Type != html.ElementNode || n.Data != tag {
			continue
		}
		for up := n; up != nil; up = up.Parent {
			if below == "" || attribute(up, "id") == below {
				out = append(out, n)
				break
			}
		}
	}
	return out
}

func written(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func several(t *testing.T) inventory.Inventory {
	inv := article(t)
	inv.Findings = findings(11)
	for i := range inv.Findings {
		inv.Findings[i].Path = inv.Repositories[0].Workflows[0].Path
	}
	return inv
}

// Everything that the inventory says is in the page without a script: a row for each
// workflow, every answer with its place, every finding.
func TestTheInventorysPageIsWhole(t *testing.T) {
	inv := several(t)
	p := parsed(t, inv)
	summary := inventory.Summary(inv)
	rows := p.elements("tr", "table")[1:]
	if len(rows) != len(summary) {
		t.Fatalf("%d rows for %d workflows", len(rows), len(summary))
	}
	for i, r := range summary {
		text := written(rows[i])
		for _, want := range slices.Concat([]string{strings.TrimPrefix(r.Workflow, ".github/workflows/")}, r.Names, r.Systems, r.Owners) {
			if !strings.Contains(text, want) {
				t.Errorf("%s: the row lacks %q: %s", r.Workflow, want, text)
			}
		}
	}
	var said []string
	for _, n := range p.elements("li", "") {
		said = append(said, written(n))
	}
	for _, w := range inv.Repositories[0].Workflows {
		for _, l := range answers(&w) {
			for _, a := range l.list {
				if !slices.ContainsFunc(said, func(s string) bool { return strings.HasPrefix(s, a.Sentence) && strings.Contains(s, a.Path) }) {
					t.Errorf("not said: %s", a.Sentence)
				}
			}
		}
	}
	if n := len(p.elements("tr", "findings")) - 1; n != len(inv.Findings) {
		t.Errorf("%d of %d findings", n, len(inv.Findings))
	}
	if text := written(p.elements("tr", "findings")[1]); !strings.Contains(text, "accepted until 2026-12-30 by alice: known") {
		t.Errorf("the accepted finding is not marked: %s", text)
	}
}

// The script's data speak of the boxes that are there, and lead from each workflow to
// each of its credentials' owners.
func TestThePagesGraph(t *testing.T) {
	inv := several(t)
	p := parsed(t, inv)
	boxes := map[string]string{}
	for _, b := range p.elements("button", "columns") {
		boxes[attribute(b, "data-node")] = written(b)
	}
	var data pageData
	if err := json.Unmarshal([]byte(p.elements("script", "data")[0].FirstChild.Data), &data); err != nil {
		t.Fatal(err)
	}
	var ways []string
	for _, w := range data.Rows {
		if len(w.Nodes) == 1 {
			if w.Text == "" {
				t.Errorf("a workflow that reaches nothing has no name: %+v", w)
			}
			continue
		}
		var names []string
		for _, n := range w.Nodes {
			text, there := boxes[jsonNumber(n)]
			if !there {
				t.Errorf("there is no box %d", n)
			}
			names = append(names, text)
		}
		ways = append(ways, strings.Join(names, " > "))
	}
	for _, r := range inventory.Rows(inv) {
		want := " > " + r.Name + " > "
		if !r.Unused && !slices.ContainsFunc(ways, func(w string) bool {
			return strings.Contains(w, want) && strings.HasPrefix(w, strings.TrimPrefix(r.Workflow, ".github/workflows/")) && (r.Owner == "" || strings.HasSuffix(w, " > "+r.Owner))
		}) {
			t.Errorf("no way %s%s%s in\n%s", r.Workflow, want, r.Owner, strings.Join(ways, "\n"))
		}
	}
	if data.Workflows != len(inv.Repositories[0].Workflows) {
		t.Errorf("%d workflows", data.Workflows)
	}
}

func jsonNumber(n int) string {
	b, err := json.Marshal(n)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// The page asks for nothing and runs nothing but its own script: its policy names the
// style and the script by what stands in the page, and forbids everything else.
func TestThePageLoadsNothing(t *testing.T) {
	hostileInv := several(t)
	for i := range hostileInv.Credentials {
		poison(reflect.ValueOf(&hostileInv.Credentials[i]).Elem())
	}
	for i := range hostileInv.Findings {
		poison(reflect.ValueOf(&hostileInv.Findings[i]).Elem())
	}
	poison(reflect.ValueOf(&hostileInv.Repositories[0]).Elem())
	for name, inv := range map[string]inventory.Inventory{"the article's": several(t), "nothing": {}, "hostile": hostileInv} {
		p := parsed(t, inv)
		policy := ""
		for _, n := range p.all {
			if n.Type != html.ElementNode {
				continue
			}
			if attribute(n, "http-equiv") != "" {
				policy = attribute(n, "content")
			}
			if slices.Contains([]string{"link", "img", "iframe", "object", "embed", "base", "image", "use", "a", "video", "audio"}, n.Data) {
				t.Errorf("%s: <%s> in the page", name, n.Data)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || slices.Contains([]string{"src", "href", "style", "action", "formaction", "srcset", "background", "poster", "data", "ping"}, a.Key) {
					t.Errorf("%s: %s=%q on <%s>", name, a.Key, a.Val, n.Data)
				}
			}
		}
		styles, scripts := p.elements("style", ""), p.elements("script", "")
		if len(styles) != 1 || len(scripts) != 2 || attribute(scripts[0], "type") != "application/json" {
			t.Fatalf("%s: %d styles, %d scripts", name, len(styles), len(scripts))
		}
		style, script := styles[0].FirstChild.Data, scripts[1].FirstChild.Data
		want := "default-src 'none'; base-uri 'none'; form-action 'none'; style-src '" + digested(style) + "'; script-src '" + digested(script) + "'"
		if policy != want {
			t.Errorf("%s: the policy is\n%s\nwant\n%s", name, policy, want)
		}
		if strings.Contains(style, "url(") || strings.Contains(style, "@import") || strings.Contains(script, "innerHTML") || strings.Contains(script, "fetch(") {
			t.Errorf("%s: style or script load or parse something", name)
		}
		if !json.Valid([]byte(scripts[0].FirstChild.Data)) {
			t.Errorf("%s: the data are no JSON", name)
		}
	}
}

func TestThePageWithoutWorkflows(t *testing.T) {
	p := parsed(t, inventory.Inventory{})
	if !strings.Contains(written(p.elements("main", "")[0]), "There are none.") {
		t.Error("it does not say that there is no finding")
	}
}
