package mend

import (
	"cmp"
	"maps"
	"slices"
)

// rights are the scopes of GITHUB_TOKEN with "read" or "write".
type rights map[string]string

func (r rights) add(scope, level string) {
	if r[scope] != "write" {
		r[scope] = level
	}
}

// covers says whether r allows all that other does.
func (r rights) covers(other rights) bool {
	for scope, level := range other {
		if r[scope] != level && r[scope] != "write" {
			return false
		}
	}
	return true
}

// lines writes rights as YAML, one scope a line.
func (r rights) lines() []string {
	var out []string
	for _, scope := range slices.Sorted(maps.Keys(r)) {
		out = append(out, scope+": "+r[scope])
	}
	return out
}

// needs is what a job's token is used for, or why that is not known.
type needs struct {
	rights
	unknown string
	oidc    bool // a step asks for an OIDC token, or may
}

// needs gives what every job of the file needs, with what it calls opened. That a step
// may ask for an OIDC token counts as a need where the file gives id-token: write by
// name, not where it gives everything.
func (t *target) needs() map[string]*needs {
	out := map[string]*needs{}
	for _, in := range t.model.Instances(t.workflow) {
		n := out[in.Top.ID]
		if n == nil {
			n = &needs{rights: rights{}}
			out[in.Top.ID] = n
		}
		x := in.Needs()
		for scope, level := range x.Scopes {
			n.add(scope, level)
		}
		if x.OIDC == "yes" || x.OIDC == "unknown" && !t.writesAll() {
			n.add("id-token", "write")
		}
		n.oidc = n.oidc || x.OIDC != "no"
		n.unknown = cmp.Or(n.unknown, x.Unknown)
	}
	return out
}

// writesAll says whether the file gives every permission without naming any.
func (t *target) writesAll() bool {
	p := t.workflow.Permissions
	return p != nil && p.All == "write-all"
}
