package view

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/inventory"
)

//go:embed page/inventory.html
var inventoryPage string

//go:embed page/inventory.css
var inventoryStyle string

//go:embed page/inventory.js
var inventoryScript string

// InventoryHTML writes the inventory as one page that needs nothing else: the graph
// workflow → secrets and identities → external systems → rotation owner with filters,
// the table, what each workflow can do, and the findings, which come in the order to
// mend them. Without scripts all but the graph is there. The page may load nothing and
// run no script but its own.
func InventoryHTML(w io.Writer, inv inventory.Inventory) error {
	t, err := template.New("inventory").Parse(inventoryPage)
	if err != nil {
		return fmt.Errorf("the inventory's page: %w", err)
	}
	p := newPage(inv)
	p.Style, p.Script = template.CSS(inventoryStyle), template.JS(inventoryScript) //nolint:gosec // both are ours
	p.Policy = "default-src 'none'; base-uri 'none'; form-action 'none'; style-src '" + digested(inventoryStyle) + "'; script-src '" + digested(inventoryScript) + "'"
	return t.Execute(w, p)
}

// digested is how a policy names a script or style. Source: W3C, Content Security Policy Level 3, hash-source.
func digested(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

type page struct {
	Title, Summary, Policy string
	Style                  template.CSS
	Script                 template.JS
	Severities             []pageCount
	Several                bool
	Repositories           []string
	Authorities            []string
	Owners                 []pageOption
	Columns                [4]pageColumn
	Rows                   []pageRow
	Answers                []pageAnswers
	Findings               []pageFinding
	Data                   pageData
}

type pageCount struct {
	Count       int
	Name, Class string
}

type pageOption struct{ Value, Name string }

type pageColumn struct {
	Title string
	Nodes []pageNode
}

type pageNode struct {
	ID                       int
	Label, Title, Kind, Mark string
}

type pageRow struct {
	ID                     int
	Repository, Workflow   string
	Names, Systems, Owners []string
}

type pageAnswers struct {
	ID              int
	Name, Short     string
	Lists           []pageList
	Exposed, Rotate []string
}

type pageList struct {
	Verb      string
	Sentences []pageSentence
}

type pageSentence struct{ Text, Place string }

type pageFinding struct {
	ID                                                             int
	Severity, Class, Place, Branches, Message, Rule, Fix, Accepted string
}

// pageData is what the page's script filters by.
type pageData struct {
	Workflows int       `json:"workflows"`
	Rows      []pageWay `json:"rows"`
}

// pageWay is one way from a workflow to an owner: its boxes, or the workflow alone.
type pageWay struct {
	Nodes      []int    `json:"n"`
	Repository string   `json:"r"`
	Kind       string   `json:"k,omitempty"` // "secret", "identity"
	Authority  []string `json:"a,omitempty"`
	Owner      string   `json:"o"` // "-" for nobody
	Open       int      `json:"f"` // open findings of the workflow
	Text       string   `json:"t,omitempty"`
}

// nobody is the owner that is not named, as a choice.
const nobody = "-"

// pageMaker numbers boxes and workflows.
type pageMaker struct {
	page
	ids   map[string]int
	marks map[string]int // open findings by workflow
	ways  map[string]bool
	twice map[string]bool // workflows of which there is more than one version
}

func newPage(inv inventory.Inventory) page {
	m := pageMaker{ids: map[string]int{}, marks: map[string]int{}, ways: map[string]bool{}}
	m.Title, m.Several = "Authority inventory", len(inv.Repositories) > 1
	for i, title := range []string{"Workflows", "Secrets and identities", "External systems", "Rotation owners"} {
		m.Columns[i].Title = title
	}
	m.counts(inv)
	for _, r := range inventory.Rows(inv) {
		if !r.Unused {
			m.way(r)
		}
	}
	m.rows(inv)
	for _, r := range inv.Repositories {
		for i := range r.Workflows {
			m.answers(cmp.Or(r.Repository, r.Path), &r.Workflows[i])
		}
	}
	for _, f := range inv.Findings {
		m.finding(f)
	}
	for i := range m.Columns {
		slices.SortStableFunc(m.Columns[i].Nodes, func(a, b pageNode) int { return cmp.Compare(strings.ToLower(a.Label), strings.ToLower(b.Label)) })
	}
	slices.Sort(m.Authorities)
	slices.SortFunc(m.Owners, func(a, b pageOption) int { return cmp.Compare(a.Name, b.Name) })
	return m.page
}

// id numbers a box; fresh is true the first time.
func (m *pageMaker) id(key string) (n int, fresh bool) {
	n, known := m.ids[key]
	if !known {
		n = len(m.ids)
		m.ids[key] = n
	}
	return n, !known
}

func workflowKey(repository, path string, branches []string) string {
	return strings.Join(append([]string{"w", repository, path}, branches...), "\x00")
}

func (m *pageMaker) workflow(repository, path string, branches []string) int {
	n, _ := m.id(workflowKey(repository, path, branches))
	return n
}

// name is what a workflow is called on the page.
func (m *pageMaker) name(repository, path string, branches []string) string {
	name := strings.TrimPrefix(path, ".github/workflows/")
	if m.Several {
		name = repository + " " + name
	}
	if len(branches) > 0 && m.twice[repository+"\x00"+path] {
		name += " on " + strings.Join(branches, ", ")
	}
	return Line(name)
}

func (m *pageMaker) counts(inv inventory.Inventory) {
	m.twice = map[string]bool{}
	once := map[string]bool{}
	for _, r := range inv.Repositories {
		name := cmp.Or(r.Repository, r.Path)
		m.Repositories = append(m.Repositories, Line(name))
		m.Data.Workflows += len(r.Workflows)
		for _, w := range r.Workflows {
			key := name + "\x00" + w.Path
			m.twice[key], once[key] = m.twice[key] || once[key], true
		}
	}
	slices.Sort(m.Repositories)
	m.Repositories = slices.Compact(m.Repositories)
	severities, accepted := map[string]int{}, 0
	for _, f := range inv.Findings {
		if f.Accepted != nil {
			accepted++
			continue
		}
		severities[f.Severity]++
		m.marks[workflowKey(cmp.Or(f.Repository, f.Folder), cmp.Or(f.Workflow, f.Path), f.Branches)]++
	}
	m.Summary = fmt.Sprintf("%s, %s, %s, %s, %s", plural(len(inv.Repositories), "repository", "repositories"), Count(m.Data.Workflows, "workflow"),
		Count(len(inv.Credentials), "credential"), plural(len(inv.Identities), "identity", "identities"), Count(len(inv.Findings)-accepted, "open finding"))
	for _, s := range []string{"critical", "high", "unknown", "medium", "low"} {
		if severities[s] > 0 {
			m.Severities = append(m.Severities, pageCount{severities[s], s, s})
		}
	}
	if accepted > 0 {
		m.Severities = append(m.Severities, pageCount{accepted, "accepted", "low"})
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// way adds the boxes of one row of the graph, one way for each of its systems.
func (m *pageMaker) way(r inventory.Row) {
	open := m.marks[workflowKey(r.Repository, r.Workflow, r.Branches)]
	kind := "secret"
	if r.Kind == "identity" {
		kind = "identity"
	}
	w := m.box(0, workflowKey(r.Repository, r.Workflow, r.Branches), pageNode{Label: m.name(r.Repository, r.Workflow, r.Branches), Title: Line(r.Workflow), Kind: "workflow", Mark: mark(open)})
	held := m.box(1, "c"+r.ID, pageNode{Label: Line(r.Name), Title: Line(r.ID), Kind: kind})
	owner, value := Line(r.Owner), Line(r.Owner)
	if owner == "" {
		owner, value = "nobody is named", nobody
	}
	o := m.box(3, "o"+value, pageNode{Label: owner, Title: Line(r.Contact), Kind: map[bool]string{true: "nobody", false: "owner"}[value == nobody]})
	authority := lines(r.Authority)
	m.choices(authority, pageOption{value, owner})
	systems := r.Systems
	if len(systems) == 0 {
		systems = []string{"not known"}
	}
	for _, s := range systems {
		nodes := []int{w, held, m.box(2, "s"+s, pageNode{Label: Line(s), Kind: "system"}), o}
		if key := fmt.Sprint(nodes); !m.ways[key] {
			m.ways[key] = true
			m.Data.Rows = append(m.Data.Rows, pageWay{Nodes: nodes, Repository: Line(r.Repository), Kind: kind, Authority: authority, Owner: value, Open: open})
		}
	}
}

func mark(open int) string {
	if open == 0 {
		return ""
	}
	return fmt.Sprintf("⚑ %d", open)
}

func (m *pageMaker) box(column int, key string, n pageNode) int {
	id, fresh := m.id(key)
	if fresh {
		n.ID = id
		m.Columns[column].Nodes = append(m.Columns[column].Nodes, n)
	}
	return id
}

func (m *pageMaker) choices(authority []string, owner pageOption) {
	for _, a := range authority {
		if !slices.Contains(m.Authorities, a) {
			m.Authorities = append(m.Authorities, a)
		}
	}
	if !slices.Contains(m.Owners, owner) {
		m.Owners = append(m.Owners, owner)
	}
}

// rows adds the table; a workflow that reaches nothing has a way of its own, so that it
// is found too.
func (m *pageMaker) rows(inv inventory.Inventory) {
	for _, r := range inventory.Summary(inv) {
		n, alone := m.id(workflowKey(r.Repository, r.Workflow, r.Branches))
		name := m.name(r.Repository, r.Workflow, r.Branches)
		if alone {
			m.Data.Rows = append(m.Data.Rows, pageWay{Nodes: []int{n}, Repository: Line(r.Repository), Owner: "", Open: m.marks[workflowKey(r.Repository, r.Workflow, r.Branches)], Text: name})
		}
		m.Rows = append(m.Rows, pageRow{n, Line(r.Repository), strings.TrimPrefix(name, Line(r.Repository)+" "), lines(r.Names), lines(r.Systems), lines(r.Owners)})
	}
}

func lines(all []string) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = Line(s)
	}
	return out
}

func (m *pageMaker) answers(repository string, wf *inventory.Workflow) {
	lists := answers(wf)
	if len(lists) == 0 && len(wf.Answers.MustRotate) == 0 {
		return
	}
	a := pageAnswers{ID: m.workflow(repository, wf.Path, wf.Branches), Name: m.name(repository, wf.Path, wf.Branches), Exposed: lines(wf.Answers.ExposedIn), Rotate: lines(wf.Answers.MustRotate)}
	var verbs []string
	for _, l := range lists {
		x := pageList{Verb: l.verb}
		for _, s := range l.list {
			x.Sentences = append(x.Sentences, pageSentence{Line(s.Sentence), Line(fmt.Sprintf("%s:%d", s.Path, s.Line))})
		}
		a.Lists, verbs = append(a.Lists, x), append(verbs, l.verb)
	}
	a.Short = strings.Join(verbs, ", ")
	m.page.Answers = append(m.page.Answers, a)
}

func (m *pageMaker) finding(f inventory.Finding) {
	x := pageFinding{
		ID: m.workflow(cmp.Or(f.Repository, f.Folder), cmp.Or(f.Workflow, f.Path), f.Branches), Severity: Line(f.Severity), Class: Line(f.Severity),
		Place: Place(f), Branches: Line(strings.Join(f.Branches, ", ")), Message: Line(f.Message), Rule: Line(f.Rule), Fix: Line(f.Fix),
	}
	if f.Accepted != nil {
		x.Accepted = Line(fmt.Sprintf("%s by %s: %s", day(f.Accepted.Expires), f.Accepted.Owner, f.Accepted.Reason))
	}
	m.page.Findings = append(m.page.Findings, x)
}
