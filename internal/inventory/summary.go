package inventory

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/workflow"
)

// SummaryRow is a workflow in one line: what it can get at, where that leads, and who
// rotates it. Everything in it comes from untrusted files: views escape it.
type SummaryRow struct {
	Repository string
	Workflow   string // path
	Branches   []string
	// Names are the secrets and identities, and the job's own token where it may write;
	// empty: none.
	Names   []string
	Systems []string
	Owners  []string // empty: nobody is named
}

// DownloadOnly is the system of a workflow that has nothing but packages to fetch.
const DownloadOnly = "package download only"

// Summary gives one row for each workflow file, in the inventory's order: the table
// workflow → secrets and identities → external systems → rotation owner.
func Summary(inv Inventory) []SummaryRow {
	creds, identities := map[string]*Credential{}, map[string]*Identity{}
	for i := range inv.Credentials {
		creds[inv.Credentials[i].ID] = &inv.Credentials[i]
	}
	for i := range inv.Identities {
		identities[inv.Identities[i].ID] = &inv.Identities[i]
	}
	var rows []SummaryRow
	for _, r := range inv.Repositories {
		for i := range r.Workflows {
			w := &r.Workflows[i]
			row := SummaryRow{Repository: cmp.Or(r.Repository, r.Path), Workflow: w.Path, Branches: w.Branches}
			unowned, fetched := false, false
			add := func(name string, systems []string, owner string) {
				row.Names, row.Systems = append(row.Names, name), append(row.Systems, systems...)
				unowned = unowned || owner == ""
				if owner != "" {
					row.Owners = append(row.Owners, owner)
				}
			}
			for _, j := range w.Jobs {
				fetched = fetched || len(j.Fetches) > 0
				named := false
				for _, x := range j.Reaches {
					if x.How == HowInheritUnused {
						continue
					}
					if c := creds[x.Credential]; c != nil {
						add(strings.Join(c.Names, ", "), c.Systems, c.Owner)
					} else if i := identities[x.Credential]; i != nil {
						named = true
						add(i.Name, i.systems(), i.Owner)
					}
				}
				if j.Permissions["id-token"] == "write" && !named {
					add("OIDC token (not known for what)", nil, "")
				}
				if token := writes(j); token != "" {
					row.Names, row.Systems = append(row.Names, token), append(row.Systems, label("github"))
				}
			}
			if len(row.Names) == 0 && fetched {
				row.Systems = []string{DownloadOnly}
			}
			if w.Owner != "" && (len(row.Owners) == 0 || unowned) {
				row.Owners = append(row.Owners, w.Owner)
			}
			row.Names, row.Systems, row.Owners = sorted(row.Names), sorted(row.Systems), sorted(row.Owners)
			rows = append(rows, row)
		}
	}
	return rows
}

// writes names the job's own token where it may change something.
func writes(j Job) string {
	if j.Permissions[workflow.Unknown] != "" {
		return "GITHUB_TOKEN (permissions not known)"
	}
	var scopes []string
	for _, s := range slices.Sorted(maps.Keys(j.Permissions)) {
		if j.Permissions[s] == "write" && s != "id-token" {
			scopes = append(scopes, s)
		}
	}
	if len(scopes) == 0 {
		return ""
	}
	return "GITHUB_TOKEN (writes " + strings.Join(scopes, ", ") + ")"
}

// systems are what an identity opens; its own name at its provider where no step tells.
func (i *Identity) systems() []string {
	if len(i.Systems) > 0 {
		return i.Systems
	}
	return []string{i.system()}
}
