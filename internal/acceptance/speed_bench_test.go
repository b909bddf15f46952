package acceptance

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/world"
)

// BenchmarkSpeed rehearses the first four steps on a repository with 40 workflows under
// response, 120 credentials and 30 roles, behind GitHub's limits, with 50 ms to each
// answer, and holds the world's own log against what nobody could be faster than. The
// world's clock runs as ours does, unless FIREBREAK_BENCH_SPEED says how much faster: what
// our machine computes counts that much more then.
func BenchmarkSpeed(b *testing.B) {
	if os.Getenv("FIREBREAK_BENCH_BINARY") == "" {
		b.Skip("SKIPPED: make bench builds the binary")
	}
	speed := "1"
	if s := os.Getenv("FIREBREAK_BENCH_SPEED"); s != "" {
		speed = s
	}
	for b.Loop() {
		log := rehearsedWhole(b, speed)
		got, bound := took(log), boundOf(log)
		b.ReportMetric(got.total.Seconds(), "s-total")
		b.ReportMetric(got.total.Seconds()/bound.total.Seconds(), "of-bound")
		worst := 0.0
		for i := range bound.deaths {
			worst = max(worst, got.deaths[i].Seconds()/bound.deaths[i].Seconds())
		}
		b.ReportMetric(worst, "of-bound-first-five")
		b.ReportMetric(got.deaths[len(bound.deaths)-1].Seconds(), "s-first-five")
		b.ReportMetric(float64(got.requests), "requests")
	}
}

// rehearsedWhole carries the incident through and gives the world's log.
func rehearsedWhole(b *testing.B, speed string) []world.Entry {
	b.Helper()
	dir := b.TempDir()
	for path, text := range wholeRepository() {
		path = filepath.Join(dir, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			b.Fatal(err)
		}
	}
	cmd := exec.Command(os.Getenv("FIREBREAK_BENCH_BINARY"), "rehearse", "--auto", "--speed", speed, "--playbook", "book.yaml", "--state-dir", "state", "whole.yaml")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err == nil || cmd.ProcessState.ExitCode() != 3 { // 3: what the playbook leaves out is left
		b.Fatalf("%v\n%s", err, out[max(0, len(out)-2000):])
	}
	return wholeLog(b, dir)
}

func wholeLog(b *testing.B, dir string) (out []world.Entry) {
	b.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "state", "incidents", "*", "world", "log.ndjson"))
	if err != nil || len(names) != 1 {
		b.Fatalf("logs: %v, %v", names, err)
	}
	f, err := os.Open(names[0])
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var e world.Entry
		if err := json.Unmarshal(s.Bytes(), &e); err != nil {
			b.Fatal(err)
		}
		out = append(out, e)
	}
	if err := s.Err(); err != nil {
		b.Fatal(err)
	}
	return out
}

const (
	wholeWorkflows = 40
	wholeRoles     = 30
)

// wholeRepository are the files of the scenario: in each workflow an npm token that
// publishes, an access key that deploys and one that reads, and in most a role.
func wholeRepository() map[string]string {
	files := map[string]string{"book.yaml": wholeBook}
	var secrets, variables, roles, users, tokens, credentials, identities strings.Builder
	var also, all, known []string
	for i := 1; i <= wholeWorkflows; i++ {
		n := fmt.Sprintf("%02d", i)
		path := ".github/workflows/w" + n + ".yml"
		fill := strings.NewReplacer("NN", n, "WHOM", "${{ vars.ROLE_"+n+" }}")
		files["repo/main/"+path] = fill.Replace(wholeWorkflow)
		if i > 1 {
			also = append(also, path)
		}
		if i <= wholeRoles {
			files["repo/main/"+path] += fill.Replace(wholeLogin)
			variables.WriteString(fill.Replace("      ROLE_NN: arn:aws:iam::111122223333:role/rNN\n"))
			roles.WriteString(fill.Replace("      - { name: rNN, repository: acme/shop, allows: [\"s3:*\"], sessions: 1, tokens: 1 }\n"))
			identities.WriteString(fill.Replace("  ROLE_NN: { aws.role: \"arn:aws:iam::111122223333:role/rNN\", account: prod, authority: [deploy], owner: infra }\n"))
			all = append(all, "role:r"+n)
		}
		files["repo/main/"+path] += "      - run: npm publish\n"
		secrets.WriteString(fill.Replace("      NPM_NN: { credential: NPM_NN }\n"))
		tokens.WriteString(fill.Replace("      - { name: NPM_NN, user: acme-bot, key: \"aaNN\" }\n"))
		credentials.WriteString(fill.Replace("  - { secret: NPM_NN, issuer: { npm.token: { user: acme-bot, id: \"aaNN\", password_env: PW, otp_env: OTP } }, authority: [publish], owner: infra }\n"))
		known = append(known, "NPM_"+n)
		for kind, authority := range map[string]string{"A": "deploy", "B": "read"} {
			fill := strings.NewReplacer("NN", n, "KK", kind, "kk", strings.ToLower(kind), "AUTHORITY", authority)
			secrets.WriteString(fill.Replace("      KK_ID_NN: { credential: KK_NN, part: id }\n      KK_KEY_NN: { credential: KK_NN }\n"))
			users.WriteString(fill.Replace("      - { name: kkNN, allows: [\"s3:PutObject\"], keys: [ { credential: KK_NN, age: 2160h } ] }\n"))
			credentials.WriteString(fill.Replace("  - { secret: [KK_ID_NN, KK_KEY_NN], issuer: { aws.access_key: { account: prod, user: kkNN } }, authority: [AUTHORITY], owner: infra }\n"))
			known = append(known, kind+"_"+n)
		}
	}
	all = append(all, known...)
	files["whole.yaml"] = strings.NewReplacer(
		"ALSO", strings.Join(also, ", "), "SECRETS\n", secrets.String(), "VARIABLES\n", variables.String(), "ROLES\n", roles.String(), "USERS\n", users.String(),
		"TOKENS\n", tokens.String(), "ALL", strings.Join(all, ", "), "KNOWN", strings.Join(known, ", "), "LATENCY", latency.String(), "DEATH", npmDeath.String(),
	).Replace(wholeScenario)
	files["firebreak.yaml"] = strings.NewReplacer("CREDENTIALS\n", credentials.String(), "IDENTITIES\n", identities.String()).Replace(wholeConfig)
	return files
}

const wholeWorkflow = `name: wNN
on: pull_request_target
jobs:
  build:
    runs-on: ubuntu-latest
    permissions: { contents: read, id-token: write }
    env:
      NPM_TOKEN: ${{ secrets.NPM_NN }}
      AWS_ACCESS_KEY_ID: ${{ secrets.A_ID_NN }}
      AWS_SECRET_ACCESS_KEY: ${{ secrets.A_KEY_NN }}
      BACKUP_AWS_ACCESS_KEY_ID: ${{ secrets.B_ID_NN }}
      BACKUP_AWS_SECRET_ACCESS_KEY: ${{ secrets.B_KEY_NN }}
    steps:
      - uses: actions/checkout@v4
        with: { ref: "${{ github.event.pull_request.head.sha }}" }
`

const wholeLogin = `      - uses: aws-actions/configure-aws-credentials@v4
        with: { role-to-assume: "WHOM", aws-region: eu-central-1 }
`

const wholeBook = `version: 1
playbook: whole
title: The first four steps
partial: nothing is rebuilt, reviewed or restored
inputs:
  repository: { type: [repository], required: true }
  workflow: { type: [workflow], required: true }
  since: { type: timestamp }
steps:
  disable:
    - for: w in inputs.workflow
      use: github.workflow.disable
      with: { workflow: "${{ w }}" }
    - for: w in inputs.workflow
      use: github.runs.cancel
      with: { workflow: "${{ w }}" }
  revoke:
    - for: role in inventory.identities.filter(i, i.kind == "aws.role")
      use: aws.role.deny_trust
      with: { role: "${{ role.arn }}" }
    - for: role in inventory.identities.filter(i, i.kind == "aws.role")
      use: aws.role.revoke_sessions
      with: { role: "${{ role.arn }}" }
  rotate:
    - for: c in inventory.credentials.filter(c, !("publish" in c.authority))
      rotate: "${{ c }}"
  invalidate:
    - for: c in inventory.credentials.filter(c, "publish" in c.authority)
      rotate: "${{ c }}"
`

// Limits as GitHub's reference has them: 5,000 an hour, 80 that create content a minute.
const wholeScenario = `version: 1
scenario: whole
title: A whole repository at once
source: made up
repository: ./repo
configuration: ./firebreak.yaml
playbook: compromised-workflow
incident:
  workflow: .github/workflows/w01.yml
  also: [ALSO]
  since: 6m
world:
  begins: 2026-03-14T16:57:00Z
  latency: LATENCY
  delays: { iam: 8s, npm token: DEATH, github secret: 1s, github workflow: 1s, github run: 1s }
  limits:
    - { provider: github, calls: 5000, per: 1h, status: 403, primary: true }
    - { provider: github, calls: 80, per: 1m, status: 403, mutating: true }
  github:
    repository: acme/shop
    default_branch: main
    protected: [main]
    responder: ir-bot
    secrets:
SECRETS
    variables:
VARIABLES
    runs:
      - { workflow: .github/workflows/w01.yml, event: pull_request_target, branch: main, actor: stranger, age: 90s, status: in_progress, jobs: [build], log: "npm ci\n" }
  aws:
    account: "111122223333"
    region: eu-central-1
    profile: prod
    roles:
ROLES
    users:
USERS
  npm:
    users:
      - { name: acme-bot, password: correct-horse-battery-staple, otp: "287082", password_env: PW, otp_env: OTP }
    tokens:
TOKENS
      - { name: npm-responder, user: acme-bot, key: ffffff, label: incident-response }
    operator: npm-responder
attacker:
  name: thief
  holds: [ALL]
  every: 1h
  does: [publish]
team:
  knows: [KNOWN]
  answers: { default: go }
expect:
  closed: [ALL]
`

const wholeConfig = `version: 1
github: { owner: acme }
author: alice@acme.example
aws: { accounts: { prod: { id: "111122223333", profile: prod } } }
owners: { infra: { contact: "#infra" } }
credentials:
CREDENTIALS
identities:
IDENTITIES
`

// spell is for the text of a failed test.
func spell(all []time.Duration) string {
	var out []string
	for _, d := range all {
		out = append(out, strconv.FormatFloat(d.Seconds(), 'f', 2, 64))
	}
	return strings.Join(out, " ")
}
