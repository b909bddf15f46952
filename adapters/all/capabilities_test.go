package all

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/counterpart"
	"github.com/firebreak/firebreak/internal/plan"
)

var update = flag.Bool("update", false, "write docs/capabilities.md")

//go:generate go test -run TestGeneratedCapabilities -update .

func TestGeneratedCapabilities(t *testing.T) {
	const file = "../../docs/capabilities.md"
	c, err := Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	want := capabilities(c.Specs(), counterpart.Claims(), counterpart.Limits())
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from the specs and claims; run make generate", file)
	}
	known := map[string]bool{}
	for _, s := range c.Specs() {
		known[s.Name] = true
		provider, _, _ := strings.Cut(s.Name, ".")
		known[provider] = true
	}
	for _, x := range append(counterpart.Claims(), counterpart.Limits()...) {
		if !known[x.Action] {
			t.Errorf("a claim is about %s, which no provider has", x.Action)
		}
	}
}

const capabilitiesHead = `<!-- Generated from the actions' specs and internal/counterpart/claims_list.go by make generate. -->
# What every action can do, prove and take back

Every action is held against the embedded world by one suite (planning twice, lost
answers, refusals, wrong answers, late effects, leaks). Where somebody else's server
could be had, the second table says which of an action's claims that server has shown.

- *effect*: what it costs; irreversible ones want the target's name typed.
- *proof*: the best it can prove; after the slash without the old value.
- *lost call*: what a call is whose answer never came.
- *reverts by*: the action that restores the structure from before. Old secrets never come back.

| action | effect | proof | lost call | reverts by | permissions |
|---|---|---|---|---|---|
`

func capabilities(specs []plan.Spec, claims, limits []counterpart.Claim) []byte {
	var b bytes.Buffer
	b.WriteString(capabilitiesHead)
	for _, s := range specs {
		proof := string(s.Proof)
		if s.Without != "" && s.Without != s.Proof {
			proof += " / " + string(s.Without)
		}
		revert := "`" + s.Revert + "`"
		switch {
		case s.Effect == plan.Read:
			revert = "changes nothing"
		case s.Revert == "":
			revert = "forward only"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", s.Name, s.Effect, proof, s.Lost, revert, strings.Join(s.Permissions, "<br>"))
	}
	table(&b, "## What other people's servers have shown", "shows that", claims)
	table(&b, "## What they cannot show", "cannot show that", limits)
	b.WriteString("\nActions that stand in neither table were held against the embedded world alone.\n")
	return b.Bytes()
}

func table(b *bytes.Buffer, title, verb string, rows []counterpart.Claim) {
	fmt.Fprintf(b, "\n%s\n\n| action | counterpart | %s |\n|---|---|---|\n", title, verb)
	for _, r := range rows {
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", r.Action, r.Counterpart, r.Proves)
	}
}
