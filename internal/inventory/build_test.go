package inventory

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/snapshot"
)

const team = "developer-platform"

func configured() *config.Config {
	return &config.Config{
		AWS:    map[string]config.AWSAccount{"prod": {ID: "111122223333"}},
		Owners: map[string]config.Owner{team: {Contact: "#dev"}},
		Credentials: []config.Credential{
			{Secret: []string{"NPM_TOKEN"}, Issuer: &config.Named{Name: "npm.token", With: map[string]string{"user": "bot"}}, Authority: []string{"publish"}, Owner: team, Stores: []config.Named{{Name: "vault.kv", With: map[string]string{"mount": "secret", "path": "ci/npm", "key": "token"}}}},
			{Secret: []string{"KEY_ID", "KEY_SECRET"}, Scope: "environment/preview", Issuer: &config.Named{Name: "aws.access_key", With: map[string]string{"account": "prod", "user": "deployer"}}, Authority: []string{"deploy"}, Owner: team, Rotation: "overlap", Deadline: time.Hour},
			{Secret: []string{"BOT_PAT"}, Authority: []string{"rotate"}, Mints: []string{"NPM_TOKEN", "DEPLOY"}},
		},
		Identities: map[string]config.Identity{
			"DEPLOY":  {Kind: "aws.role", Ref: "arn:aws:iam::111122223333:role/ci/deploy", Authority: []string{"deploy"}, Owner: team},
			"VAULT":   {Kind: "vault.jwt_role", Ref: "ci", With: map[string]string{"mount": "gh"}},
			"NOBODYS": {Kind: "aws.role", Ref: "arn:aws:iam::1:role/other"},
		},
	}
}

func listed() *snapshot.Snapshot {
	return &snapshot.Snapshot{Repositories: []snapshot.Repository{{
		FullName: "acme/shop", DefaultBranch: "main", DefaultPermissions: "read",
		Branches: []snapshot.Branch{{Name: "main", Protected: true}, {Name: "dev"}},
		Secrets: []snapshot.Secret{
			{Name: "NPM_TOKEN", Scope: "repository"},
			{Name: "SHARED", Scope: "organization"},
			{Name: "SHARED", Scope: "repository"},
			{Name: "SHARED", Scope: "environment/preview"},
			{Name: "KEY_ID", Scope: "environment/preview"},
			{Name: "KEY_SECRET", Scope: "environment/preview"},
			{Name: "ORG", Scope: "organization"},
			{Name: "BOT_PAT", Scope: "repository"},
			{Name: "ROLE_ARN", Scope: "repository"},
			{Name: "DEPLOY", Scope: "repository"},
		},
		Variables: []snapshot.Variable{{Name: "ACCOUNT", Scope: "repository", Value: "111122223333"}},
	}}}
}

// built parses the files ("path" or "path@branch,branch") as acme/shop's and builds the inventory.
func built(t *testing.T, s *snapshot.Snapshot, files map[string]string) Inventory {
	t.Helper()
	src := Source{Repository: "acme/shop", DefaultBranch: "main", DefaultPermissions: "read"}
	for name, content := range files {
		path, branches, _ := strings.Cut(name, "@")
		src.Files = append(src.Files, SourceFile{Path: ".github/" + path, Branches: strings.FieldsFunc(branches, func(r rune) bool { return r == ',' }), Content: []byte(content)})
	}
	return Build(Parse([]Source{src}), s, configured())
}

func job(t *testing.T, inv Inventory, path, id string) Job {
	t.Helper()
	for _, w := range inv.Repositories[0].Workflows {
		for _, j := range w.Jobs {
			if w.Path == ".github/workflows/"+path && j.ID == id {
				return j
			}
		}
	}
	t.Fatalf("no job %s in %s", id, path)
	return Job{}
}

// ways writes what a job reaches, its own tokens left out, as "id:how".
func ways(j Job) string {
	var out []string
	for _, r := range j.Reaches {
		if !strings.Contains(r.Credential, ":job-token:") && !strings.HasSuffix(r.Credential, ":id-token") {
			out = append(out, strings.TrimPrefix(r.Credential, "acme/shop:")+":"+r.How)
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func credential(t *testing.T, inv Inventory, id string) Credential {
	t.Helper()
	i := slices.IndexFunc(inv.Credentials, func(c Credential) bool { return c.ID == id })
	if i < 0 {
		t.Fatalf("no credential %s", id)
	}
	return inv.Credentials[i]
}

func identity(t *testing.T, inv Inventory, id string) Identity {
	t.Helper()
	i := slices.IndexFunc(inv.Identities, func(c Identity) bool { return c.ID == id })
	if i < 0 {
		t.Fatalf("no identity %s in %v", id, inv.Identities)
	}
	return inv.Identities[i]
}

func workflowOf(env, refs string) string {
	out := "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n"
	if env != "" {
		out += "    environment: " + env + "\n"
	}
	return out + "    steps:\n      - run: echo " + refs + "\n"
}

func TestScopePrecedence(t *testing.T) {
	for _, c := range []struct{ env, secret, want string }{
		{"", "SHARED", "repository:SHARED:run"},
		{"preview", "SHARED", "environment/preview:SHARED:run"},
		{"Preview", "shared", "environment/preview:SHARED:run"},
		{"release", "SHARED", "repository:SHARED:run"},
		{"${{ inputs.e }}", "SHARED", "environment/preview:SHARED:run repository:SHARED:run"},
		{"", "ORG", "acme:organization:ORG:run"},
		{"", "GONE", "unknown:GONE:run"},
		{"preview", "KEY_SECRET", "environment/preview:KEY_ID:run"},
	} {
		inv := built(t, listed(), map[string]string{"workflows/x.yml": workflowOf(c.env, "${{ secrets."+c.secret+" }}")})
		if got := ways(job(t, inv, "x.yml", "a")); got != c.want {
			t.Errorf("%s in environment %q: %s, want %s", c.secret, c.env, got, c.want)
		}
	}
}

func TestScopeWithoutSurvey(t *testing.T) {
	for _, c := range []struct{ env, secret, want string }{
		{"", "NPM_TOKEN", "unknown:NPM_TOKEN:run"},
		{"preview", "KEY_ID", "environment/preview:KEY_ID:run"},
		{"", "KEY_ID", "unknown:KEY_ID:run"},
	} {
		inv := built(t, nil, map[string]string{"workflows/x.yml": workflowOf(c.env, "${{ secrets."+c.secret+" }}")})
		if got := ways(job(t, inv, "x.yml", "a")); got != c.want {
			t.Errorf("%s in environment %q: %s, want %s", c.secret, c.env, got, c.want)
		}
		for _, f := range inv.Findings {
			if f.Rule == RuleMissing {
				t.Errorf("without a survey a secret is called missing: %v", f)
			}
		}
	}
}

func TestPairIsOneCredential(t *testing.T) {
	inv := built(t, listed(), map[string]string{"workflows/x.yml": workflowOf("preview", "${{ secrets.KEY_SECRET }}")})
	c := credential(t, inv, "acme/shop:environment/preview:KEY_ID")
	if !slices.Equal(c.Names, []string{"KEY_ID", "KEY_SECRET"}) || c.Kind != "access-key" || c.Rotation != "overlap" || c.Deadline != "1h0m0s" || !c.Declared || c.Contact != "#dev" {
		t.Errorf("%+v", c)
	}
	if len(c.Stores) != 2 || c.Stores[1].With["name"] != "KEY_SECRET" || c.Stores[1].With["scope"] != "environment/preview" || c.Stores[1].With["repository"] != "acme/shop" {
		t.Errorf("stores %v", c.Stores)
	}
	if slices.ContainsFunc(inv.Credentials, func(c Credential) bool { return c.Name == "KEY_SECRET" }) {
		t.Errorf("the second name is a credential of its own")
	}
}

func TestEverythingIsReachedByJSONAndDynamicNames(t *testing.T) {
	for _, e := range []string{"${{ toJSON(secrets) }}", "${{ secrets[inputs.name] }}", "${{ secrets }}"} {
		inv := built(t, listed(), map[string]string{"workflows/x.yml": workflowOf("", e)})
		got := ways(job(t, inv, "x.yml", "a"))
		for _, want := range []string{"repository:NPM_TOKEN", "repository:SHARED", "acme:organization:ORG", "repository:ROLE_ARN"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s does not reach %s: %s", e, want, got)
			}
		}
		if strings.Contains(got, "environment/preview") || strings.Contains(got, "organization:SHARED") {
			t.Errorf("%s reaches what it cannot: %s", e, got)
		}
		inv = built(t, nil, map[string]string{"workflows/x.yml": workflowOf("", e)})
		if got := ways(job(t, inv, "x.yml", "a")); !strings.HasPrefix(got, "unknown:*:") {
			t.Errorf("without a survey %s reaches %q", e, got)
		}
	}
}

const called = "on:\n  workflow_call:\n    secrets: { inner: {} }\njobs:\n  in:\n    runs-on: x\n    steps:\n      - run: echo ${{ secrets.NPM_TOKEN }} ${{ secrets.inner }}\n"

func TestInheritReachesWhatIsUsedAndTellsWhatCouldBe(t *testing.T) {
	inv := built(t, listed(), map[string]string{
		"workflows/called.yml": called,
		"workflows/x.yml":      "on: push\njobs:\n  a:\n    uses: ./.github/workflows/called.yml\n    secrets: inherit\n",
		"workflows/far.yml":    "on: push\njobs:\n  a:\n    uses: acme/other/.github/workflows/y.yml@main\n    secrets: inherit\n",
		"workflows/named.yml":  "on: push\njobs:\n  a:\n    uses: ./.github/workflows/called.yml\n    secrets: { inner: \"${{ secrets.SHARED }}\" }\n",
	})
	j := job(t, inv, "x.yml", "a")
	got := ways(j)
	if !strings.Contains(got, "repository:NPM_TOKEN:inherit") || strings.Contains(got, "repository:NPM_TOKEN:inherit (not used)") || !strings.Contains(got, "repository:SHARED:inherit (not used)") {
		t.Errorf("inherit: %s", got)
	}
	for _, r := range j.Reaches {
		if r.How == "inherit" && r.Line != 5 {
			t.Errorf("inherit points at line %d", r.Line)
		}
	}
	if got := ways(job(t, inv, "far.yml", "a")); !strings.Contains(got, "repository:SHARED:inherit") || strings.Contains(got, "not used") {
		t.Errorf("a workflow that is not known uses everything: %s", got)
	}
	if got := ways(job(t, inv, "named.yml", "a")); got != "repository:SHARED:run repository:SHARED:secrets" {
		t.Errorf("passed by name: %s", got)
	}
	radius := ForWorkflow(inv, ".github/workflows/x.yml", "")
	var ids []string
	for _, c := range radius.Credentials {
		ids = append(ids, c.ID)
	}
	if slices.Contains(ids, "acme/shop:repository:SHARED") || !slices.Contains(ids, "acme/shop:repository:NPM_TOKEN") {
		t.Errorf("blast radius %v", ids)
	}
}

func TestBranchesAreApart(t *testing.T) {
	inv := built(t, listed(), map[string]string{"workflows/x.yml@main": workflowOf("", "x"), "workflows/x.yml@dev,old": workflowOf("", "${{ secrets.NPM_TOKEN }}")})
	w := inv.Repositories[0].Workflows
	if len(w) != 2 || !slices.Equal(w[0].Branches, []string{"dev", "old"}) || !slices.Equal(w[1].Branches, []string{"main"}) {
		t.Fatalf("%v", w)
	}
	if ways(w[0].Jobs[0]) == "" || ways(w[1].Jobs[0]) != "" {
		t.Errorf("branches are mixed: %v", w)
	}
}

const login = "on: push\npermissions: { id-token: write }\njobs:\n  a:\n    runs-on: x\n    env: { R: \"${{ vars.ACCOUNT }}\" }\n    steps:\n      - uses: aws-actions/configure-aws-credentials@v4\n        with: { role-to-assume: \"%\" }\n"

func TestIdentities(t *testing.T) {
	for _, c := range []struct{ role, id, verdict string }{
		{"arn:aws:iam::111122223333:role/ci/deploy", "role:deploy", "reachable"},
		{"${{ secrets.DEPLOY }}", "role:deploy", "reachable"},
		{"${{ vars.deploy }}", "role:deploy", "reachable"},
		{"arn:aws:iam::${{ vars.ACCOUNT }}:role/ci/deploy", "role:deploy", "reachable"},
		{"arn:aws:iam::9:role/new", "role:new", "reachable"},
		{"${{ secrets.ROLE_ARN }}", "unknown:aws:ROLE_ARN", "not evaluable"},
	} {
		inv := built(t, listed(), map[string]string{"workflows/x.yml": strings.Replace(login, "%", c.role, 1)})
		i := identity(t, inv, c.id)
		if !strings.HasPrefix(i.Verdict, c.verdict) || !slices.Equal(i.ReachedBy, []string{".github/workflows/x.yml"}) || (c.verdict == "reachable") != (i.Witness != "") {
			t.Errorf("%s: %+v", c.role, i)
		}
		for _, cred := range inv.Credentials {
			if cred.Name == "DEPLOY" || (cred.Name == "ROLE_ARN" && strings.Contains(c.role, "ROLE_ARN")) {
				t.Errorf("%s: the name of a role is taken for a credential", c.role)
			}
		}
	}
	inv := built(t, listed(), map[string]string{"workflows/x.yml": strings.Replace(strings.Replace(login, "%", "${{ vars.DEPLOY }}", 1), "id-token: write", "contents: read", 1)})
	if i := identity(t, inv, "role:deploy"); !strings.HasPrefix(i.Verdict, "not evaluable") || i.Witness != "" {
		t.Errorf("without id-token: write: %+v", i)
	}
	if i := identity(t, inv, "role:other"); len(i.ReachedBy) != 0 || !strings.HasPrefix(i.Verdict, "not evaluable") {
		t.Errorf("an identity nobody uses: %+v", i)
	}
}

func TestVaultLoginReachesWhatItFetches(t *testing.T) {
	inv := built(t, listed(), map[string]string{"workflows/x.yml": "on: push\npermissions: { id-token: write }\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: hashicorp/vault-action@v3\n        with:\n          method: jwt\n          path: gh\n          role: ci\n          secrets: |\n            secret/data/ci/npm token | TOKEN ;\n            secret/data/ci/other token\n"})
	if i := identity(t, inv, "vault:ci"); i.Name != "VAULT" || i.Mount != "gh" || i.Role != "ci" || i.Verdict != "reachable" {
		t.Errorf("%+v", i)
	}
	if got := ways(job(t, inv, "x.yml", "a")); got != "repository:NPM_TOKEN:vault vault:ci:id-token" {
		t.Errorf("reaches %s", got)
	}
}

func TestWhatOneCredentialMints(t *testing.T) {
	inv := built(t, listed(), map[string]string{"workflows/x.yml": workflowOf("", "${{ secrets.BOT_PAT }}")})
	want := []string{"acme/shop:repository:NPM_TOKEN", "role:deploy"}
	if c := credential(t, inv, "acme/shop:repository:BOT_PAT"); !slices.Equal(c.Mints, want) {
		t.Errorf("mints %v", c.Mints)
	}
	a := inv.Repositories[0].Workflows[0].Answers
	if !slices.Equal(a.MustRotate, append([]string{"acme/shop:repository:BOT_PAT"}, want...)) {
		t.Errorf("must rotate %v", a.MustRotate)
	}
	radius := ForWorkflow(inv, "acme/shop/.github/workflows/x.yml", "a")
	if len(radius.Credentials) != 2 || len(radius.Identities) != 1 {
		t.Errorf("blast radius: %v, %v", radius.Credentials, radius.Identities)
	}
}

func TestFindingsOfTheInventory(t *testing.T) {
	inv := built(t, listed(), map[string]string{
		"workflows/x.yml":   workflowOf("", "${{ secrets.SHARED }} ${{ secrets.GONE }} ${{ secrets.BOT_PAT }} ${{ secrets.NPM_TOKEN }}"),
		"workflows/bad.yml": "on: [push\n",
	})
	var got []string
	for _, f := range inv.Findings {
		got = append(got, strings.TrimPrefix(f.Path, ".github/workflows/")+" "+f.Rule+" "+strings.Fields(f.Message)[1])
		if f.Line < 1 || f.Column < 1 || f.Fix == "" || f.Gate {
			t.Errorf("%+v", f)
		}
	}
	slices.Sort(got)
	want := []string{"bad.yml unreadable-workflow file", "x.yml missing-secret GONE", "x.yml undeclared-credential GONE", "x.yml undeclared-credential SHARED", "x.yml unknown-owner is"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestTrustOfTriggers(t *testing.T) {
	inv := built(t, listed(), map[string]string{
		"workflows/a.yml":      "on: { push: { branches: [main] }, pull_request: , schedule: [{cron: '* * * * *'}] }\njobs: { a: { runs-on: x, steps: [{run: x}] } }\n",
		"workflows/b.yml":      "on: { push: { branches: [main, dev] } }\njobs: { a: { runs-on: x, steps: [{run: x}] } }\n",
		"workflows/called.yml": called,
		"workflows/c.yml":      "on: pull_request_target\njobs: { a: { uses: ./.github/workflows/called.yml } }\n",
	})
	var got []string
	for _, w := range inv.Repositories[0].Workflows {
		for _, tr := range w.Triggers {
			got = append(got, tr.Event+"="+tr.Trust)
		}
	}
	want := "push=trusted pull_request=untrusted schedule=trusted push=contributor pull_request_target=untrusted workflow_call=untrusted"
	if strings.Join(got, " ") != want {
		t.Errorf("got %s\nwant %s", strings.Join(got, " "), want)
	}
}

func TestBuildIsTheSameForTheSame(t *testing.T) {
	files := map[string]string{"workflows/x.yml": workflowOf("preview", "${{ toJSON(secrets) }}"), "workflows/called.yml": called, "workflows/l.yml": strings.Replace(login, "%", "${{ vars.DEPLOY }}", 1)}
	first, err := Encode(built(t, listed(), files))
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		again, err := Encode(built(t, listed(), files))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, again) {
			t.Fatal("the same files give another inventory")
		}
	}
	if bytes.Contains(first, []byte("null")) && !bytes.Contains(first, []byte(`"issuer": null`)) {
		t.Errorf("a list is null in the JSON")
	}
}

func TestRowsAndJobs(t *testing.T) {
	inv := built(t, listed(), map[string]string{"workflows/x.yml": "on: pull_request_target\njobs:\n  a: { runs-on: x, steps: [ { run: \"${{ secrets.NPM_TOKEN }}\" } ] }\n  b: { runs-on: x, steps: [ { run: \"${{ secrets.SHARED }}\" } ] }\n"})
	rows := Rows(inv)
	if len(rows) != 2 || rows[0].Name != "NPM_TOKEN" || rows[0].Owner != team || rows[0].Trust != "untrusted" || rows[0].Systems[0] != "the npm registry (user bot)" || rows[1].Declared {
		t.Errorf("%+v", rows)
	}
	one := ForWorkflow(inv, ".github/workflows/x.yml", "b")
	a := one.Repositories[0].Workflows[0].Answers
	if len(one.Credentials) != 1 || one.Credentials[0].Name != "SHARED" || len(a.Publish) != 0 || len(a.MustRotate) != 1 || len(inv.Repositories[0].Workflows[0].Answers.Publish) != 1 {
		t.Errorf("job b alone: %+v", one)
	}
	for _, place := range a.ExposedIn {
		if strings.Contains(place, "job a") {
			t.Errorf("job b alone: %q", place)
		}
	}
}

func TestFoldersAreApart(t *testing.T) {
	file := func(run string) []SourceFile {
		return []SourceFile{{Path: ".github/workflows/x.yml", Content: []byte("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: " + run + "\n        env: { NODE_AUTH_TOKEN: \"${{ secrets.NPM_TOKEN }}\" }\n")}}
	}
	inv := Build(Parse([]Source{{Folder: "one", Files: file("npm publish")}, {Folder: "two", Files: file("npm ci")}}), nil, nil)
	one, two := credential(t, inv, "one:unknown:NPM_TOKEN"), credential(t, inv, "two:unknown:NPM_TOKEN")
	if !slices.Equal(one.Authority, []string{"publish"}) || !slices.Equal(two.Authority, []string{"read"}) || one.Repository != "" {
		t.Errorf("%+v\n%+v", one, two)
	}
	inv = Build(Parse([]Source{{Folder: "one", Files: file("npm publish")}}), nil, nil)
	credential(t, inv, ".:unknown:NPM_TOKEN") // alone it keeps its id
}
