package trust

import (
	"strings"
	"testing"
)

// The documents of everybody but AWS, each with who it lets in and why not.
func TestOtherDocuments(t *testing.T) {
	deploy := func(change func(*ClaimSet)) *ClaimSet {
		s := jobs()["ours"]
		change(s)
		return s
	}
	vault := func(raw string) Document {
		r, err := ParseVaultRole([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	flexible := func(value string) Document {
		f := &FederatedCredential{Issuer: "https://" + Issuer, Audiences: []string{"api://AzureADTokenExchange"}}
		f.Expression = &struct {
			Value   string `json:"value"`
			Version int    `json:"languageVersion"`
		}{value, 1}
		return f
	}
	mapping := map[string]string{"google.subject": "assertion.sub", "attribute.repository": "assertion.repository", "attribute.ref": "assertion.ref"}
	pool := func(condition string, members ...string) Document {
		return &Pool{Issuer: "https://" + Issuer, Mapping: mapping, Condition: condition, Members: members}
	}
	const whole = "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/*"
	const byRepository = "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/attribute.repository/acme/shop"
	same := func(*ClaimSet) {}
	outsider := func(s *ClaimSet) { *s = *jobs()["an outsider"] }
	plain := func(s *ClaimSet) { s.Environment = "" }
	for name, c := range map[string]struct {
		doc  Document
		who  func(*ClaimSet)
		want Verdict
		text string
	}{
		"vault, exact subject":            {vault(`{"role_type":"jwt","bound_subject":"repo:acme/shop:environment:production","user_claim":"actor"}`), same, Allowed, ""},
		"vault, a star is no star":        {vault(`{"bound_claims":{"repository":"acme/*"}}`), same, Denied, "bound claim repository"},
		"vault, glob":                     {vault(`{"bound_claims_type":"glob","bound_claims":{"sub":["repo:acme/shop:ref:refs/heads/*","repo:acme/*:environment:p*"]}}`), same, Allowed, ""},
		"vault, all claims count":         {vault(`{"bound_claims":{"repository":"acme/shop","environment":"staging"}}`), same, Denied, "environment"},
		"vault, a claim that is absent":   {vault(`{"bound_claims":{"environment":"production"}}`), plain, Denied, "no environment"},
		"vault, the runner is not known":  {vault(`{"bound_claims":{"runner_environment":"github-hosted"}}`), func(s *ClaimSet) { s.Runner = "" }, Unknown, "runner_environment"},
		"vault, the runner is known":      {vault(`{"bound_claims":{"runner_environment":"github-hosted"}}`), same, Allowed, ""},
		"vault, a claim nobody knows":     {vault(`{"bound_claims":{"/nested/x":"y"}}`), same, Unknown, "/nested/x"},
		"vault, audience alone":           {vault(`{"bound_audiences":["https://github.com/acme"]}`), outsider, Allowed, ""},
		"vault, ref of any branch":        {vault(`{"bound_claims":{"repository":"acme/shop","ref":"refs/heads/main"}}`), plain, Allowed, ""},
		"pypi, its own file":              {&PyPIPublisher{Repository: "ACME/shop", OwnerID: "7", Workflow: "deploy.yml"}, same, Allowed, ""},
		"pypi, the owner's id is missing": {&PyPIPublisher{Repository: "ACME/shop", Workflow: "deploy.yml"}, same, Unknown, "not known"},
		"npm, runner not known":           {&NPMPublisher{Repository: "acme/shop", Workflow: "deploy.yml"}, func(s *ClaimSet) { s.Runner = "" }, Unknown, "runners"},
		"gcp, an id nobody knows":         {pool("assertion.enterprise_id == '1'", whole), same, Unknown, "not known"},
		"azure, an id nobody knows":       {flexible(`claims['enterprise_id'] eq '1'`), same, Unknown, "enterprise_id"},
		"pypi, another file":              {&PyPIPublisher{Repository: "acme/shop", Workflow: "other.yml"}, same, Denied, "deploy.yml"},
		"pypi, environment":               {&PyPIPublisher{Repository: "acme/shop", Workflow: "deploy.yml", Environment: "pypi"}, same, Denied, "environment pypi"},
		"pypi, a name taken over":         {&PyPIPublisher{Repository: "acme/shop", OwnerID: "99", Workflow: "deploy.yml"}, same, Denied, "another one"},
		"pypi, pull_request_target":       {&PyPIPublisher{Repository: "acme/shop", Workflow: "deploy.yml"}, func(s *ClaimSet) { s.Event = "pull_request_target" }, Denied, "pull_request_target"},
		"pypi, called from elsewhere":     {&PyPIPublisher{Repository: "acme/shop", Workflow: "deploy.yml"}, func(s *ClaimSet) { s.Called, s.CalledRef = "acme/ci/.github/workflows/p.yml", "v1" }, Denied, "acme/ci"},
		"npm sees the calling file alone": {&NPMPublisher{Repository: "acme/shop", Workflow: "deploy.yml"}, func(s *ClaimSet) { s.Called, s.CalledRef = "acme/ci/.github/workflows/p.yml", "v1" }, Allowed, ""},
		"npm, own runners":                {&NPMPublisher{Repository: "acme/shop", Workflow: "deploy.yml"}, func(s *ClaimSet) { s.Runner = "self-hosted" }, Denied, "own runners"},
		"npm, another repository":         {&NPMPublisher{Repository: "acme/x", Workflow: "deploy.yml"}, same, Denied, "acme/x"},
		"azure, classic":                  {&FederatedCredential{Issuer: "https://" + Issuer, Subject: "repo:acme/shop:environment:production"}, same, Allowed, ""},
		"azure, classic has no star":      {&FederatedCredential{Issuer: "https://" + Issuer, Subject: "repo:acme/shop:*"}, same, Denied, "subject"},
		"azure, another issuer":           {&FederatedCredential{Issuer: "https://gitlab.com", Subject: "x"}, same, Denied, "gitlab"},
		"azure, flexible":                 {flexible(`claims['sub'] matches 'repo:acme/*:environment:production' and claims['job_workflow_ref'] matches 'acme/shop/*@refs/heads/main'`), same, Allowed, ""},
		"azure, flexible, outsider":       {flexible(`claims['sub'] matches 'repo:acme*'`), outsider, Allowed, ""},
		"azure, flexible, not read":       {flexible(`claims['sub'] contains 'x'`), same, Unknown, "not understood"},
		"gcp, no condition, whole pool":   {pool("", whole), outsider, Allowed, ""},
		"gcp, owner's id":                 {pool("assertion.repository_owner_id == '7'", whole), outsider, Denied, "condition"},
		"gcp, owner's id, ours":           {pool("assertion.repository_owner_id == '7'", whole), same, Allowed, ""},
		"gcp, begins with":                {pool("assertion.repository.startsWith('acme')", whole), outsider, Allowed, ""},
		"gcp, ref":                        {pool("assertion.ref == 'refs/heads/main' && assertion.repository == 'acme/shop'", byRepository), same, Allowed, ""},
		"gcp, tag by prefix":              {pool("attribute.ref.startsWith('refs/tags/')", byRepository), same, Denied, "condition"},
		"gcp, binding":                    {pool("", byRepository), outsider, Denied, "no binding"},
		"gcp, a claim that is absent":     {pool("assertion.environment == 'production'", byRepository), plain, Denied, "condition"},
		"gcp, not read":                   {pool("assertion.extract('x') == 1", byRepository), same, Unknown, "not understood"},
	} {
		a := Evaluate(c.doc, deploy(c.who))
		if a.Verdict != c.want || !strings.Contains(a.Why, c.text) {
			t.Errorf("%s: %v (%s), want %v with %q", name, a.Verdict, a.Why, c.want, c.text)
		}
	}
}

func TestSubjects(t *testing.T) {
	set := jobs()["ours"]
	for _, c := range []struct {
		name, repository, organization, environment, event, ref, want string
		unknown                                                       bool
	}{
		{name: "default, environment first", repository: `{"use_default":true}`, environment: "prod:eu", ref: "refs/heads/main", want: "repo:acme/shop:environment:prod%3Aeu"},
		{name: "default, pull request", repository: `{"use_default":true}`, event: "pull_request", ref: "refs/pull/1/merge", want: "repo:acme/shop:pull_request"},
		{name: "default, ref", repository: `{}`, ref: "refs/tags/v1", want: "repo:acme/shop:ref:refs/tags/v1"},
		{name: "immutable", repository: `{"use_default":true,"use_immutable_subject":true}`, ref: "refs/heads/main", want: "repo:acme@7/shop@42:ref:refs/heads/main"},
		{name: "prefix as GitHub says", repository: `{"use_default":true,"sub_claim_prefix":"repo:acme@1/shop@2"}`, ref: "refs/heads/main", want: "repo:acme@1/shop@2:ref:refs/heads/main"},
		{name: "own keys", repository: `{"use_default":false,"include_claim_keys":["repo","context","job_workflow_ref"]}`, ref: "refs/heads/main", want: "repo:acme/shop:ref:refs/heads/main:job_workflow_ref:acme/shop/.github/workflows/deploy.yml@refs/heads/main"},
		{name: "keys without repo", repository: `{"use_default":false,"include_claim_keys":["environment"]}`, environment: "production", ref: "refs/heads/main", want: "environment:production"},
		{name: "the organization's", repository: `{"use_default":false}`, organization: `{"include_claim_keys":["repository_id"]}`, ref: "refs/heads/main", want: "repository_id:42"},
		{name: "the organization's alone does nothing", repository: `{"use_default":true}`, organization: `{"include_claim_keys":["repository_id"]}`, ref: "refs/heads/main", want: "repo:acme/shop:ref:refs/heads/main"},
		{name: "the organization's was not read", repository: `{"use_default":false}`, ref: "refs/heads/main", want: "repo:acme/shop:ref:refs/heads/main", unknown: true},
		{name: "not read", ref: "refs/heads/main", want: "repo:acme/shop:ref:refs/heads/main", unknown: true},
	} {
		s := *set
		var err error
		s.Subject, err = ParseSubject([]byte(c.repository), []byte(c.organization))
		s.Environment, s.Event = c.environment, c.event
		if got := s.At(c.ref, c.environment, "x")["sub"]; err != nil || got != c.want || s.Subject.Unknown != c.unknown {
			t.Errorf("%s: %q, %v, unknown %v", c.name, got, err, s.Subject.Unknown)
		}
	}
}

// What a template that was not read decides is not denied.
func TestUnknownTemplateIsNotADenial(t *testing.T) {
	p, err := ParsePolicy([]byte(`{"Statement":{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"arn:aws:iam::1:oidc-provider/token.actions.githubusercontent.com"},"Condition":{"StringEquals":{"token.actions.githubusercontent.com:sub":"repository_id:42"}}}}`), "")
	if err != nil {
		t.Fatal(err)
	}
	s := jobs()["ours"]
	s.Subject.Unknown = true
	if a := Evaluate(p, s); a.Verdict != Unknown || !strings.Contains(a.Why, "template was not read") {
		t.Errorf("%+v", a)
	}
}

// Null says whether a claim is there; of one that is not known, that is not known either.
func TestNullOfAClaimNobodyKnows(t *testing.T) {
	for claim, want := range map[string]Verdict{"enterprise_id": Unknown, "environment": Allowed, "sub": Denied} {
		p, err := ParsePolicy([]byte(`{"Statement":{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"arn:aws:iam::1:oidc-provider/token.actions.githubusercontent.com"},"Condition":{"Null":{"token.actions.githubusercontent.com:`+claim+`":"true"}}}}`), "")
		if err != nil {
			t.Fatal(err)
		}
		s := jobs()["ours"]
		s.Environment = ""
		if a := Evaluate(p, s); a.Verdict != want {
			t.Errorf("%s: %v, want %v", claim, a.Verdict, want)
		}
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add([]byte(`{"Statement":[{"Effect":"Allow","Principal":"*","Action":["sts:*"],"Condition":{"Null":{"a:b":[true]}}}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ParsePolicy(b, "")
		if (p == nil) == (err == nil) {
			t.Fatal(p, err)
		}
		if p != nil {
			p.Lint(Around{})
			Evaluate(p, jobs()["ours"])
		}
	})
}
