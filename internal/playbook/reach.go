package playbook

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// reach is what an incident is about.
type reach struct {
	subjects  []string             // workflows under response, sorted: "acme/shop/.github/workflows/ci.yml"
	inventory inventory.Inventory  // credentials and identities within reach
	doors     map[string][]string  // credential or identity id → subjects that reach it, sorted
	hosts     map[string][]string  // credential or identity id → machines that held it, sorted
	authority map[string][]string  // credential or identity id → what its holder can do, also by what it mints, sorted
	direct    map[string]bool      // ids of identities that are reached by themselves, not through other roles alone
	beyond    []inventory.Identity // roles that sessions can become and that cannot be cut off from here
}

// subjects are the workflows of the inputs `repository` and `workflow`. A workflow
// without its repository is meant in every repository given.
func (c *compiler) subjects() []string {
	var out []string
	for _, w := range texts(c.inputs["workflow"]) {
		if _, _, is := qualified(w); is {
			out = append(out, w)
			continue
		}
		for _, r := range texts(c.inputs["repository"]) {
			out = append(out, r+"/"+w)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func texts(v any) []string {
	switch x := v.(type) {
	case string:
		return []string{x}
	case []string:
		return x
	}
	return nil
}

// reachOf leaves in inv what the subjects reach, directly or by what a reached
// credential mints. Without subjects everything is within reach.
func reachOf(inv inventory.Inventory, subjects []string) reach {
	r := reach{subjects: subjects, inventory: canonical(inv), doors: map[string][]string{}, hosts: map[string][]string{}, authority: authorities(inv), direct: map[string]bool{}}
	for _, repo := range inv.Repositories {
		for _, w := range repo.Workflows {
			if subject := repo.Repository + "/" + w.Path; slices.Contains(subjects, subject) {
				for _, j := range w.Jobs {
					for _, x := range j.Reaches {
						r.open(x.Credential, subject)
						r.hosts[x.Credential] = merged(r.hosts[x.Credential], j.Hosts)
					}
				}
			}
		}
	}
	for _, s := range subjects {
		for _, x := range inv.Credentials {
			if slices.Contains(x.ReachedBy, strings.TrimPrefix(s, x.Repository+"/")) {
				r.open(x.ID, s)
			}
		}
	}
	r.spread(inv.Credentials)
	r.chain()
	r.spreadAuthority(inv.Credentials)
	if len(subjects) == 0 {
		return r
	}
	r.inventory.Credentials = slices.DeleteFunc(r.inventory.Credentials, func(x inventory.Credential) bool { return r.doors[x.ID] == nil })
	r.inventory.Hosts = hostsOf(r.inventory.Hosts, subjects)
	r.inventory.Identities = slices.DeleteFunc(r.inventory.Identities, func(x inventory.Identity) bool { return r.doors[x.ID] == nil })
	return r
}

// authorities says of each credential and identity what its holder can do by itself.
func authorities(inv inventory.Inventory) map[string][]string {
	out := map[string][]string{}
	for _, x := range inv.Identities {
		out[x.ID] = merged(x.Authority)
	}
	for _, x := range inv.Credentials {
		out[x.ID] = merged(x.Authority)
	}
	return out
}

// spreadAuthority: who can make himself another can do what that one can.
func (r *reach) spreadAuthority(all []inventory.Credential) {
	for again := true; again; {
		again = false
		for _, x := range all {
			for _, minted := range x.Mints {
				if all := merged(r.authority[x.ID], r.authority[minted]); len(all) > len(r.authority[x.ID]) {
					r.authority[x.ID], again = all, true
				}
			}
		}
	}
}

// hostsOf are the machines on which the subjects' jobs run, each under the repository of
// one of them: of a shared one's others nothing may have been surveyed.
func hostsOf(all []inventory.Host, subjects []string) []inventory.Host {
	out := []inventory.Host{}
	for _, h := range all {
		for _, s := range h.ReachedBy {
			if repository, _, is := qualified(s); is && slices.Contains(subjects, s) {
				h.Repository = repository
				out = append(out, h)
				break
			}
		}
	}
	return out
}

// open notes that subject reaches id.
func (r *reach) open(id, subject string) {
	if i, found := slices.BinarySearch(r.doors[id], subject); !found {
		r.doors[id] = slices.Insert(r.doors[id], i, subject)
	}
}

// spread follows what credentials mint until nothing new is found.
func (r *reach) spread(all []inventory.Credential) {
	for again := true; again; {
		again = false
		for _, x := range all {
			for _, minted := range x.Mints {
				if all := merged(r.hosts[minted], r.hosts[x.ID]); len(all) > len(r.hosts[minted]) {
					r.hosts[minted], again = all, true
				}
				for _, s := range r.doors[x.ID] {
					if _, known := slices.BinarySearch(r.doors[minted], s); !known {
						r.open(minted, s)
						again = true
					}
				}
			}
		}
	}
}

// canonical copies the inventory with its lists in the order of their ids.
func canonical(inv inventory.Inventory) inventory.Inventory {
	inv.Repositories = slices.SortedFunc(slices.Values(inv.Repositories), func(a, b inventory.Repository) int {
		return cmp.Or(cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Path, b.Path))
	})
	inv.Credentials = slices.SortedFunc(slices.Values(inv.Credentials), func(a, b inventory.Credential) int { return cmp.Compare(a.ID, b.ID) })
	inv.Identities = slices.SortedFunc(slices.Values(inv.Identities), func(a, b inventory.Identity) int { return cmp.Compare(a.ID, b.ID) })
	inv.Hosts = slices.SortedFunc(slices.Values(inv.Hosts), func(a, b inventory.Host) int { return cmp.Compare(a.ID, b.ID) })
	inv.Findings = slices.SortedFunc(slices.Values(inv.Findings), func(a, b inventory.Finding) int {
		return cmp.Or(cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Rule, b.Rule), slices.Compare(a.Branches, b.Branches))
	})
	return inv
}

// digest is the hex SHA-256 of v's JSON.
func digest(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("playbook: %T is not plain data: %v", v, err))
	}
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// snapshotDigest leaves the time of the survey out: two surveys of an unchanged
// world give the same plan.
func snapshotDigest(s *snapshot.Snapshot) string {
	content := *s
	content.Taken = time.Time{}
	return digest(content)
}

// identityOf finds the identity an action of a provider is aimed at by its inputs.
func (r *reach) identityOf(use string, inputs map[string]plan.Value) *inventory.Identity {
	role, _ := inputs["role"].Literal.(string)
	mount, _ := inputs["mount"].Literal.(string)
	if role == "" {
		return nil
	}
	for i := range r.inventory.Identities {
		x := &r.inventory.Identities[i]
		if !strings.HasPrefix(use, x.Provider+".") {
			continue
		}
		if x.ARN == role && x.ARN != "" || x.Role == role && x.ARN == "" && (mount == "" || x.Mount == "" || mount == x.Mount) {
			return x
		}
	}
	return nil
}
