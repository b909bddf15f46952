package snapshot

import (
	"slices"
	"strings"
)

// Ruleset is a set of rules over refs, of a repository or inherited from its owner.
type Ruleset struct {
	ID          int64    `json:"id"`
	Name        string   `json:"name"`
	Source      string   `json:"source"`            // "owner/name", or the organization it is inherited from
	Target      string   `json:"target"`            // "branch", "tag", "push"
	Enforcement string   `json:"enforcement"`       // "active", "evaluate", "disabled"
	Include     []string `json:"include,omitempty"` // "refs/heads/x", a pattern, "~DEFAULT_BRANCH", "~ALL"
	Exclude     []string `json:"exclude,omitempty"`
	Rules       []string `json:"rules,omitempty"` // types: "creation", "update", "deletion", ...
	// Bypass is "none" when nobody may pass it by, "some", or "unknown": only who may
	// edit a ruleset is shown its bypass actors.
	Bypass string `json:"bypass"`
}

// Forbids reports whether the ruleset keeps everybody from what rule names
// ("update", "creation") on ref ("refs/heads/main"). A pattern it cannot judge
// forbids nothing.
func (x Ruleset) Forbids(rule, ref, defaultBranch string) bool {
	kind := map[string]string{"branch": "refs/heads/", "tag": "refs/tags/"}[x.Target]
	return x.Enforcement == "active" && x.Bypass == "none" && kind != "" && strings.HasPrefix(ref, kind) && slices.Contains(x.Rules, rule) &&
		covers(x.Include, ref, defaultBranch) == yes && covers(x.Exclude, ref, defaultBranch) == no
}

// ForbidsAll is Forbids for every ref of the ruleset's kind, also those not made yet.
func (x Ruleset) ForbidsAll(rule, target string) bool {
	return x.Enforcement == "active" && x.Bypass == "none" && x.Target == target && slices.Contains(x.Rules, rule) &&
		slices.Contains(x.Include, "~ALL") && len(x.Exclude) == 0
}

// Frozen reports whether an active ruleset keeps everybody from moving a branch.
func (r *Repository) Frozen(branch string) bool {
	return slices.ContainsFunc(r.Rulesets, func(x Ruleset) bool { return x.Forbids("update", "refs/heads/"+branch, r.DefaultBranch) })
}

// TagsFrozen reports whether active rulesets keep everybody from making or moving any tag.
func (r *Repository) TagsFrozen() bool {
	forbidden := func(rule string) bool {
		return slices.ContainsFunc(r.Rulesets, func(x Ruleset) bool { return x.ForbidsAll(rule, "tag") })
	}
	return forbidden("creation") && forbidden("update")
}

type answer int

const (
	no answer = iota
	yes
	unsure
)

// covers says whether one of the patterns matches ref. Of GitHub's patterns (Ruby's
// fnmatch with FNM_PATHNAME) names, "*" and "**" alone are judged.
// Source: GitHub Docs, "Creating rulesets for a repository", fnmatch syntax.
func covers(patterns []string, ref, defaultBranch string) answer {
	out := no
	for _, p := range patterns {
		switch {
		case p == "~ALL", p == ref, p == "~DEFAULT_BRANCH" && ref == "refs/heads/"+defaultBranch:
			return yes
		case p == "~DEFAULT_BRANCH":
		case strings.ContainsAny(p, "?[]{}\\") || strings.Contains(p, "**"):
			out = unsure
		case globbed(strings.Split(p, "/"), strings.Split(ref, "/")):
			return yes
		}
	}
	return out
}

// globbed matches segment by segment; "*" stands for any run of characters in one.
func globbed(pattern, name []string) bool {
	if len(pattern) != len(name) {
		return false
	}
	for i, p := range pattern {
		if !starred(p, name[i]) {
			return false
		}
	}
	return true
}

func starred(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	if !strings.HasPrefix(text, parts[0]) {
		return false
	}
	text = text[len(parts[0]):]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(text, p)
		if i < 0 {
			return false
		}
		text = text[i+len(p):]
	}
	return strings.HasSuffix(text, parts[len(parts)-1])
}
