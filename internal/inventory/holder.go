package inventory

import "github.com/firebreak/firebreak/internal/workflow"

// holder is a job that gets at a credential or identity.
type holder struct{ path, job, environment string }

// use is where a credential or identity is used, as far as one sentence and one finding
// need it.
type use struct {
	holders []holder
	first   Finding // place alone
	direct  bool    // first is a reference that names it
}

// reached records that a job gets at a credential or identity. r is the reference that
// names it, nil for a way that names no one.
func (b *builder) reached(id string, in *Instance, at int, r *workflow.Ref) {
	u := b.uses[id]
	if u == nil {
		u = &use{}
		b.uses[id] = u
	}
	h := holder{path: in.Start.Path, job: in.Top.ID}
	if in.Job.Environment != nil {
		h.environment = in.Job.Environment.Value
	}
	if n := len(u.holders); n == 0 || u.holders[n-1] != h {
		u.holders = append(u.holders, h)
		if c := b.creds[id]; c != nil {
			c.ReachedBy = append(c.ReachedBy, in.Start.Path)
			if d := b.entries[id]; d != nil {
				b.declared[d] = true
			}
		} else if i := b.identities[id]; i != nil {
			i.ReachedBy = append(i.ReachedBy, in.Start.Path)
		}
	}
	direct := r != nil && in.Call == nil
	if u.first.Line > 0 && (u.direct || !direct) {
		return
	}
	u.direct, u.first = direct, Finding{Repository: in.Model.Repository, Folder: in.Model.Folder, Path: in.Start.Path, Branches: in.Start.Branches, Line: max(at, 1), Column: 1}
	if direct {
		u.first.Line, u.first.Column = r.Line, r.Column
	}
}

// firstUse points at the first reference to a credential or identity, in the order of
// paths; one that names it before one that only comes to it.
func (b *builder) firstUse(id string) Finding {
	if u := b.uses[id]; u != nil {
		return u.first
	}
	return Finding{Line: 1, Column: 1}
}
