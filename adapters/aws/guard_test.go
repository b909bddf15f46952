package aws

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/world"
	"github.com/firebreak/firebreak/internal/world/worldtest"
)

func request(method, target, body string) *http.Request {
	r, err := http.NewRequest(method, "http://127.0.0.1/", strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	if target != "" {
		r.Header.Set("X-Amz-Target", target)
	}
	return r
}

func TestOnlyNamedOperationsAreReads(t *testing.T) {
	for _, c := range []struct {
		method, target, body string
		read                 bool
	}{
		{"POST", "", "Action=GetRole&Version=2010-05-08", true},
		{"POST", "", "Action=GetCallerIdentity", true},
		{"POST", "secretsmanager.DescribeSecret", "{}", true},
		{"POST", "secretsmanager.GetSecretValue", "{}", false},
		{"POST", "secretsmanager.PutSecretValue", "{}", false},
		{"POST", "AmazonSSM.GetParameter", "{}", true},
		{"POST", "AmazonSSM.GetParameterHistory", "{}", false},
		{"POST", "AmazonSSM.PutParameter", "{}", false},
		{"POST", "secretsmanager.PutSecretValue", "Action=GetRole", false},
		{"POST", "", "Action=DeleteAccessKey", false},
		{"POST", "", "Action=GetRole&Action=DeleteRole", false},
		{"POST", "", "Action=AssumeRole", false},
		{"GET", "", "Action=GetRole", false},
		{"POST", "", "", false},
		{"POST", "", "Action=GetRole;DeleteRole", false},
	} {
		r := request(c.method, c.target, c.body)
		if reads(r) != c.read {
			t.Errorf("%s %q %q: read = %v", c.method, c.target, c.body, !c.read)
		}
	}
	r := request("POST", "", "Action=GetRole")
	r.URL.RawQuery = "Action=DeleteRole"
	if reads(r) {
		t.Error("an operation in the query must not hide behind one in the body")
	}
}

func TestReaderCannotMutate(t *testing.T) {
	r := newRig(t)
	a, err := r.p.account("prod", "")
	if err != nil {
		t.Fatal(err)
	}
	c, err := a.reader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err1 := c.iam.DeleteAccessKey(t.Context(), &iam.DeleteAccessKeyInput{AccessKeyId: aws.String(oldID), UserName: aws.String("deployer")})
	_, err2 := c.secrets.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("ci/deployer")})
	w, err := a.writer(t.Context(), "UpdateAccessKey")
	if err != nil {
		t.Fatal(err)
	}
	_, err3 := w.iam.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{})
	for _, err := range []error{err1, err2, err3} {
		var b *adapters.Blocked
		if !errors.As(err, &b) {
			t.Errorf("want it blocked, got %v", err)
		}
	}
	off := &iam.UpdateAccessKeyInput{AccessKeyId: aws.String(oldID), UserName: aws.String("deployer"), Status: "Inactive"}
	if _, err := w.iam.UpdateAccessKey(t.Context(), off); err != nil {
		t.Fatal(err)
	}
	if _, err := w.iam.UpdateAccessKey(t.Context(), off); err == nil {
		t.Fatal("a writer sends one request")
	}
	if n := len(r.world.Requests(true)); n != 1 {
		t.Fatalf("the world saw %d mutations, want 1", n)
	}
}

func TestDryRunSendsNothing(t *testing.T) {
	r := newRig(t)
	w := r.world.Wire()
	w.ReadOnly = true
	r.p = New(configFor(r.world), w)
	for name, in := range map[string]adapters.Inputs{
		denyTrustName: role(), keyDisableName: user(), keyMintName: user(), secretPutName: literals("id", "ci/deployer"),
		parameterPutName: literals("id", parameterName),
	} {
		a := r.actor(name, in)
		a.values, a.secrets = map[string]any{"value.ID": "x"}, held("value.SECRET", "y")
		if o := a.apply(a.only(a.want(plan.Broken))); o.State != plan.Refused {
			t.Errorf("%s: %+v", name, o.Outcome)
		}
	}
	if n := len(r.world.Requests(true)); n != 0 {
		t.Fatalf("a dry run sent %d mutations", n)
	}
}

// TestNothingAmbient: with static credentials neither environment nor files count.
func TestNothingAmbient(t *testing.T) {
	for k, v := range map[string]string{
		"AWS_PROFILE": "poison", "AWS_ACCESS_KEY_ID": "AKIAPOISON", "AWS_SECRET_ACCESS_KEY": "poison", "AWS_ENDPOINT_URL": "http://192.0.2.1",
		"AWS_ENDPOINT_URL_IAM": "http://192.0.2.1", "AWS_CONFIG_FILE": "/nowhere", "AWS_REGION": "xx-poison-1", "HTTPS_PROXY": "http://192.0.2.1", "HTTP_PROXY": "http://192.0.2.1",
	} {
		t.Setenv(k, v)
	}
	r := newRig(t)
	w := r.world.Wire()
	hosts := map[string]bool{}
	next := w.Transport
	w.Transport = roundTripper(func(q *http.Request) (*http.Response, error) {
		hosts[q.URL.Host] = true
		return next.RoundTrip(q)
	})
	r.p = New(configFor(r.world), w)
	self, err := r.p.Self(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.survey()
	if len(hosts) != 1 || !hosts[strings.TrimPrefix(r.world.URL("aws"), "http://")] {
		t.Fatalf("contacted %v", hosts)
	}
	if self.Account != "prod="+accountID || len(self.Kills) != 1 || self.Kills[0] != "aws:key:"+ownID || !strings.Contains(self.Who, "user/") {
		t.Fatalf("%+v", self)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestProfile: the files and variables the world writes point the default chain at it.
func TestProfile(t *testing.T) {
	r := newRig(t)
	env, err := r.world.Environment()
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range env {
		t.Setenv(k, v)
	}
	t.Setenv("AWS_PROFILE", "another")
	p := New(Config{Accounts: map[string]Account{"prod": {ID: accountID, Profile: "ir-prod"}}}, r.world.Wire())
	self, err := p.Self(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if self.Kills[0] != "aws:key:"+ownID {
		t.Fatalf("%+v", self)
	}
	wrong := New(Config{Accounts: map[string]Account{"prod": {ID: "999999999999", Profile: "ir-prod"}}}, r.world.Wire())
	if _, err := wrong.Self(t.Context()); err == nil || !strings.Contains(err.Error(), "firebreak.yaml") {
		t.Fatal("another account than the configured one is an error:", err)
	}
}

func TestSelfAsRole(t *testing.T) {
	r := newRig(t)
	h := r.aws.Sessions("deploy")[0]
	p := New(Config{Accounts: map[string]Account{"prod": {Endpoint: r.world.URL("aws"), Static: &Static{ID: h.ID, Secret: secret.NewString(h.Secret), Session: secret.NewString(h.Session)}}}}, r.world.Wire())
	self, err := p.Self(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(self.Kills, " "); !strings.Contains(got, "aws:role:"+deployARN) {
		t.Fatalf("revoking the role would end us: %s", got)
	}
}

// A session's ARN has no path and a role's has: they are one role all the same.
func TestOurOwnRoleIsKnownByWhateverPath(t *testing.T) {
	for role, session := range map[string]string{
		"arn:aws:iam::111122223333:role/ir":              "arn:aws:sts::111122223333:assumed-role/ir/me",
		"arn:aws:iam::111122223333:role/teams/sre/ir":    "arn:aws:sts::111122223333:assumed-role/ir/me",
		"arn:aws-cn:iam::111122223333:role/teams/sre/ir": "arn:aws-cn:sts::111122223333:assumed-role/ir/me",
	} {
		acc := snapshot.Account{Name: "prod", ID: "111122223333", Roles: []snapshot.Role{{ARN: role, Name: "ir", Trust: []byte(`{"Statement":[]}`)}}}
		for _, action := range (&Provider{}).Actions() {
			if name := action.Spec().Name; name != denyTrustName && name != revokeName {
				continue
			}
			c, err := action.Plan(literals("account", "prod", "role", role), &snapshot.Snapshot{AWS: []snapshot.Account{acc}})
			if err != nil || len(c.Kills) != 1 || c.Kills[0] != roleKill(session, "ir") {
				t.Errorf("%s of %s: %v %v", action.Spec().Name, role, c.Kills, err)
			}
		}
	}
}

func TestThrottlingIsTemporary(t *testing.T) {
	r := newRig(t)
	w := r.world.Wire()
	w.Transport = roundTripper(func(q *http.Request) (*http.Response, error) {
		if Mutates(q) {
			return throttled(q), nil
		}
		return r.world.Wire().Transport.RoundTrip(q)
	})
	r.p = New(configFor(r.world), w)
	a := r.actor(keyDisableName, user())
	if o := a.apply(a.only(a.want(plan.Broken))); o.State != plan.Refused || !o.Temporary {
		t.Fatalf("%+v", o.Outcome)
	}
}

func throttled(q *http.Request) *http.Response {
	body := `<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error><RequestId>1</RequestId></ErrorResponse>`
	return &http.Response{StatusCode: 400, Status: "400 Bad Request", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: q, ContentLength: int64(len(body))}
}

func TestAccountIsChosen(t *testing.T) {
	p := New(Config{Accounts: map[string]Account{"prod": {ID: "1"}, "dev": {ID: "2"}}}, worldtest.New(t, world.Options{}).Wire())
	for _, c := range []struct{ name, arn, want string }{
		{"prod", "", "prod"}, {"", "arn:aws:iam::2:role/x", "dev"}, {"", "arn:aws:iam::3:role/x", ""}, {"", "", ""}, {"other", "", ""},
	} {
		a, err := p.account(c.name, c.arn)
		if got := ""; err == nil {
			got = a.name
			if got != c.want {
				t.Errorf("%+v: got %s", c, got)
			}
		} else if c.want != "" || !strings.Contains(err.Error(), "firebreak.yaml") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
