package playbook

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

func containText(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.FromSlash("../../playbooks/contain.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// threeInTwo is a request about workflows of two repositories.
func threeInTwo() Request {
	r := request()
	r.Inputs = map[string]any{
		"repository": []string{"acme/web", "acme/shop"},
		"workflow":   []string{"acme/shop/.github/workflows/pr-checks.yml", "acme/web/.github/workflows/ci.yml", "acme/web/.github/workflows/pr-checks.yml"},
	}
	r.Inventory.Repositories = append(r.Inventory.Repositories, inventory.Repository{Repository: "acme/web"})
	return r
}

func TestContainIsPartialAndHasNothingIrreversible(t *testing.T) {
	p := mustCompile(t, containText(t), request2("acme/shop"))
	if p.Partial == "" {
		t.Error("nothing says that the rest is left to a further plan")
	}
	if p.FirstIrreversible != "" {
		t.Errorf("no way back from %s", p.FirstIrreversible)
	}
	for _, a := range p.Actions {
		if a.Role != plan.Contain && a.Role != plan.Cut {
			t.Errorf("%s is no containment but %s", a.ID, a.Role)
		}
	}
}

func request2(repository string) Request {
	r := request()
	r.Inputs = map[string]any{"repository": repository, "workflow": "pr-checks.yml"}
	return r
}

func TestAWorkflowNamedWithItsRepositoryIsMeantThereAlone(t *testing.T) {
	p := mustCompile(t, containText(t), threeInTwo())
	var got []string
	for _, a := range p.Actions {
		if a.Use == "github.workflow.disable" {
			got = append(got, a.Inputs["repository"].Literal.(string)+" "+a.Inputs["workflow"].Literal.(string))
		}
	}
	slices.Sort(got)
	want := []string{
		"acme/shop .github/workflows/pr-checks.yml", "acme/web .github/workflows/ci.yml", "acme/web .github/workflows/pr-checks.yml",
	}
	if !slices.Equal(got, want) {
		t.Errorf("disables %v", got)
	}
	subjects := []string{"acme/shop/.github/workflows/pr-checks.yml", "acme/web/.github/workflows/ci.yml", "acme/web/.github/workflows/pr-checks.yml"}
	if !slices.Equal(p.Subjects, subjects) {
		t.Errorf("subjects %v", p.Subjects)
	}
}

// The same incident is the same plan, however the workflow was written.
func TestOneRepositoryIsNotWrittenBeforeItsWorkflows(t *testing.T) {
	short, long := request2("acme/shop"), request2("acme/shop")
	long.Inputs["workflow"] = "acme/shop/.github/workflows/pr-checks.yml"
	a, errA := plan.Encode(mustCompile(t, containText(t), short))
	b, errB := plan.Encode(mustCompile(t, containText(t), long))
	if err := errors.Join(errA, errB); err != nil || string(a) != string(b) {
		t.Errorf("two plans of one incident: %v", err)
	}
}

func TestAWorkflowOfARepositoryNotGivenIsAMistake(t *testing.T) {
	r := request2("acme/shop")
	r.Inputs["workflow"] = "acme/web/.github/workflows/ci.yml"
	_, err := Compile(mustParse(t, containText(t)), r)
	if err == nil || !strings.Contains(err.Error(), "of a repository that is not given") {
		t.Errorf("%v", err)
	}
}

func TestSeveralRepositoriesForOneAreAMistake(t *testing.T) {
	_, err := Compile(mustParse(t, strings.Replace(containText(t), "type: [repository]", "type: repository", 1)), threeInTwo())
	if err == nil || !strings.Contains(err.Error(), "given 2 times") {
		t.Errorf("%v", err)
	}
}

func TestWhatAPartialPlanCannotSeeIsAGap(t *testing.T) {
	r := request2("acme/shop")
	r.Catalogue = blind{r.Catalogue}
	var lacks *Incomplete
	if _, err := Compile(mustParse(t, containText(t)), r); !errors.As(err, &lacks) {
		t.Fatalf("a lack must be surveyed first: %v", err)
	}
	r.Lenient = true
	p := mustCompile(t, containText(t), r)
	if !slices.ContainsFunc(p.Gaps, func(g plan.Gap) bool { return strings.HasPrefix(g.What, "aws.role.") }) {
		t.Errorf("gaps %v", p.Gaps)
	}
	if c := closingOf(t, p, "role:deploy"); c.Open == "" {
		t.Error("the role counts as closed")
	}
	if _, err := Compile(mustParse(t, shippedText(t)), Request{
		Inputs: request().Inputs, Inventory: r.Inventory, Snapshot: r.Snapshot, Config: r.Config, Catalogue: r.Catalogue, Lenient: true,
	}); !errors.As(err, &lacks) {
		t.Errorf("a whole playbook leaves something out: %v", err)
	}
}

// blind has adapters that find no cloud role in any snapshot.
type blind struct{ Catalogue }

func (b blind) Action(name string) (adapters.Action, bool) {
	a, ok := b.Catalogue.Action(name)
	if strings.HasPrefix(name, "aws.role.") {
		return unseen{a}, ok
	}
	return a, ok
}

type unseen struct{ adapters.Action }

func (unseen) Plan(adapters.Inputs, *snapshot.Snapshot) (plan.Change, error) {
	return plan.Change{}, &adapters.Missing{What: "the role"}
}

func TestPartialSaysWhatItLeaves(t *testing.T) {
	_, err := Parse("x.yaml", []byte(strings.Replace(containText(t), "partial: >-", "partial: \"\"\ndescription2: >-", 1)), known())
	if err == nil || !strings.Contains(err.Error(), "what the playbook leaves to a further plan") {
		t.Errorf("%v", err)
	}
}
