package playbook

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/plan"
)

const arns = "arn:aws:iam::111122223333:role/"

// chainedRequest has roles behind role deploy: release, of which zone and deploy itself
// are, and one of another account; and one that another workflow's role leads to.
func chainedRequest() Request {
	r := request()
	role := func(name string, from ...string) inventory.Identity {
		i := inventory.Identity{ID: "role:" + name, Name: name, Provider: "aws", Kind: "aws.role", ARN: arns + name, Role: name, Verdict: "reachable", Witness: "sessions of something can become it"}
		for _, f := range from {
			i.ChainedFrom = append(i.ChainedFrom, arns+f)
		}
		return i
	}
	partner := role("partner", "zone")
	partner.Kind, partner.ARN, partner.Owner, partner.Contact = inventory.RoleBeyond, "arn:aws:iam::999988887777:role/partner", "partners", "#partners"
	far := role("far", "docs")
	far.Kind, far.ARN = inventory.RoleBeyond, "arn:aws:iam::999988887777:role/far"
	zone := role("zone", "release")
	zone.Authority = []string{"publish"}
	r.Inventory.Identities = append(r.Inventory.Identities, role("release", "deploy", "zone", "docs"), zone, partner, role("docs"), role("other", "docs"), far)
	for i := range r.Inventory.Identities {
		if r.Inventory.Identities[i].ID == "role:deploy" {
			r.Inventory.Identities[i].ChainedFrom = []string{arns + "zone"}
		}
	}
	w := &r.Inventory.Repositories[0].Workflows[1].Jobs[0]
	w.Reaches = append(w.Reaches, inventory.Reach{Credential: "role:docs", Name: "docs", How: "id-token"})
	return r
}

func TestRolesBehindARoleAreCutOff(t *testing.T) {
	p := mustCompile(t, shippedText(t), chainedRequest())
	got := map[string][]string{}
	for _, a := range p.Actions {
		if strings.HasPrefix(a.Use, "aws.role.") {
			from, _ := a.Inputs["from"].Literal.([]any)
			text := a.Use
			for _, f := range from {
				text += " " + strings.TrimPrefix(f.(string), arns)
			}
			if list, ok := a.Inputs["from"].Literal.([]string); ok {
				text += " " + strings.ReplaceAll(strings.Join(list, " "), arns, "")
			}
			got[a.Credential] = append(got[a.Credential], text)
		}
	}
	for id := range got {
		slices.Sort(got[id])
	}
	want := map[string][]string{
		"role:deploy":  {"aws.role.deny_trust", "aws.role.revoke_sessions"},
		"role:release": {"aws.role.deny_chain deploy zone", "aws.role.revoke_sessions deploy zone"},
		"role:zone":    {"aws.role.deny_chain release", "aws.role.revoke_sessions release"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	closed := 0
	for _, c := range p.Closings {
		switch c.Credential {
		case "role:deploy", "role:release", "role:zone":
			if closed++; c.Open != "" {
				t.Errorf("%s is open: %s", c.Credential, c.Open)
			}
		case "role:partner", "role:docs", "role:other":
			t.Errorf("%s is none of ours to close", c.Credential)
		}
	}
	i := slices.IndexFunc(p.Gaps, func(g plan.Gap) bool { return g.What == "sessions of role arn:aws:iam::999988887777:role/partner" })
	if i < 0 || !strings.Contains(p.Gaps[i].Why, "call partners (#partners)") || closed != 3 {
		t.Errorf("the owner of the other account's role is to be named: %+v", p.Gaps)
	}
	if slices.ContainsFunc(p.Gaps, func(g plan.Gap) bool { return strings.HasSuffix(g.What, "/far") }) {
		t.Error("what another workflow's role leads to is none of ours")
	}
	for _, a := range p.Actions {
		if a.Credential == "role:deploy" && !slices.Contains(a.Authority, "publish") {
			t.Errorf("who is deploy can be zone, and publish: %v", a.Authority)
		}
	}
}

// What a machine held as one role it may hold as the next.
func TestMachinesWatchThroughRoles(t *testing.T) {
	inv := inventory.Inventory{
		Repositories: []inventory.Repository{{Repository: "acme/shop", Workflows: []inventory.Workflow{{Path: ".github/workflows/pr-checks.yml", Jobs: []inventory.Job{
			{ID: "a", Hosts: []string{"h"}, Reaches: []inventory.Reach{{Credential: "role:a"}}},
		}}}}},
		Identities: []inventory.Identity{
			{ID: "role:c", Kind: "aws.role", ARN: "c", ChainedFrom: []string{"b"}}, {ID: "role:a", Kind: "aws.role", ARN: "a", ChainedFrom: []string{"c"}}, {ID: "role:b", Kind: "aws.role", ARN: "b", ChainedFrom: []string{"a"}},
		},
	}
	r := reachOf(inv, []string{underResponse})
	if len(r.hosts["role:c"]) != 1 || len(r.inventory.Identities) != 3 || len(r.inventory.Identities[0].ChainedFrom) != 0 {
		t.Errorf("%v %+v", r.hosts, r.inventory.Identities)
	}
	inv.Identities[1].ReachedBy = []string{"x"}
	all := reachOf(inv, nil)
	if len(all.inventory.Identities[0].ChainedFrom) != 0 || len(all.inventory.Identities[2].ChainedFrom) != 1 {
		t.Errorf("without a workflow under response: %+v", all.inventory.Identities)
	}
}

// A boundary goes on the roles that may change themselves, where there is one.
func TestRolesThatChangeThemselvesAreBound(t *testing.T) {
	for boundary, want := range map[string]int{"": 0, "arn:aws:iam::111122223333:policy/quarantine": 1} {
		r := chainedRequest()
		if boundary != "" {
			r.Inputs["boundary"] = boundary
		}
		for i := range r.Inventory.Identities {
			x := &r.Inventory.Identities[i]
			x.UndoesDenial = x.ID == "role:zone" || x.ID == "role:docs"
		}
		n := 0
		for _, a := range mustCompile(t, shippedText(t), r).Actions {
			if a.Use == "aws.role.bound" {
				if n++; a.Credential != "role:zone" || a.Inputs["boundary"].Literal != boundary {
					t.Errorf("%+v", a)
				}
			}
		}
		if n != want {
			t.Errorf("with %q: %d", boundary, n)
		}
	}
}
