package playbook_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/playbook"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/playbooks"
)

// One registry that does not answer must not keep everything else from being planned.
func TestWhatCouldNotBeReadIsAPersonsTask(t *testing.T) {
	all, err := playbook.All(playbooks.Files(), realCatalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	book := all[slices.IndexFunc(all, func(p *playbook.Playbook) bool { return p.Name == "compromised-workflow" })]
	r := playbook.ShopRequest()
	dark := shopSnapshot()
	dark.NPM = nil
	dark.Gaps = append(dark.Gaps, snapshot.Gap{Provider: "npm", What: "tokens of acme-bot", Why: "401"})
	r.Catalogue, r.Snapshot = realCatalogue(t), dark
	var lacks *playbook.Incomplete
	if _, err := playbook.Compile(book, r); !errors.As(err, &lacks) {
		t.Fatalf("compiled with %v", err)
	}
	r.Unseen = true
	p, err := playbook.Compile(book, r)
	if err != nil {
		t.Fatal(err)
	}
	byHand, others := false, 0
	for _, a := range p.Actions {
		if strings.HasPrefix(a.Use, "npm.token") {
			t.Errorf("%s is planned on what nobody read", a.ID)
		}
		byHand = byHand || a.Role == plan.Mint && a.Use == "manual.task" && a.Assisted != nil
		if strings.HasPrefix(a.Use, "aws.") {
			others++
		}
	}
	if !byHand || others == 0 {
		t.Errorf("a person's mint: %v, actions elsewhere: %d", byHand, others)
	}
	for _, c := range p.Closings {
		if open := strings.Contains(c.Open, "tokens of acme-bot: 401"); open != (c.Name == "NPM_TOKEN") {
			t.Errorf("%s: %q", c.Name, c.Open)
		}
	}
	dark.Repositories = nil
	if _, err := playbook.Compile(book, r); !errors.As(err, &lacks) {
		t.Errorf("with no repository to be seen it gives %v", err)
	}
}
