package mend

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/workflow"
)

// least gives a workflow's token what its steps need and no more: little for all
// jobs, and what one job needs beyond that to that job.
// Source: GitHub Docs, "Automatic token authentication", modifying the permissions;
// a job's permissions replace the workflow's, scopes that are left out are none.
func least(t *target, f inventory.Finding) ([]Edit, error) {
	if t.file == nil {
		return nil, errAction
	}
	all := t.needs()
	for i := range t.file.Jobs {
		if j := &t.file.Jobs[i]; at(j.Permissions, f.Line) {
			return t.lower(j, all[j.ID])
		}
	}
	return t.share(all)
}

// at says whether a line is one of a permissions key.
func at(p *workflow.Permissions, line int) bool {
	if p == nil {
		return false
	}
	for _, s := range p.Scopes {
		if s.Line == line {
			return true
		}
	}
	return p.Line == line
}

// lower takes from a job's own permissions what it does not need.
func (t *target) lower(j *workflow.Job, n *needs) ([]Edit, error) {
	_, node, err := t.text.job(j.ID)
	if err != nil {
		return nil, err
	}
	if n == nil || n.unknown != "" {
		return nil, unknownNeeds(j.ID, n)
	}
	have := granted(j.Permissions)
	key, value := entry(node, "permissions")
	return t.text.permit(key, value, trimmed(n, have, j.Permissions.All == ""))
}

// trimmed is what a job needs of what it has. What somebody listed as read stays: it
// does little harm, and a need for it is easily overlooked.
func trimmed(n *needs, have rights, listed bool) rights {
	out := most(n.rights, have)
	for scope, level := range have {
		if listed && level == "read" {
			out.add(scope, level)
		}
	}
	return out
}

func unknownNeeds(job string, n *needs) error {
	why := "its steps were not found"
	if n != nil {
		why = n.unknown
	}
	return fmt.Errorf("what job %s needs its token for is not known: %s", job, why)
}

// granted are the rights that a permissions key gives.
func granted(p *workflow.Permissions) rights {
	return rights(workflow.Effective(p, nil, ""))
}

// most is what is both wanted and allowed.
func most(wanted, allowed rights) rights {
	out := rights{}
	for scope, level := range wanted {
		switch {
		case allowed[scope] == "write":
			out[scope] = level
		case allowed[scope] == "read":
			out[scope] = "read"
		}
	}
	return out
}

// share lowers what the workflow gives to every job, and gives single jobs what they
// need beyond that. A job of which it is not known keeps what it has.
func (t *target) share(all map[string]*needs) ([]Edit, error) {
	p := t.file.Permissions
	listed := p != nil && p.All == ""
	have := rights{}
	if p != nil {
		have = granted(p)
	}
	base := rights{}
	wanted := map[string]rights{}
	for i := range t.file.Jobs {
		j := &t.file.Jobs[i]
		if j.Permissions != nil {
			continue
		}
		n := all[j.ID]
		switch {
		case n != nil && n.unknown == "" && p == nil:
			wanted[j.ID] = without(n.rights, "id-token") // which no default gives
		case n != nil && n.unknown == "":
			wanted[j.ID] = trimmed(n, have, listed)
		case listed && n != nil && !n.oidc:
			wanted[j.ID] = without(have, "id-token")
		case listed:
			wanted[j.ID] = have
		default:
			return nil, unknownNeeds(j.ID, n)
		}
		if wanted[j.ID]["contents"] != "" {
			base["contents"] = "read"
		}
	}
	for scope, level := range have {
		if listed && level == "read" {
			base.add(scope, level)
		}
	}
	if listed && len(t.file.Jobs) == 1 && t.file.Jobs[0].Permissions == nil {
		base = wanted[t.file.Jobs[0].ID] // what is everybody's is the one job's
	}
	edits, err := t.text.shared(base)
	if err != nil {
		return nil, err
	}
	for i := range t.file.Jobs {
		j := &t.file.Jobs[i]
		if w, inherits := wanted[j.ID]; inherits && !base.covers(w) {
			e, err := t.text.grant(j.ID, w)
			if err != nil {
				return nil, err
			}
			edits = append(edits, e)
		}
	}
	return edits, nil
}

func without(r rights, scope string) rights {
	out := rights{}
	for s, level := range r {
		if s != scope {
			out[s] = level
		}
	}
	return out
}

// shared sets the workflow's own permissions.
func (t *text) shared(r rights) ([]Edit, error) {
	if key, value := entry(t.root, "permissions"); key != nil {
		return t.permit(key, value, r)
	}
	jobs, _ := entry(t.root, "jobs")
	if jobs == nil || !t.own(t.at(jobs)) {
		return nil, errLayout
	}
	lines := keyed(r)
	if start, _ := t.line(t.commented(t.at(jobs), 0)); start > t.lines[0] {
		if above, end := t.line(start - 1); strings.TrimSpace(t.src[above:end]) == "" {
			lines = append(lines, "")
		}
	}
	return []Edit{t.before(jobs, lines...)}, nil
}

// keyed is a permissions key with its value, as lines.
func keyed(r rights) []string {
	if len(r) == 0 {
		return []string{"permissions: {}"}
	}
	out := []string{"permissions:"}
	for _, l := range r.lines() {
		out = append(out, "  "+l)
	}
	return out
}

// grant gives a job permissions of its own, behind its runs-on.
func (t *text) grant(id string, r rights) (Edit, error) {
	_, job, err := t.job(id)
	if err != nil {
		return Edit{}, err
	}
	if err := t.alone(job); err != nil {
		return Edit{}, err
	}
	if !block(job) {
		return Edit{}, errLayout
	}
	if key, value := entry(job, "runs-on"); key != nil && t.oneLine(value) && value.Line == key.Line {
		return t.after(key, value, keyed(r)...)
	}
	return t.before(job.Content[0], keyed(r)...), nil
}

// permit makes a permissions key that is there give exactly r, where r is no more
// than it gives: a scope is lowered or taken out in its place.
func (t *text) permit(key, value *yaml.Node, r rights) ([]Edit, error) {
	if value == nil {
		return nil, errGone
	}
	if err := t.alone(value); err != nil {
		return nil, err
	}
	switch {
	case value.Kind == yaml.ScalarNode:
		return t.spell(key, value, r)
	case value.Kind != yaml.MappingNode:
		return nil, errLayout
	case !block(value):
		return t.flow(value, r)
	}
	var edits []Edit
	left := 0
	for i := 0; i+1 < len(value.Content); i += 2 {
		scope, level := value.Content[i], value.Content[i+1]
		want, kept := r[scope.Value]
		switch {
		case kept && level.Value == want, !kept && level.Value == "none":
			left++
		case kept:
			left++
			start, end, err := t.scalar(level)
			if err != nil {
				return nil, err
			}
			edits = append(edits, Edit{Start: start, End: end, New: want})
		default:
			e, err := t.remove(scope, level)
			if err != nil {
				return nil, err
			}
			edits = append(edits, e)
		}
	}
	if left == 0 {
		colon := t.at(key) + len(key.Value)
		if !strings.HasPrefix(t.src[colon:], ":") {
			return nil, errLayout
		}
		edits = append([]Edit{{Start: colon + 1, End: colon + 1, New: " {}"}}, edits...)
	}
	return edits, nil
}

// spell replaces write-all and read-all by a list. A comment behind it stays.
func (t *text) spell(key, value *yaml.Node, r rights) ([]Edit, error) {
	if !t.oneLine(value) || value.Line != key.Line {
		return nil, errLayout
	}
	at, end := t.at(value), t.at(value)+len(value.Value)
	if value.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
		end += 2
	}
	if len(r) == 0 {
		return []Edit{{Start: at, End: end, New: "{}"}}, nil
	}
	_, eol := t.line(at)
	nl := t.newline(at) + indent(key) + "  "
	list := nl + strings.Join(r.lines(), nl)
	if strings.TrimSpace(t.src[end:eol]) == "" {
		return []Edit{{Start: at - 1, End: eol, New: list}}, nil
	}
	return []Edit{{Start: at, End: end + 1, New: ""}, {Start: eol, End: eol, New: list}}, nil
}

// flow writes a list in braces again, which has to stand on one line without a comment in it.
func (t *text) flow(value *yaml.Node, r rights) ([]Edit, error) {
	at := t.at(value)
	_, eol := t.line(at)
	n := strings.IndexByte(t.src[at:eol], '}')
	if n < 0 || t.src[at] != '{' || strings.ContainsAny(t.src[at+1:at+n], "{#'\"&*!") {
		return nil, errLayout
	}
	text := "{}"
	if len(r) > 0 {
		text = "{ " + strings.Join(r.lines(), ", ") + " }"
		if !strings.HasPrefix(t.src[at:], "{ ") {
			text = "{" + strings.Trim(text, "{ }") + "}"
		}
	}
	return []Edit{{Start: at, End: at + n + 1, New: text}}, nil
}
