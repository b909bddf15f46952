package config

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/diag"
	"github.com/firebreak/firebreak/internal/plan"
)

var update = flag.Bool("update", false, "write golden files")

const whole = `
version: 1
github: { owner: acme, app: { id: 7, installation: 8, key_file: ~/app.pem } }
author: alice@acme.example
aws: { accounts: { prod: { id: "111122223333", profile: ir-prod } } }
recipients: [ ~/.ssh/id_ed25519.pub ]
owners:
  developer-platform: { contact: "#dev-platform-oncall" }
  infrastructure: { contact: "#infra" }
credentials:
  - secret: NPM_TOKEN
    issuer: { npm.token: { user: acme-bot, id: "3f9c", password_env: IR_NPM_PASSWORD } }
    authority: [publish]
    owner: developer-platform
  - secret: [DEPLOY_AWS_ACCESS_KEY_ID, DEPLOY_AWS_SECRET_ACCESS_KEY]
    scope: environment/preview
    issuer: { aws.access_key: { account: prod, user: deployer } }
    stores: [ { aws.secretsmanager: { id: ci/deployer } } ]
    authority: [deploy, read]
    rotation: overlap
    deadline: 90m
    mints: [PROD_DEPLOY_ROLE]
    owner: infrastructure
  - secret: DATABASE_URL
    issuer: { postgres.role: { dsn_env: IR_PG_DSN, roles: [app_a, app_b], port: 5432, tls: true } }
identities:
  PROD_DEPLOY_ROLE: { aws.role: "arn:aws:iam::111122223333:role/deploy", authority: [deploy], owner: infrastructure }
  VAULT_ROLE: { vault.jwt_role: ci, mount: jwt }
confirm: { irreversible: { approvals: 1, allowed_signers: ~/signers, second_person: true } }
waits: { npm.token.revoke: 2s, aws: 1m30s }
`

func TestParse(t *testing.T) {
	got, err := Parse("firebreak.yaml", []byte(whole))
	if err != nil {
		t.Fatalf("\n%v", err)
	}
	want := Config{
		GitHub: GitHub{Owner: "acme", App: &App{ID: 7, Installation: 8, KeyFile: "~/app.pem"}}, Author: "alice@acme.example",
		AWS:        map[string]AWSAccount{"prod": {ID: "111122223333", Profile: "ir-prod"}},
		Recipients: []string{"~/.ssh/id_ed25519.pub"},
		Owners:     map[string]Owner{"developer-platform": {"#dev-platform-oncall"}, "infrastructure": {"#infra"}},
		Credentials: []Credential{
			{
				Secret: []string{"NPM_TOKEN"}, Authority: []string{"publish"}, Owner: "developer-platform", Rotation: "emergency", Line: 11,
				Issuer: &Named{"npm.token", map[string]string{"user": "acme-bot", "id": "3f9c", "password_env": "IR_NPM_PASSWORD"}},
			},
			{
				Secret: []string{"DEPLOY_AWS_ACCESS_KEY_ID", "DEPLOY_AWS_SECRET_ACCESS_KEY"}, Scope: "environment/preview",
				Issuer:    &Named{"aws.access_key", map[string]string{"account": "prod", "user": "deployer"}},
				Stores:    []Named{{"aws.secretsmanager", map[string]string{"id": "ci/deployer"}}},
				Authority: []string{"deploy", "read"}, Owner: "infrastructure", Rotation: "overlap", Deadline: 90 * time.Minute, Mints: []string{"PROD_DEPLOY_ROLE"}, Line: 15,
			},
			{
				Secret: []string{"DATABASE_URL"}, Rotation: "emergency", Line: 24,
				Issuer: &Named{"postgres.role", map[string]string{"dsn_env": "IR_PG_DSN", "roles": `["app_a","app_b"]`, "port": "5432", "tls": "true"}},
			},
		},
		Identities: map[string]Identity{
			"PROD_DEPLOY_ROLE": {Kind: "aws.role", Ref: "arn:aws:iam::111122223333:role/deploy", With: map[string]string{}, Authority: []string{"deploy"}, Owner: "infrastructure", Line: 27},
			"VAULT_ROLE":       {Kind: "vault.jwt_role", Ref: "ci", With: map[string]string{"mount": "jwt"}, Line: 28},
		},
		Confirm: Confirm{Approvals: 1, AllowedSigners: "~/signers", SecondPerson: true},
		Waits:   map[string]plan.Duration{"npm.token.revoke": plan.Duration(2 * time.Second), "aws": plan.Duration(90 * time.Second)},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestParseAccepted(t *testing.T) {
	got, err := ParseAccepted("accepted.yaml", []byte("version: 1\nfindings:\n  - { rule: r, repository: acme/shop, path: .github/workflows/a.yml, job: build, fingerprint: 0123456789abcdef, reason: known, owner: o, expires: 2026-03-31 }\nexceptions:\n  - { credential: NPM_TOKEN, reason: gone, owner: o, expires: \"2026-03-31T12:00:00+02:00\" }\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := Accepted{
		Findings:   []AcceptedFinding{{Rule: "r", Repository: "acme/shop", Path: ".github/workflows/a.yml", Job: "build", Fingerprint: "0123456789abcdef", Reason: "known", Owner: "o", Expires: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), Line: 3}},
		Exceptions: []Exception{{Credential: "NPM_TOKEN", Reason: "gone", Owner: "o", Expires: time.Date(2026, 3, 31, 10, 0, 0, 0, time.UTC), Line: 5}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestMistakes holds what is said of each broken file: NAME.yaml beside NAME.out.
func TestMistakes(t *testing.T) {
	for dir, parse := range map[string]func(string, []byte) error{
		"err":      func(f string, b []byte) error { _, err := Parse(f, b); return err },
		"accepted": func(f string, b []byte) error { _, err := ParseAccepted(f, b); return err },
	} {
		files, err := filepath.Glob("testdata/" + dir + "/*.yaml")
		if err != nil || len(files) == 0 {
			t.Fatalf("%d files, %v", len(files), err)
		}
		for _, file := range files {
			t.Run(dir+"/"+strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
				b, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				var l diag.List
				if !errors.As(parse(filepath.Base(file), b), &l) {
					t.Fatal("nothing is said of it")
				}
				var out bytes.Buffer
				if err := diag.Render(&out, l); err != nil {
					t.Fatal(err)
				}
				golden(t, strings.TrimSuffix(file, ".yaml")+".out", out.Bytes())
			})
		}
	}
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

// FuzzParse: never a panic, never a configuration beside an error.
func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("a: [&x {<<: *x}]\n? b\n: |\n  c\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Parse("f.yaml", b)
		if err != nil && !reflect.DeepEqual(c, Config{}) {
			t.Errorf("a partial configuration: %+v", c)
		}
	})
}
