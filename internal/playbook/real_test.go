package playbook_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/aws"
	"github.com/firebreak/firebreak/adapters/github"
	"github.com/firebreak/firebreak/adapters/manual"
	"github.com/firebreak/firebreak/adapters/npm"
	"github.com/firebreak/firebreak/adapters/vault"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/playbook"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/playbooks"
)

// realCatalogue is made of the adapters themselves; nothing is dialled to plan.
func realCatalogue(t *testing.T) *adapters.Catalogue {
	t.Helper()
	w := adapters.Wire{Now: func() time.Time { return time.Unix(0, 0) }, ReadOnly: true}
	gh, err := github.New(github.Config{}, w)
	if err != nil {
		t.Fatal(err)
	}
	np, err := npm.New(npm.Config{}, w)
	if err != nil {
		t.Fatal(err)
	}
	va, err := vault.New(vault.Config{}, w)
	if err != nil {
		t.Fatal(err)
	}
	am := aws.New(aws.Config{Accounts: map[string]aws.Account{"prod": {ID: "111122223333"}}}, w)
	c, err := adapters.NewCatalogue([]adapters.Provider{gh, am, va, np, manual.New()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func shopSnapshot() *snapshot.Snapshot {
	const dir = ".github/workflows/"
	return &snapshot.Snapshot{
		Schema: snapshot.Schema,
		Repositories: []snapshot.Repository{{
			FullName: "acme/shop", ID: 1, DefaultBranch: "main",
			Branches:     []snapshot.Branch{{Name: "main", SHA: "aaaa"}},
			Workflows:    []snapshot.Workflow{{ID: 1, Path: dir + "pr-checks.yml", State: "active"}, {ID: 2, Path: dir + "rebuild.yml", State: "active"}},
			Secrets:      []snapshot.Secret{{Name: "NPM_TOKEN", Scope: "repository"}, {Name: "DEPLOY_AWS_ACCESS_KEY_ID", Scope: "environment/preview"}, {Name: "DEPLOY_AWS_SECRET_ACCESS_KEY", Scope: "environment/preview"}},
			Environments: []snapshot.Environment{{Name: "preview"}},
		}},
		AWS: []snapshot.Account{{
			Name: "prod", ID: "111122223333",
			Roles:   []snapshot.Role{{ARN: "arn:aws:iam::111122223333:role/deploy", Name: "deploy", Trust: []byte(`{"Version":"2012-10-17","Statement":[]}`)}},
			Users:   []snapshot.User{{ARN: "arn:aws:iam::111122223333:user/deployer", Name: "deployer", Keys: []snapshot.AccessKey{{ID: "AKIAOLDOLDOLDOLDOLD1", Status: "Active"}}}},
			Secrets: []snapshot.AWSSecret{{ID: "ci/deployer", ARN: "arn:aws:secretsmanager:eu-central-1:111122223333:secret:ci/deployer-a", Versions: map[string][]string{"v1": {"AWSCURRENT"}}}},
		}},
		Vault: []snapshot.Vault{{
			Address: "http://127.0.0.1:1", Roles: []snapshot.VaultRole{{Mount: "jwt", Name: "ci", Raw: []byte(`{"bound_claims":{"repository":"acme/shop"}}`)}},
			KV: []snapshot.VaultKV{{Mount: "secret", Path: "ci/npm", Version: 3}},
		}},
		NPM: []snapshot.Registry{{Address: "http://127.0.0.1:1", User: "acme-bot", Tokens: []snapshot.NPMToken{{Key: "3f9c", Masked: "npm_ab...yz"}}}},
	}
}

func TestShippedPlaybooksFitTheAdapters(t *testing.T) {
	all, err := playbook.All(playbooks.Files(), realCatalogue(t))
	if err != nil {
		t.Fatalf("\n%v", err)
	}
	for _, p := range all {
		d := playbook.Describe(p, realCatalogue(t))
		if len(d.Steps) != 7 && p.Partial == "" {
			t.Errorf("%s has %d of the seven steps", p.Name, len(d.Steps))
		}
		if len(d.Permissions) == 0 {
			t.Errorf("%s needs no permissions?", p.Name)
		}
	}
}

func TestShippedPlaybookCompilesWithTheAdapters(t *testing.T) {
	all, err := playbook.All(playbooks.Files(), realCatalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	r := playbook.ShopRequest()
	r.Catalogue, r.Snapshot = realCatalogue(t), shopSnapshot()
	full := slices.IndexFunc(all, func(p *playbook.Playbook) bool { return p.Name == "compromised-workflow" })
	p, err := playbook.Compile(all[full], r)
	if err != nil {
		t.Fatalf("\n%v", err)
	}
	closed := map[string]bool{}
	for _, c := range p.Closings {
		closed[c.Credential] = c.Open == ""
	}
	if len(closed) != 4 {
		t.Errorf("closings: %+v", p.Closings)
	}
	for id, ok := range closed {
		if !ok {
			t.Errorf("%s stays open: %+v", id, p.Closings)
		}
	}
	for _, a := range p.Actions {
		spec, _ := r.Catalogue.Spec(a.Use)
		for name := range a.Inputs {
			if !known(spec, name) {
				t.Errorf("%s does not take %q", a.ID, name)
			}
		}
		if a.Role == plan.Deliver && len(a.Doors) == 0 {
			t.Errorf("%s: no door has to be shut before a new value is delivered", a.ID)
		}
	}
}

// known: members of pairs are passed as value.NAME and old.NAME.
func known(s plan.Spec, name string) bool {
	for _, f := range s.Inputs {
		if f.Name == name || f.Type == plan.Secret && len(name) > len(f.Name) && name[:len(f.Name)+1] == f.Name+"." {
			return true
		}
	}
	return false
}

func TestWhatTheSnapshotLacksIsNamed(t *testing.T) {
	all, err := playbook.All(playbooks.Files(), realCatalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	r := playbook.ShopRequest()
	r.Catalogue, r.Snapshot = realCatalogue(t), &snapshot.Snapshot{Schema: snapshot.Schema}
	_, err = playbook.Compile(all[0], r)
	var lacks *playbook.Incomplete
	if !errors.As(err, &lacks) || len(lacks.Missing) < 5 || len(lacks.Others) != 0 {
		t.Fatalf("want everything that is missing, got %v", err)
	}
	seen := map[string]bool{}
	for _, m := range lacks.Missing {
		key := fmt.Sprint(*m)
		if seen[key] {
			t.Errorf("%s is named twice", m.What)
		}
		seen[key] = true
	}
}
