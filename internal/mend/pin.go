package mend

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/workflow"
)

// Refs are the commits at which tags and branches of actions stand, by "owner/name@ref"
// in lower case.
type Refs map[string][]string

// Known collects the commits that are known: those of the survey, and where it has
// none, those that uses in the same files are pinned to with the tag in a comment
// behind them. Nobody is asked for more.
func Known(s *snapshot.Snapshot, sources []inventory.Source) Refs {
	surveyed := Refs{}
	if s != nil {
		for _, a := range s.Actions {
			surveyed.add(a.Uses, a.Ref, a.SHA)
		}
	}
	written := Refs{}
	for _, src := range sources {
		for _, f := range src.Files {
			for line := range strings.Lines(string(f.Content)) {
				if !strings.Contains(line, "uses") {
					continue
				}
				if m := pinned.FindStringSubmatch(line); m != nil {
					written.add(m[1], m[3], m[2])
				}
			}
		}
	}
	for key, list := range written {
		if surveyed[key] == nil {
			surveyed[key] = list
		}
	}
	return surveyed
}

var pinned = regexp.MustCompile(`uses['"]?:\s*['"]?([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)[^@\s'"]*@([0-9a-f]{40})['"]?\s+#\s*([^\s#]+)`)

func (r Refs) add(uses, ref, sha string) {
	key := refKey(uses, ref)
	if !slices.Contains(r[key], sha) && commit(sha) {
		r[key] = append(r[key], sha)
	}
}

func commit(sha string) bool {
	return len(sha) == 40 && strings.Trim(sha, "0123456789abcdef") == ""
}

// refKey names a ref of the repository that an action or reusable workflow lies in.
func refKey(uses, ref string) string {
	parts := strings.SplitN(uses, "/", 3)
	if len(parts) < 2 {
		return ""
	}
	return strings.ToLower(parts[0]+"/"+parts[1]) + "@" + ref
}

var (
	errNoCommit = errors.New("the commit of that tag is not known: survey the repository, or pin it by hand")
	errTwo      = errors.New("the files pin that tag to more than one commit; one of them may be an attacker's")
	errAttacked = errors.New("that version is known to have been an attacker's; choose a clean commit by hand")
	errPinned   = errors.New("it is not a tag or branch of a public action")
)

// pin puts the commit in the place of a tag, and the tag into a comment, which is
// where update tools look for it.
// Source: GitHub Docs, "Security hardening for GitHub Actions", using third-party actions.
func pin(t *target, f inventory.Finding) ([]Edit, error) {
	value, err := t.uses(workflow.Pos{Line: f.Line, Column: f.Column})
	if err != nil {
		return nil, err
	}
	if t.attacked(f) {
		return nil, errAttacked
	}
	name, ref, ok := strings.Cut(value.Value, "@")
	if !ok || commit(ref) || strings.HasPrefix(name, "./") || strings.HasPrefix(name, "docker:") || strings.Contains(value.Value, "${{") {
		return nil, errPinned
	}
	switch list := t.refs[refKey(name, ref)]; {
	case len(list) == 0:
		return nil, errNoCommit
	case len(list) > 1:
		return nil, errTwo
	default:
		_, end, err := t.text.scalar(value)
		if err != nil {
			return nil, err
		}
		return append([]Edit{{Start: end - len(ref), End: end, New: list[0]}}, t.text.comment(end, ref)...), nil
	}
}

// comment puts a word into the comment at the end of a line, before what stands
// there; nothing when it is there already.
func (t *text) comment(from int, word string) []Edit {
	_, end := t.line(from)
	rest := t.src[from:end]
	i := strings.Index(rest, " #")
	if i < 0 {
		trimmed := from + len(strings.TrimRight(rest, " \t"))
		return []Edit{{Start: trimmed, End: trimmed, New: " # " + word}}
	}
	said := strings.TrimSpace(rest[i+2:])
	if said == word || strings.HasPrefix(said, word+" ") {
		return nil
	}
	at := from + i + 1
	return []Edit{{Start: at, End: at, New: "# " + word + " "}}
}

// uses finds the value of the uses key on the line of a place: of a step, or of a
// job that calls a workflow.
func (t *target) uses(at workflow.Pos) (*yaml.Node, error) {
	_, jobs := entry(t.text.root, "jobs")
	if jobs == nil {
		_, jobs = entry(t.text.root, "runs") // a composite action
	}
	found := line(jobs, at.Line)
	if found == nil {
		return nil, errGone
	}
	return found, t.text.alone(found)
}

// line finds the value of a uses key that stands on a line.
func line(n *yaml.Node, number int) *yaml.Node {
	if n == nil || n.Kind == yaml.AliasNode {
		return nil
	}
	if n.Kind == yaml.MappingNode {
		if _, v := entry(n, "uses"); v != nil && v.Line == number && v.Kind == yaml.ScalarNode {
			return v
		}
	}
	for _, c := range n.Content {
		if v := line(c, number); v != nil {
			return v
		}
	}
	return nil
}

// attacked says whether the same line has a version that was attacker's code: its
// commit of today may be too, and a pin would hide that.
func (t *target) attacked(f inventory.Finding) bool {
	return slices.ContainsFunc(t.findings, func(x inventory.Finding) bool {
		return x.Rule == "compromised-action" && x.Path == f.Path && x.Line == f.Line && slices.Equal(x.Branches, f.Branches)
	})
}
