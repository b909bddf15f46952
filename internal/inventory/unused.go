package inventory

import (
	"slices"
	"strconv"
	"strings"
)

// Rules about what is kept and not used.
const (
	RuleUnused    = "unused-credential"
	RuleUnreached = "unreached-secret"
)

// unreached tells of stored secrets of Actions that no workflow on any branch comes to,
// where every file could be read. An organization's secret is told only when all the
// repositories it is given to were surveyed.
func (b *builder) unreached(models []Model) {
	complete := map[string]bool{}
	surveyed := map[int64]bool{}
	for i := range models {
		m := &models[i]
		complete[m.Repository] = true
		if r := b.repos[m.Repository]; r != nil {
			surveyed[r.ID] = true
		}
		for j := range m.Workflows {
			if m.Workflows[j].Broken {
				complete[m.Repository] = false
			}
		}
	}
	told := map[string]bool{}
	for i := range models {
		r := b.repos[models[i].Repository]
		if r == nil || !complete[r.FullName] {
			continue
		}
		for k := range r.Secrets {
			s := &r.Secrets[k]
			id := b.ids[r.FullName+" "+s.Scope+" "+strings.ToUpper(s.Name)]
			if id == "" || beside(s.Scope) || b.uses[id] != nil || b.offered[id] || told[id] || !given(r, s) {
				continue
			}
			if inOrganization(s.Scope) {
				all := s.Visibility == "selected" && len(s.Selected) > 0
				for _, x := range s.Selected {
					all = all && surveyed[x]
				}
				if !all {
					continue
				}
			}
			told[id] = true
			b.findings = append(b.findings, Finding{
				Rule: RuleUnreached, Severity: "low", Repository: r.FullName, Path: ".github/workflows", Line: 1, Column: 1,
				Message: "secret " + s.Name + " (" + s.Scope + ") is stored, and no workflow on any branch reads it: whoever may write a workflow can",
				Fix:     "end it at its issuer and delete the secret, or say in firebreak.yaml what it is for and who needs it",
			})
		}
	}
}

// unused tells of credentials the configuration declares and no workflow read here
// uses. The configuration may be about more repositories than were read: it is told
// only where most of what it declares is used here.
func (b *builder) unused() {
	used := map[int]bool{}
	minted := map[string]bool{} // obtained by another credential, and so read by no workflow
	for i := range b.cfg.Credentials {
		for _, name := range b.cfg.Credentials[i].Mints {
			minted[strings.ToUpper(name)] = true
		}
	}
	n := 0
	for i := range b.cfg.Credentials {
		d := &b.cfg.Credentials[i]
		if beside(d.Scope) {
			continue
		}
		n++
		if b.declared[d] || slices.ContainsFunc(d.Secret, func(name string) bool { return minted[strings.ToUpper(name)] }) {
			used[i] = true
		}
	}
	if len(used)*2 < n || len(used) == 0 {
		return
	}
	for i := range b.cfg.Credentials {
		d := &b.cfg.Credentials[i]
		if used[i] || beside(d.Scope) {
			continue
		}
		b.findings = append(b.findings, Finding{
			Rule: RuleUnused, Severity: "low", Path: "firebreak.yaml", Line: max(d.Line, 1), Column: 1,
			Message: "credential " + strings.Join(d.Secret, ", ") + " is declared at line " + strconv.Itoa(d.Line) + ", and no workflow read here uses it",
			Fix:     "end it at its issuer and take the entry out, or leave it if it belongs to a repository that was not read",
		})
	}
}
