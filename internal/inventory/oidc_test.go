package inventory

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/snapshot"
)

func role(name, condition string) snapshot.Role {
	return snapshot.Role{ARN: "arn:aws:iam::111122223333:role/" + name, Name: name, Trust: json.RawMessage(
		`{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},"Condition":` + condition + `}]}`)}
}

func trusted(t *testing.T, workflow string, change func(*snapshot.Snapshot), roles ...snapshot.Role) Inventory {
	t.Helper()
	s := &snapshot.Snapshot{
		Schema: snapshot.Schema,
		Repositories: []snapshot.Repository{{
			FullName: "acme/shop", ID: 42, DefaultBranch: "main", DefaultPermissions: "read", Subject: json.RawMessage(`{"use_default":true}`),
			Branches:     []snapshot.Branch{{Name: "main"}},
			Files:        []snapshot.File{{Path: ".github/workflows/deploy.yml", Branches: []string{"main"}, Content: workflow}},
			Environments: []snapshot.Environment{{Name: "production", Policy: "custom", Patterns: []snapshot.Pattern{{Name: "main", Type: "branch"}}}, {Name: "preview"}},
		}},
		AWS: []snapshot.Account{{Name: "prod", ID: "111122223333", Roles: roles}},
	}
	if change != nil {
		change(s)
	}
	return Build(Parse(FromSnapshot(s)), s, nil)
}

const deploying = `name: deploy
on: { push: { branches: [main, 'release/*'] }, pull_request: {} }
permissions: {}
jobs:
  deploy:
    if: github.event_name == 'push'
    runs-on: ubuntu-latest
    permissions: { id-token: write }
    steps:
      - uses: aws-actions/configure-aws-credentials@v4
        with: { role-to-assume: "arn:aws:iam::111122223333:role/deploy" }
`

func identityNamed(t *testing.T, inv Inventory, name string) Identity {
	t.Helper()
	for _, i := range inv.Identities {
		if i.Name == name || strings.HasSuffix(i.ARN, "/"+name) {
			return i
		}
	}
	t.Fatalf("no identity %s: %+v", name, inv.Identities)
	return Identity{}
}

func TestIdentitiesAreJudgedByTheirTrust(t *testing.T) {
	const aud, sub = `"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"`, `"token.actions.githubusercontent.com:sub":`
	for name, c := range map[string]struct {
		condition, workflow string
		change              func(*snapshot.Snapshot)
		verdict, witness    string
	}{
		"on a branch of the filter":                     {`{"StringEquals":{` + aud + `,` + sub + `"repo:acme/shop:ref:refs/heads/release/1"}}`, deploying, nil, "reachable", "push of refs/heads/release/*, claims {sub=repo:acme/shop:ref:refs/heads/release/1"},
		"a branch that starts nothing":                  {`{"StringEquals":{` + aud + `,` + sub + `"repo:acme/shop:ref:refs/heads/other"}}`, deploying, nil, "not reachable: job deploy", ""},
		"a tag, which the filter keeps out":             {`{"StringLike":{` + aud + `,` + sub + `"repo:acme/shop:ref:refs/tags/*"}}`, deploying, nil, "not reachable: job deploy", ""},
		"a pull request, which the condition keeps out": {`{"StringEquals":{` + aud + `,` + sub + `"repo:acme/shop:pull_request"}}`, deploying, nil, "not reachable", ""},
		"in an environment":                             {`{"StringEquals":{` + aud + `,` + sub + `"repo:acme/shop:environment:production"}}`, strings.Replace(deploying, "runs-on", "environment: production\n    runs-on", 1), nil, "reachable", "environment=production"},
		"the environment's branches count":              {`{"StringEquals":{` + aud + `,` + sub + `"repo:acme/shop:environment:production","token.actions.githubusercontent.com:ref":"refs/heads/release/1"}}`, strings.Replace(deploying, "runs-on", "environment: production\n    runs-on", 1), nil, "not reachable", ""},
		"an environment without a policy":               {`{"StringEquals":{` + aud + `,` + sub + `"repo:acme/shop:environment:preview","token.actions.githubusercontent.com:ref":"refs/heads/release/1"}}`, strings.Replace(deploying, "runs-on", "environment: preview\n    runs-on", 1), nil, "reachable", "refs/heads/release/1"},
		"the template was not read":                     {`{"StringEquals":{` + aud + `,` + sub + `"repository_id:42"}}`, deploying, func(s *snapshot.Snapshot) { s.Repositories[0].Subject = nil }, "not evaluable", ""},
		"by ids":                                        {`{"StringEquals":{` + aud + `,"token.actions.githubusercontent.com:repository_id":"42"}}`, deploying, nil, "reachable", "sub=repo:acme/shop:ref"},
		"a document that is none":                       {`[`, deploying, nil, "not evaluable: job deploy", ""},
		"ref by AWS's own keys":                         {`{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`, deploying, nil, "not evaluable", ""},
	} {
		i := identityNamed(t, trusted(t, c.workflow, c.change, role("deploy", c.condition)), "deploy")
		if !strings.HasPrefix(i.Verdict, c.verdict) || !strings.Contains(i.Witness, c.witness) || c.witness == "" && i.Witness != "" {
			t.Errorf("%s: %s; %s", name, i.Verdict, i.Witness)
		}
	}
}

// A role no step names is reached all the same, by whatever runs in a job it lets in.
func TestRolesBesideAreFound(t *testing.T) {
	inv := trusted(t, deploying, nil,
		role("deploy", `{"StringEquals":{"token.actions.githubusercontent.com:sub":"repo:acme/shop:ref:refs/heads/main"}}`),
		role("forgotten", `{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme/*"}}`),
		role("of-others", `{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:other/*"}}`))
	i := identityNamed(t, inv, "forgotten")
	if i.Verdict != "reachable" || len(i.ReachedBy) != 1 || !strings.Contains(strings.Join(i.OpenTo, "; "), "any workflow file of any repository like acme/*") {
		t.Errorf("%+v", i)
	}
	for _, x := range inv.Identities {
		if x.Name == "of-others" {
			t.Errorf("a role that lets nobody of ours in is in reach: %+v", x)
		}
	}
	var reached []string
	for _, r := range inv.Repositories[0].Workflows[0].Jobs[0].Reaches {
		reached = append(reached, r.Name)
	}
	if !strings.Contains(strings.Join(reached, " "), "forgotten") {
		t.Errorf("the job reaches %v", reached)
	}
	found := map[string]string{}
	for _, f := range inv.Findings {
		if strings.HasPrefix(f.Rule, "trust-") {
			found[f.Path+" "+f.Rule] = f.Severity
		}
	}
	if found["aws:role/forgotten trust-whole-owner"] != "high" || found["aws:role/deploy trust-no-workflow"] != "medium" || found["aws:role/deploy trust-audience"] != "medium" {
		t.Errorf("%v", found)
	}
}

// The job that can ask for no token becomes nothing.
func TestRolesBesideNeedAToken(t *testing.T) {
	inv := trusted(t, strings.Replace(deploying, "id-token: write", "contents: read", 1), nil, role("forgotten", `{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme/*"}}`))
	for _, x := range inv.Identities {
		if x.Name == "forgotten" {
			t.Errorf("%+v", x)
		}
	}
}
