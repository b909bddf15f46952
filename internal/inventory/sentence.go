package inventory

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// sentences explains every credential and identity in one sentence.
func (b *builder) sentences(inv *Inventory) {
	for i := range inv.Credentials {
		c := &inv.Credentials[i]
		name := strings.Join(c.Names, " and ")
		if c.Name == "*" {
			name = "every secret of the repository"
		}
		c.Sentence = explained(name, b.uses[c.ID], c.Authority, c.Systems, c.Owner, "rotates it")
	}
	for i := range inv.Identities {
		x := &inv.Identities[i]
		if len(x.ReachedBy) == 0 && len(x.ChainedFrom) > 0 {
			x.Sentence = b.passed(x)
			continue
		}
		x.Sentence = explained(x.Name, b.uses[x.ID], x.Authority, x.Systems, x.Owner, "answers for it")
	}
}

// explained says who gets at something, what it lets them do and who has to act.
func explained(name string, u *use, authorities, systems []string, owner, acts string) string {
	who := "nobody is named who " + acts
	if owner != "" {
		who = owner + " " + acts
	}
	if u == nil {
		return name + " is reached by no workflow read here; " + who + "."
	}
	where := spoken(systems)
	switch {
	case len(authorities) > 0:
		var does []string
		for _, a := range authorities {
			does = append(does, verbs[a])
		}
		return name + " lets " + u.jobs() + " " + spoken(does) + " " + cmp.Or(where, "a system nobody declared") + "; " + who + "."
	case len(systems) > 0:
		return name + " is used by " + u.jobs() + " for " + where + "; " + who + "."
	}
	return name + " is within reach of " + u.jobs() + ", and nothing read here shows what for; " + who + "."
}

// jobs names the jobs that get at it: one by name, more by their number.
func (u *use) jobs() string {
	var jobs, files []string
	for _, h := range u.holders {
		jobs, files = append(jobs, h.path+" "+h.job), append(files, h.path)
	}
	jobs, files = sorted(jobs), sorted(files)
	short := func(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
	switch {
	case len(jobs) == 1:
		h := u.holders[0]
		return "job " + h.job + " of " + short(h.path)
	case len(files) == 1:
		return strconv.Itoa(len(jobs)) + " jobs of " + short(files[0])
	}
	return strconv.Itoa(len(jobs)) + " jobs of " + strconv.Itoa(len(files)) + " workflows"
}

// spoken writes a list as people do.
func spoken(words []string) string {
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "" })
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
}
