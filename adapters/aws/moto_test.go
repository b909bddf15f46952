package aws

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/adaptertest"
	"github.com/firebreak/firebreak/internal/counterpart"
	"github.com/firebreak/firebreak/internal/secret"
)

// motoRig is moto with a responder who may do everything. It checks signatures and
// the policies of users; each check of a suite gets subjects of its own.
type motoRig struct {
	server counterpart.MotoServer
	us     Static
	c      clients // the responder's own, unguarded
	ahead  time.Duration
	n      int

	inputs  adapters.Inputs
	values  map[string]any
	secrets map[string]secret.Text
	scope   adapters.Scope
}

// unsigned is a key for requests that nobody checks.
var unsigned = Static{ID: "AKIANOBODY0000000001", Secret: secret.NewString("nobody")}

const everything1 = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

func newMoto(t *testing.T) *motoRig {
	t.Helper()
	m := &motoRig{
		server: counterpart.Moto(t), inputs: adapters.Inputs{}, values: map[string]any{}, secrets: map[string]secret.Text{},
		scope: adapters.Scope{Identities: map[string]string{}},
	}
	m.server.Enforce(3)
	c, me := m.as(t, unsigned), sdk.String("responder")
	must(t, err(c.iam.CreateUser(t.Context(), &iam.CreateUserInput{UserName: me})))
	must(t, err(c.iam.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: me, PolicyName: sdk.String("all"), PolicyDocument: sdk.String(everything1)})))
	k, kerr := c.iam.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: me})
	must(t, kerr)
	m.us = Static{ID: *k.AccessKey.AccessKeyId, Secret: secret.NewString(*k.AccessKey.SecretAccessKey)}
	m.c = m.as(t, m.us)
	return m
}

func must(t *testing.T, e error) {
	t.Helper()
	if e != nil {
		t.Fatal(e)
	}
}

func (m *motoRig) now() time.Time { return time.Now().Add(m.ahead) }

func (m *motoRig) provider(s Static, w adapters.Wire) *Provider {
	return New(Config{Accounts: map[string]Account{"prod": {ID: counterpart.MotoAccount, Endpoint: m.server.URL, Static: &s}}}, w)
}

// as gives clients of somebody, unguarded.
func (m *motoRig) as(t *testing.T, s Static) clients {
	t.Helper()
	w := adapters.Wire{Transport: motoWire{m}, Now: m.now}
	a, e := m.provider(s, w).account("prod", "")
	must(t, e)
	cfg, e := a.config(t.Context())
	must(t, e)
	return a.over(cfg, motoWire{m})
}

// user makes a user with one key.
func (m *motoRig) user(t *testing.T) (name string, key Static) {
	t.Helper()
	m.n++
	name = fmt.Sprintf("deployer-%d", m.n)
	must(t, err(m.c.iam.CreateUser(t.Context(), &iam.CreateUserInput{UserName: &name})))
	k, e := m.c.iam.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: &name})
	must(t, e)
	return name, Static{ID: *k.AccessKey.AccessKeyId, Secret: secret.NewString(*k.AccessKey.SecretAccessKey)}
}

// role makes a role with a trust policy.
func (m *motoRig) role(t *testing.T, trust string) (name, arn string) {
	t.Helper()
	m.n++
	name = fmt.Sprintf("deploy-%d", m.n)
	r, e := m.c.iam.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
	must(t, e)
	return name, *r.Role.Arn
}

// suite is what all actions share: fresh makes new subjects and gives the truth.
func (m *motoRig) suite(action string, fresh func(t *testing.T) (truth func() bool)) adaptertest.Suite {
	return adaptertest.Suite{
		Action: action, Scope: m.scope, Inputs: m.inputs, Values: m.values, Secrets: m.secrets, Mutates: Mutates,
		Canaries: []secret.Text{m.us.Secret},
		Provider: func(_ *testing.T, w adapters.Wire) adapters.Provider { return m.provider(m.us, w) },
		World: func(t *testing.T) adaptertest.World {
			m.ahead = 0
			truth := fresh(t)
			return adaptertest.World{Transport: motoWire{m}, Now: m.now, Advance: func(d time.Duration) { m.ahead += d }, Truth: truth}
		},
	}
}

// motoWire lets moto's answers through, with three things put right that are not AWS's
// way: its clock goes with the test's, which waits in no time; what it refuses a key is
// in EC2's envelope; and for the policy simulator, which it lacks, it answers what AWS
// answers a responder who may not use it.
type motoWire struct{ m *motoRig }

// RoundTrip implements http.RoundTripper.
func (w motoWire) RoundTrip(r *http.Request) (*http.Response, error) {
	if operation(r) == "SimulatePrincipalPolicy" {
		return w.answer(r, http.StatusForbidden, noSimulator), nil
	}
	resp, e := http.DefaultTransport.RoundTrip(r)
	if e != nil {
		return nil, e
	}
	if resp.StatusCode >= 400 && r.Header.Get("X-Amz-Target") == "" {
		b, e := io.ReadAll(resp.Body)
		resp.Body.Close() //nolint:errcheck // read to its end
		if e != nil {
			return nil, e
		}
		return w.answer(r, resp.StatusCode, strings.NewReplacer("<Errors>", "", "</Errors>", "").Replace(string(b))), nil
	}
	resp.Header.Set("Date", w.m.now().UTC().Format(http.TimeFormat))
	return resp, nil
}

const noSimulator = `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error><RequestId>1</RequestId></ErrorResponse>`

func (w motoWire) answer(r *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Status: fmt.Sprint(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"text/xml"}, "Date": {w.m.now().UTC().Format(http.TimeFormat)}},
		Body:   io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}
}
