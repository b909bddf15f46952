package github

import (
	"fmt"
	"strings"
	"time"
)

// A made-up organization is as many repositories as asked for, each a function of its
// number: the same number gives the same files, settings and ids, so that nothing of
// them has to be kept. They look like a company's: each has five workflows, most are
// written by the same few templates, some stand out.

// madeUpWorkflows is how many workflows each of them has.
const madeUpWorkflows = 5

// madeUpName is the name of repository number n.
func madeUpName(n int) string { return fmt.Sprintf("service-%05d", n) }

// madeUp is repository number n of an owner.
func madeUp(owner string, n int) Seed {
	language := []string{"node", "go", "python"}[n%3]
	team := fmt.Sprintf("team-%03d", n%400)
	fill := strings.NewReplacer("NAME", madeUpName(n), "TEAM", team, "NUMBER", fmt.Sprint(n), "OWNER", owner, "SETUP", madeUpSetups[language], "BUILD", madeUpBuilds[language])
	files := map[string]string{"README.md": "# " + madeUpName(n) + "\n"}
	for path, text := range map[string]string{"ci": madeUpCI, "release": madeUpReleases[language], "deploy": madeUpDeploy, "nightly": madeUpNightly, "labels": madeUpLabels} {
		files[".github/workflows/"+path+".yml"] = fill.Replace(text)
	}
	if n%20 == 7 { // one in twenty builds outsiders' code with rights
		files[".github/workflows/labels.yml"] = fill.Replace(madeUpDanger)
	}
	if n%4 == 1 {
		files[".github/actions/setup/action.yml"] = fill.Replace(madeUpAction)
	}
	s := Seed{
		Repository: owner + "/" + madeUpName(n), ID: int64(5_000_000 + n), Private: madeUpPrivate(n),
		Branches:     []Branch{{Name: "main", Protected: n%3 != 0, Files: files}},
		Environments: []Environment{{Name: "production", Custom: true, Branches: []string{"main"}, Reviewers: []string{team}}, {Name: "staging"}},
		Secrets: []Secret{
			{Name: "DEPLOY_TOKEN", Scope: "environment/production", Value: fmt.Sprintf("deploy-%05d", n)},
			{Name: "REGISTRY_TOKEN", Value: fmt.Sprintf("registry-%05d", n)},
		},
		Variables: []Variable{{Name: "DEPLOY_ROLE", Value: "arn:aws:iam::111122223333:role/deploy-" + team}},
	}
	if n%10 == 0 { // a branch that somebody left lying
		old := map[string]string{".github/workflows/ci.yml": fill.Replace(madeUpCI), ".github/workflows/old.yml": fill.Replace(madeUpNightly)}
		s.Branches = append(s.Branches, Branch{Name: "release-1", Files: old})
	}
	if n%50 == 3 {
		s.Keys = []Key{{Title: "mirror of " + madeUpName(n), AddedBy: team}}
	}
	if n%6 == 0 {
		s.Permissions = "write"
	}
	return s
}

var madeUpSetups = map[string]string{
	"node":   "- uses: actions/setup-node@v4\n        with: { node-version: 22, cache: npm }\n      - run: npm ci",
	"go":     "- uses: actions/setup-go@v5\n        with: { go-version-file: go.mod }\n      - run: go mod download",
	"python": "- uses: actions/setup-python@v5\n        with: { python-version: '3.13' }\n      - run: pip install -r requirements.txt",
}

var madeUpBuilds = map[string]string{"node": "npm run build", "go": "go build ./...", "python": "python -m build"}

const madeUpCI = `name: ci
on:
  push:
    branches: [main]
  pull_request:
permissions:
  contents: read
concurrency:
  group: ci-${{ github.ref }}
  cancel-in-progress: true
jobs:
  lint:
    runs-on: ubuntu-latest
    timeout-minutes: 10
    steps:
      - uses: actions/checkout@v4
      SETUP
      - name: lint NAME
        run: make lint
  test:
    needs: lint
    strategy:
      fail-fast: false
      matrix:
        os: [ubuntu-latest, macos-latest]
        shard: [1, 2, 3]
    runs-on: ${{ matrix.os }}
    steps:
      - uses: actions/checkout@v4
      SETUP
      - name: test
        run: make test SHARD=${{ matrix.shard }}
        env:
          SERVICE: NAME
      - uses: actions/upload-artifact@v4
        if: failure()
        with:
          name: reports-${{ matrix.os }}-${{ matrix.shard }}
          path: reports/
`

var madeUpReleases = map[string]string{
	"node": `name: release
on:
  push:
    tags: ['v*']
permissions:
  contents: read
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      SETUP
      - run: BUILD
      - uses: actions/upload-artifact@v4
        with: { name: package, path: dist/ }
  publish:
    needs: build
    runs-on: ubuntu-latest
    environment: production
    permissions:
      contents: write
      id-token: write
    steps:
      - uses: actions/download-artifact@v4
        with: { name: package, path: dist/ }
      - uses: actions/setup-node@v4
        with: { node-version: 22, registry-url: 'https://npm.example/NAME' }
      - run: npm publish dist/*.tgz
        env:
          NODE_AUTH_TOKEN: ${{ secrets.REGISTRY_TOKEN }}
`,
	"go": `name: release
on:
  push:
    tags: ['v*']
jobs:
  image:
    runs-on: ubuntu-latest
    permissions:
      contents: read
      packages: write
    steps:
      - uses: actions/checkout@v4
      SETUP
      - run: BUILD
      - uses: docker/login-action@v3
        with:
          registry: registry.example
          username: TEAM
          password: ${{ secrets.REGISTRY_TOKEN }}
      - uses: docker/build-push-action@v6
        with:
          push: true
          tags: registry.example/TEAM/NAME:${{ github.ref_name }}
`,
	"python": `name: release
on:
  release:
    types: [published]
permissions: {}
jobs:
  publish:
    runs-on: ubuntu-latest
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@v4
      SETUP
      - run: BUILD
      - name: upload NAME
        run: twine upload dist/*
        env:
          TWINE_USERNAME: __token__
          TWINE_PASSWORD: ${{ secrets.REGISTRY_TOKEN }}
`,
}

const madeUpDeploy = `name: deploy
on:
  push:
    branches: [main]
  workflow_dispatch:
    inputs:
      environment:
        type: choice
        options: [staging, production]
permissions:
  id-token: write
  contents: read
jobs:
  staging:
    runs-on: ubuntu-latest
    environment: staging
    steps:
      - uses: actions/checkout@v4
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          role-to-assume: ${{ vars.DEPLOY_ROLE }}
          aws-region: eu-central-1
      - run: ./deploy.sh NAME staging
  production:
    needs: staging
    runs-on: ubuntu-latest
    environment: production
    steps:
      - uses: actions/checkout@v4
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          role-to-assume: ${{ vars.DEPLOY_ROLE }}
          aws-region: eu-central-1
      - run: ./deploy.sh NAME production
        env:
          DEPLOY_TOKEN: ${{ secrets.DEPLOY_TOKEN }}
          NOTIFY: ${{ secrets.CHAT_WEBHOOK }}
`

const madeUpNightly = `name: nightly
on:
  schedule:
    - cron: '17 3 * * *'
jobs:
  audit:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      SETUP
      - run: make audit
      - name: tell TEAM
        if: failure()
        run: ./tell.sh "NAME failed"
        env:
          CHAT_WEBHOOK: ${{ secrets.CHAT_WEBHOOK }}
`

const madeUpLabels = `name: labels
on: pull_request_target
permissions:
  contents: read
  pull-requests: write
jobs:
  label:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/labeler@v5
`

const madeUpDanger = `name: preview
on: pull_request_target
jobs:
  preview:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          ref: ${{ github.event.pull_request.head.sha }}
      SETUP
      - run: BUILD
      - run: ./preview.sh NAME
        env:
          CHAT_WEBHOOK: ${{ secrets.CHAT_WEBHOOK }}
`

const madeUpAction = `name: setup NAME
description: what every job of NAME begins with
runs:
  using: composite
  steps:
    - run: ./scripts/setup.sh NUMBER
      shell: bash
`

func madeUpPrivate(n int) bool { return n%5 != 0 }

// madeUpShared are the secrets of the organization itself.
func madeUpShared(first, count int) []Secret {
	some := Secret{Name: "SIGNING_KEY", Scope: "organization", Value: "signing-key-of-all", Visibility: "selected"}
	for n := first; n < first+count; n += 100 {
		some.Selected = append(some.Selected, int64(5_000_000+n))
	}
	return []Secret{{Name: "CHAT_WEBHOOK", Scope: "organization", Value: "chat-webhook-of-all", Visibility: "all"}, some}
}

// begun is when the made-up repositories were made, before the world began.
const begun = 400 * 24 * time.Hour
