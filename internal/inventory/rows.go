package inventory

import (
	"cmp"
	"slices"
	"strings"
)

// Row is one line of the table workflow → secret or identity → external system →
// rotation owner. Everything in it comes from untrusted files: views escape it.
type Row struct {
	Repository string
	Workflow   string
	Branches   []string
	Job        string
	Trust      string   // the least trusted trigger of the workflow
	Name       string   // names of the secret, or of the identity
	ID         string   // inventory id
	Kind       string   // "credential" or "identity"
	How        []string // ways it is reached, without repeats
	Line       int      // of the first of them
	Systems    []string
	Authority  []string
	Owner      string // "" when not known
	Contact    string
	Declared   bool
	Verdict    string // of an identity
	// Unused: the job only passes it on by "secrets: inherit".
	Unused bool
}

// Rows gives the table, one row for each credential and identity of each job, in
// the inventory's order. Jobs' own tokens are left out.
func Rows(inv Inventory) []Row {
	creds, identities := map[string]Credential{}, map[string]Identity{}
	for _, c := range inv.Credentials {
		creds[c.ID] = c
	}
	for _, i := range inv.Identities {
		identities[i.ID] = i
	}
	var rows []Row
	for _, r := range inv.Repositories {
		for _, w := range r.Workflows {
			for _, j := range w.Jobs {
				at := map[string]int{}
				for _, x := range j.Reaches {
					row := Row{Repository: cmp.Or(r.Repository, r.Path), Workflow: w.Path, Branches: w.Branches, Job: j.ID, Trust: least(w.Triggers), ID: x.Credential, Line: x.Line}
					if c, ok := creds[x.Credential]; ok {
						row.Kind, row.Name, row.Systems, row.Authority = "credential", strings.Join(c.Names, ", "), c.Systems, c.Authority
						row.Owner, row.Contact, row.Declared = c.Owner, c.Contact, c.Declared
					} else if i, ok := identities[x.Credential]; ok {
						row.Kind, row.Name, row.Authority, row.Verdict = "identity", i.Name, i.Authority, i.Verdict
						row.Systems = i.systems()
						row.Owner, row.Contact, row.Declared = i.Owner, i.Contact, i.Owner != ""
					} else {
						continue
					}
					n, seen := at[x.Credential]
					if !seen {
						n = len(rows)
						at[x.Credential] = n
						row.Unused = true
						rows = append(rows, row)
					}
					if !slices.Contains(rows[n].How, x.How) {
						rows[n].How = append(rows[n].How, x.How)
					}
					rows[n].Unused = rows[n].Unused && x.How == HowInheritUnused
				}
			}
		}
	}
	return rows
}

func least(triggers []Trigger) string {
	order := []string{"untrusted", "contributor", "human", "trusted"}
	best := len(order)
	for _, t := range triggers {
		if i := slices.Index(order, t.Trust); i >= 0 {
			best = min(best, i)
		}
	}
	if best == len(order) {
		return ""
	}
	return order[best]
}
