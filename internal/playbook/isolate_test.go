package playbook

import (
	"slices"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/plan"
)

// onMachines lets the job that reaches everything run on machines of our own.
func onMachines(t *testing.T, r *Request, hosts ...inventory.Host) {
	t.Helper()
	w := &r.Inventory.Repositories[0].Workflows
	i := slices.IndexFunc(*w, func(x inventory.Workflow) bool { return strings.HasSuffix(x.Path, "pr-checks.yml") })
	if i < 0 {
		t.Fatal("the shop's workflows have moved")
	}
	for _, h := range hosts {
		for j := range (*w)[i].Jobs {
			(*w)[i].Jobs[j].Hosts = append((*w)[i].Jobs[j].Hosts, h.ID)
		}
	}
	r.Inventory.Hosts = hosts
}

const underResponse = "acme/shop/.github/workflows/pr-checks.yml"

// Whatever the playbook says: nothing dies that a machine of our own has held before
// that machine is taken out, and the plan has what takes it out.
func TestMachinesAreIsolatedBeforeAnythingDies(t *testing.T) {
	r := request()
	onMachines(t, &r,
		inventory.Host{ID: "acme/shop:runner:bench-1", Repository: "acme/shop", Name: "bench-1", Runner: 7, Labels: []string{"bench"}, ReachedBy: []string{underResponse}},
		inventory.Host{ID: "acme:runner:pool-1", Repository: "acme/other", Organization: "acme", Name: "pool-1", Runner: 8, ReachedBy: []string{"acme/other/.github/workflows/x.yml", underResponse}},
		inventory.Host{ID: "acme/shop:runner:[gpu]", Repository: "acme/shop", Labels: []string{"gpu"}, ReachedBy: []string{underResponse}},
	)
	p := mustCompile(t, shippedText(t), r)
	takenOut := map[string]plan.Action{}
	for _, a := range p.Actions {
		if a.Role == plan.Isolate {
			for _, h := range a.Hosts {
				takenOut[h] = a
			}
		}
	}
	if len(takenOut) != 3 || takenOut["acme/shop:runner:bench-1"].Use != "github.runner.isolate" || takenOut["acme/shop:runner:[gpu]"].Use != "manual.task" {
		t.Fatalf("taken out: %+v", takenOut)
	}
	pool := takenOut["acme:runner:pool-1"]
	if pool.Inputs["organization"].Literal != "acme" || pool.Inputs["repository"].Literal != "acme/shop" {
		t.Errorf("a shared machine: %+v", pool.Inputs)
	}
	if text := takenOut["acme/shop:runner:[gpu]"].Assisted.Instructions; !strings.Contains(text, "labels gpu") {
		t.Errorf("%s", text)
	}
	kills := 0
	for _, a := range p.Actions {
		switch a.Role {
		case plan.Cut, plan.Kill, plan.Destroy:
			if a.Credential == "" {
				continue // it ends copies of one that is dead
			}
			kills++
			if len(a.Hosts) != 3 {
				t.Errorf("%s watches for %v", a.ID, a.Hosts)
			}
		case plan.Freeze:
			if a.Use != "github.runner.remove" {
				continue
			}
			for _, b := range p.Actions {
				if (b.Role == plan.Kill || b.Role == plan.Destroy || b.Role == plan.Cut) && b.Credential != "" && !slices.Contains(a.After, b.ID) {
					t.Errorf("%s does not wait for %s", a.ID, b.ID)
				}
			}
		}
	}
	if kills == 0 {
		t.Error("nothing dies")
	}
}

// What a machine held mints others: they may be watched from there too. Machines of
// other workflows have nothing to do with it.
func TestMachinesOfOthersAreLeftAlone(t *testing.T) {
	r := request()
	h := inventory.Host{ID: "acme/shop:runner:bench-1", Repository: "acme/shop", Name: "bench-1", Runner: 7, ReachedBy: []string{"acme/shop/.github/workflows/other.yml"}}
	r.Inventory.Hosts = []inventory.Host{h}
	p := mustCompile(t, shippedText(t), r)
	for _, a := range p.Actions {
		if len(a.Hosts) > 0 || a.Role == plan.Isolate {
			t.Errorf("%s: %v", a.ID, a.Hosts)
		}
	}
	inv := inventory.Inventory{
		Repositories: []inventory.Repository{{Repository: "acme/shop", Workflows: []inventory.Workflow{{Path: ".github/workflows/pr-checks.yml", Jobs: []inventory.Job{
			{ID: "a", Hosts: []string{h.ID}, Reaches: []inventory.Reach{{Credential: "root"}}}, {ID: "b", Reaches: []inventory.Reach{{Credential: "leaf"}, {Credential: "apart"}}},
		}}}}},
		Credentials: []inventory.Credential{{ID: "root", Mints: []string{"leaf"}}, {ID: "leaf"}, {ID: "apart"}},
	}
	got := reachOf(inv, []string{underResponse}).hosts
	if len(got["root"]) != 1 || len(got["leaf"]) != 1 || len(got["apart"]) != 0 {
		t.Errorf("%v", got)
	}
}
