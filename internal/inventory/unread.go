package inventory

import (
	"maps"
	"slices"

	"github.com/firebreak/firebreak/internal/workflow"
)

// UnreadJob is the id of the job that stands for a file which could not be read.
const UnreadJob = "(unreadable)"

// HowUnread is how such a file reaches what there is: it cannot be told that it does not.
const HowUnread = "unreadable"

// unread is what a file that could not be read may reach: what its text names, and where
// the repository's secrets are listed all of them, in any environment; every identity the
// configuration names. What ran before the file was as it is now may have used any.
func (b *builder) unread(m *Model, w *ModelWorkflow) Job {
	top := &workflow.Job{ID: UnreadJob, Pos: workflow.Pos{Line: 1, Column: 1}, Environment: &workflow.Text{Value: "${{ unreadable }}"}}
	in := &Instance{Model: m, Start: w, Top: top, File: w.File, Job: top, Permissions: map[string]string{}, home: m, on: w.Branches}
	j := Job{ID: UnreadJob, Permissions: map[string]string{}, Reaches: []Reach{}, Starts: []Start{}}
	b.references(m, in, &j, nil, nil)
	if r := b.repos[m.Repository]; r != nil && r.Secrets != nil {
		b.every(m, in, &j, HowUnread, 1)
	}
	for _, name := range slices.Sorted(maps.Keys(b.cfg.Identities)) {
		d := b.cfg.Identities[name]
		i := b.keep(b.fromConfig(name, &d))
		b.reached(i.ID, in, 1, nil)
		j.Reaches = append(j.Reaches, Reach{Credential: i.ID, Name: name, How: HowUnread, Line: 1})
	}
	finish(&j)
	return j
}

// onlyUnread reports whether nothing but files that could not be read may reach it.
func (b *builder) onlyUnread(id string) bool {
	u := b.uses[id]
	return u != nil && !slices.ContainsFunc(u.holders, func(h holder) bool { return h.job != UnreadJob })
}
