package playbook

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

var update = flag.Bool("update", false, "write golden files")

const (
	npmID    = "acme/shop:repository:NPM_TOKEN"
	deployID = "acme/shop:environment/preview:DEPLOY_AWS_ACCESS_KEY_ID"
)

func shippedText(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile(filepath.FromSlash("../../playbooks/compromised-workflow.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// shop is the inventory of the shipped scenario.
func shop() inventory.Inventory {
	subject := ".github/workflows/pr-checks.yml"
	with := func(kv ...string) map[string]string {
		m := map[string]string{}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i]] = kv[i+1]
		}
		return m
	}
	return inventory.Inventory{
		Schema: inventory.Schema,
		Repositories: []inventory.Repository{{Repository: "acme/shop", Workflows: []inventory.Workflow{
			{Path: ".github/workflows/pr-checks.yml", Jobs: []inventory.Job{{ID: "checks", Reaches: []inventory.Reach{
				{Credential: npmID, Name: "NPM_TOKEN", How: "env"},
				{Credential: deployID, Name: "DEPLOY_AWS_ACCESS_KEY_ID", How: "env"},
				{Credential: "role:deploy", Name: "PROD_DEPLOY_ROLE", How: "id-token"},
				{Credential: "vault:ci", Name: "VAULT_ROLE", How: "id-token"},
			}}}},
			{Path: ".github/workflows/docs.yml", Jobs: []inventory.Job{{ID: "docs", Reaches: []inventory.Reach{{Credential: "acme/shop:repository:DOCS_TOKEN", Name: "DOCS_TOKEN", How: "env"}}}}},
		}}},
		Credentials: []inventory.Credential{
			{
				ID: deployID, Name: "DEPLOY_AWS_ACCESS_KEY_ID", Kind: "access-key", Scope: "environment/preview", Repository: "acme/shop",
				Names: []string{"DEPLOY_AWS_ACCESS_KEY_ID", "DEPLOY_AWS_SECRET_ACCESS_KEY"}, Declared: true, Rotation: "overlap", Deadline: "45m",
				Issuer: &inventory.System{Name: "aws.access_key", With: with("account", "prod", "user", "deployer", "id", "AKIAOLD")},
				Stores: []inventory.System{
					{Name: "github.secret", With: with("repository", "acme/shop", "scope", "environment/preview")},
					{Name: "aws.secretsmanager", With: with("account", "prod", "id", "ci/deployer")},
				},
				Authority: []string{"deploy", "read"}, Owner: "infrastructure", Contact: "#infra", ReachedBy: []string{subject},
			},
			{ID: "acme/shop:repository:DOCS_TOKEN", Name: "DOCS_TOKEN", Kind: "secret", Scope: "repository", Repository: "acme/shop", Names: []string{"DOCS_TOKEN"}},
			{
				ID: npmID, Name: "NPM_TOKEN", Kind: "token", Scope: "repository", Repository: "acme/shop", Names: []string{"NPM_TOKEN"}, Declared: true, Rotation: "emergency",
				Issuer: &inventory.System{Name: "npm.token", With: with("user", "acme-bot", "id", "3f9c", "password_env", "IR_NPM_PASSWORD")},
				Stores: []inventory.System{
					{Name: "github.secret", With: with("repository", "acme/shop", "scope", "repository", "name", "NPM_TOKEN")},
					{Name: "vault.kv", With: with("mount", "secret", "path", "ci/npm", "key", "token")},
				},
				Authority: []string{"publish"}, Owner: "developer-platform", Contact: "#dev", ReachedBy: []string{subject},
			},
		},
		Identities: []inventory.Identity{
			{ID: "role:deploy", Name: "PROD_DEPLOY_ROLE", Provider: "aws", Kind: "aws.role", ARN: "arn:aws:iam::111122223333:role/deploy", Role: "deploy", Owner: "infrastructure", ReachedBy: []string{subject}},
			{ID: "vault:ci", Name: "VAULT_ROLE", Provider: "vault", Kind: "vault.jwt_role", Mount: "jwt", Role: "ci", ReachedBy: []string{subject}},
		},
	}
}

func request() Request {
	return Request{
		Inputs:    map[string]any{"repository": "shop", "workflow": "pr-checks.yml", "package": "@acme/shop", "since": "2026-01-05T09:00:00Z"},
		Inventory: shop(),
		Snapshot:  &snapshot.Snapshot{Schema: snapshot.Schema, Taken: time.Unix(1, 0)},
		Config: config.Config{
			GitHub: config.GitHub{Owner: "acme"}, AWS: map[string]config.AWSAccount{"prod": {ID: "111122223333"}},
			Waits: map[string]plan.Duration{"aws": plan.Duration(2 * time.Second), "npm.token.revoke": plan.Duration(time.Second)},
		},
		Catalogue: known(),
	}
}

func mustCompile(t testing.TB, text string, r Request) *plan.Plan {
	t.Helper()
	p, err := Compile(mustParse(t, text), r)
	if err != nil {
		t.Fatalf("compile:\n%v", err)
	}
	if err := plan.Validate(p); err != nil {
		t.Fatal(err)
	}
	return p
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s differs; run with -update and read the difference. Got:\n%s", file, got)
	}
}

func TestShippedPlaybook(t *testing.T) {
	p := mustCompile(t, shippedText(t), request())
	golden(t, "testdata/shipped.txt", []byte(describe(p)))
	b, err := plan.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/shipped.json", b)
	again, err := plan.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	b2, err := plan.Encode(again)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b, b2) {
		t.Error("decoding and encoding again gives other bytes")
	}
}

func TestWithoutOneRevokeTheIdentityStaysOpen(t *testing.T) {
	text := shippedText(t)
	for _, c := range []struct{ use, identity string }{
		{"aws.role.deny_trust", "role:deploy"}, {"aws.role.revoke_sessions", "role:deploy"}, {"vault.jwt_role.block", "vault:ci"}, {"vault.token.revoke", "vault:ci"},
	} {
		t.Run(c.use, func(t *testing.T) {
			p := mustCompile(t, withoutTask(t, text, c.use), request())
			i := slices.IndexFunc(p.Closings, func(x plan.Closing) bool { return x.Credential == c.identity })
			if i < 0 || p.Closings[i].Open == "" {
				t.Fatalf("%s must stay open without %s: %+v", c.identity, c.use, p.Closings)
			}
			for _, x := range p.Closings {
				if x.Credential != c.identity && x.Open != "" {
					t.Errorf("%s is open too: %s", x.Credential, x.Open)
				}
			}
		})
	}
}

// withoutTask cuts the loop task that uses an action out of a playbook's text.
func withoutTask(t *testing.T, text, use string) string {
	t.Helper()
	lines := strings.Split(text, "\n")
	i := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, "use: "+use) })
	if i < 1 || !strings.Contains(lines[i-1], "- for:") || !strings.Contains(lines[i+1], "with:") {
		t.Fatalf("the shape around %s has changed", use)
	}
	return strings.Join(slices.Delete(lines, i-1, i+2), "\n")
}
