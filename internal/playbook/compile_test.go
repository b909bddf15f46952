package playbook

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/firebreak/firebreak/internal/diag"
	"github.com/firebreak/firebreak/internal/plan"
)

// I14: the same snapshot, configuration and playbook give the same plan bytes,
// whatever order the inputs and the inventory's lists come in.
func TestSameInputsSameBytes(t *testing.T) {
	book := mustParse(t, shippedText(t))
	encode := func(r Request) []byte {
		p, err := Compile(book, r)
		if err != nil {
			t.Fatal(err)
		}
		b, err := plan.Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	two := request()
	two.Inputs["workflow"] = []string{"docs.yml", "pr-checks.yml"}
	want := encode(two)
	rapid.Check(t, func(t *rapid.T) {
		r := request()
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		workflows := []string{"pr-checks.yml", "docs.yml", ".github/workflows/docs.yml"}
		rnd.Shuffle(len(workflows), func(i, j int) { workflows[i], workflows[j] = workflows[j], workflows[i] })
		r.Inputs["workflow"] = workflows
		inv := &r.Inventory
		rnd.Shuffle(len(inv.Credentials), func(i, j int) { inv.Credentials[i], inv.Credentials[j] = inv.Credentials[j], inv.Credentials[i] })
		rnd.Shuffle(len(inv.Identities), func(i, j int) { inv.Identities[i], inv.Identities[j] = inv.Identities[j], inv.Identities[i] })
		if !bytes.Equal(encode(r), want) {
			t.Fatal("other bytes")
		}
	})
}

func TestTheTimeOfTheSurveyIsNotInThePlan(t *testing.T) {
	a, b := request(), request()
	b.Snapshot.Taken = b.Snapshot.Taken.Add(1e9)
	if x, y := mustCompile(t, rotateAll, a), mustCompile(t, rotateAll, b); x.Snapshot != y.Snapshot {
		t.Error("two surveys of an unchanged world give two plans")
	}
}

func TestCompileChangesNothingItWasGiven(t *testing.T) {
	r := request()
	r.Inputs["workflow"] = []string{"pr-checks.yml", "docs.yml"}
	slices.Reverse(r.Inventory.Credentials)
	first := r.Inventory.Credentials[0].ID
	mustCompile(t, shippedText(t), r)
	if r.Inputs["workflow"].([]string)[0] != "pr-checks.yml" || r.Inventory.Credentials[0].ID != first {
		t.Error("the request was changed")
	}
}

func TestOnlyWhatTheWorkflowReaches(t *testing.T) {
	p := mustCompile(t, rotateAll, request())
	if strings.Contains(describe(p), "DOCS_TOKEN") {
		t.Errorf("a credential of another workflow is touched:\n%s", describe(p))
	}
	r := request()
	r.Inventory.Credentials[0].Mints = []string{"acme/shop:repository:DOCS_TOKEN"}
	if p = mustCompile(t, rotateAll, r); closingOf(t, p, "acme/shop:repository:DOCS_TOKEN").Open == "" {
		t.Error("what a reached credential mints is within reach, and nobody declared it")
	}
}

func TestEveryReachedCredentialHasAClosing(t *testing.T) {
	text := strings.Replace(rotateAll, "in inventory.credentials", `in inventory.credentials.filter(x, "publish" in x.authority)`, 1)
	p := mustCompile(t, text, request())
	if c := closingOf(t, p, deployID); !strings.Contains(c.Open, "no task that rotates") {
		t.Errorf("%+v", c)
	}
	if c := closingOf(t, p, "role:deploy"); !strings.Contains(c.Open, "denies its trust and ends its sessions") {
		t.Errorf("%+v", c)
	}
}

func TestWaitsAreOverriddenAndShown(t *testing.T) {
	p := mustCompile(t, shippedText(t), request())
	if a := byUse(t, p, "npm.token.revoke"); a.Settle.D().String() != "1s" || p.Waits[a.Use] != "1s" {
		t.Errorf("%v %v", a.Settle.D(), p.Waits)
	}
	if a := byUse(t, p, "aws.role.deny_trust"); a.Settle.D().String() != "2s" || p.Waits[a.Use] != "2s" {
		t.Errorf("%v %v", a.Settle.D(), p.Waits)
	}
	if p.Waits["github.caches.purge"] != "" {
		t.Error("a wait nobody overrode is shown as overridden")
	}
}

func TestRolesOfADispatch(t *testing.T) {
	p := mustCompile(t, shippedText(t), request())
	roles := map[plan.Step]plan.Role{}
	for _, a := range p.Actions {
		if a.Use == "github.workflow.dispatch" {
			roles[a.Step] = a.Role
		}
	}
	if roles[plan.Rebuild] != plan.Build || roles[plan.Restore] != plan.Canary {
		t.Error(roles)
	}
	if !slices.Equal(p.Builders, []string{"acme/shop/.github/workflows/rebuild.yml"}) {
		t.Error(p.Builders)
	}
}

// TestCompileMistakes holds what only shows when inputs and inventory are known.
func TestCompileMistakes(t *testing.T) {
	head := "version: 1\nplaybook: x\ninputs:\n  repository: { type: repository, required: true }\n  workflow: { type: workflow, required: true }\n  n: { type: int }\nsteps:\n"
	disable := head + "  disable:\n    - use: github.workflow.disable\n"
	for _, c := range []struct {
		name, text, want string
		inputs           map[string]any
	}{
		{"required", disable, `test.yaml:5:3: the input "workflow" is required (give it with --workflow)`, map[string]any{"repository": "acme/shop"}},
		{"unknown", disable, `the playbook has no input "workflw" (did you mean workflow?)`, map[string]any{"repository": "acme/shop", "workflow": "ci.yml", "workflw": "x"}},
		{"several", disable, "it is given 2 times; declare it as a list, type: [workflow]", map[string]any{"repository": "acme/shop", "workflow": []string{"a.yml", "b.yml"}}},
		{"not a number", disable, `"many" is not a whole number`, map[string]any{"repository": "acme/shop", "workflow": "ci.yml", "n": "many"}},
		{"not a workflow", disable, `"src/ci.go" is not a workflow's path`, map[string]any{"repository": "acme/shop", "workflow": "src/ci.go"}},
		{"adapter refuses", disable, "test.yaml:9:7: github.workflow.disable cannot be planned: no such thing", map[string]any{"repository": "acme/refused", "workflow": "ci.yml"}},
		{
			"skipped output",
			head + "  rebuild:\n    - id: a\n      when: inputs.n > 1\n      use: github.workflow.dispatch\n      with: { purpose: rebuild }\n    - use: npm.dist.digest\n      with: { package: p, tag: latest, digest: \"${{ tasks.a.digest }}\" }\n",
			`the task "a" is not carried out, so it has no outputs`,
			map[string]any{"repository": "acme/shop", "workflow": "ci.yml"},
		},
		{"empty input", head + "  review:\n    - use: npm.dist.digest\n      with: { package: \"${{ inputs.repository.substring(0, 0) }}\", tag: a, digest: b }\n", `needs the input "package", which is empty here`, map[string]any{"repository": "acme/shop", "workflow": "ci.yml"}},
		{"evaluates badly", head + "  review:\n    - when: 1 / inputs.n == 1\n      notify: x\n", "this expression has no value here: division by zero", map[string]any{"repository": "acme/shop", "workflow": "ci.yml"}},
		{
			"too costly", head + "  review:\n    - when: '[1,2,3,4,5,6,7,8,9,0].all(a, [1,2,3,4,5,6,7,8,9,0].all(b, [1,2,3,4,5,6,7,8,9,0].all(c, [1,2,3,4,5,6,7,8,9,0].all(d, [1,2,3,4,5,6,7,8,9,0].all(e, a + b + c + d + e >= 0)))))'\n      notify: x\n",
			"cost limit exceeded",
			map[string]any{"repository": "acme/shop", "workflow": "ci.yml"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := request()
			r.Inputs = c.inputs
			_, err := Compile(mustParse(t, c.text), r)
			var l diag.List
			if !errors.As(err, &l) || !strings.Contains(l.Error(), c.want) {
				t.Fatalf("want %q, got\n%v", c.want, err)
			}
		})
	}
}

func TestRotatedTwice(t *testing.T) {
	text := rotateAll + "    - for: c in inventory.credentials\n      rotate: \"${{ c }}\"\n"
	_, err := Compile(mustParse(t, text), request())
	if err == nil || !strings.Contains(err.Error(), "NPM_TOKEN would be rotated twice (the task in line 11 rotates it already") {
		t.Error(err)
	}
}

func TestSeveralWorkflowsInherited(t *testing.T) {
	text := strings.Replace(rotateAll, "steps:\n", "steps:\n  disable:\n    - use: github.workflow.disable\n", 1)
	r := request()
	r.Inputs["workflow"] = []string{"docs.yml", "pr-checks.yml"}
	p := mustCompile(t, text, r)
	n := 0
	for _, a := range p.Actions {
		if a.Use == "github.workflow.disable" {
			n++
		}
	}
	if n != 2 || len(p.Subjects) != 2 {
		t.Errorf("%d disabled, subjects %v", n, p.Subjects)
	}
}

func TestGatesAndPeople(t *testing.T) {
	p := mustCompile(t, `
version: 1
playbook: x
inputs:
  repository: { type: repository, required: true }
  workflow: { type: [workflow], required: true }
  since: { type: timestamp }
  package: { type: string }
gates:
  ticket: The change ticket is approved
steps:
  review:
    - notify: "look at ${{ inputs.repository }}"
    - manual: { instructions: read the audit log, link: "https://example.com/${{ inputs.repository }}" }
  restore:
    - use: github.workflow.enable
      gate: [ticket, isolate-before-kill]
`, request())
	enable := byUse(t, p, "github.workflow.enable")
	if !slices.Equal(enable.Gates, []string{"ticket", "isolate-before-kill"}) || len(enable.After) != 2 {
		t.Errorf("%v %v", enable.Gates, enable.After)
	}
	if len(p.Gates) != 1 || p.Gates[0] != (plan.Condition{Name: "ticket", Step: plan.Restore, Text: "The change ticket is approved"}) {
		t.Errorf("%+v", p.Gates)
	}
	if a := p.Actions[1]; a.Assisted == nil || a.Proof != plan.P0 || a.Use != "manual.task" {
		t.Errorf("%+v", a)
	}
}
