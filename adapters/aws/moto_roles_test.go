package aws

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/adaptertest"
	"github.com/firebreak/firebreak/internal/counterpart"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/tally"
)

func TestMotoRoles(t *testing.T) {
	m := newMoto(t)
	at := subject{account: counterpart.MotoAccount, me: "responder"}
	on := func(arn string) {
		clear(m.scope.Identities)
		m.scope.Identities[arn] = "aws.role"
		m.inputs["account"], m.inputs["role"] = plan.Value{Literal: "prod"}, plan.Value{Literal: arn}
	}
	t.Run("deny trust", func(t *testing.T) {
		s := m.suite(denyTrustName, func(t *testing.T) func() bool {
			name, arn := m.role(t, open(at))
			on(arn)
			return func() bool {
				r, e := m.c.iam.GetRole(context.WithoutCancel(t.Context()), &iam.GetRoleInput{RoleName: &name})
				must(t, e)
				return strings.Contains(*r.Role.AssumeRolePolicyDocument, "FirebreakDeny")
			}
		})
		on("x")
		s.Quirks.IgnoresBody = true
		adaptertest.Run(t, s)
		counterpart.Proved(t, denyTrustName, counterpart.Moto5, "it passes the conformance suite")
	})
	t.Run("deny chain", func(t *testing.T) {
		s := m.suite(denyChainName, func(t *testing.T) func() bool {
			name, arn := m.role(t, open(at))
			on(arn)
			m.inputs["from"] = plan.Value{Literal: []string{"arn:aws:iam::" + counterpart.MotoAccount + ":role/deploy"}}
			return func() bool {
				r, e := m.c.iam.GetRole(context.WithoutCancel(t.Context()), &iam.GetRoleInput{RoleName: &name})
				must(t, e)
				return strings.Contains(*r.Role.AssumeRolePolicyDocument, chainSid)
			}
		})
		on("x")
		s.Quirks.IgnoresBody = true
		adaptertest.Run(t, s)
		delete(m.inputs, "from")
		counterpart.Proved(t, denyChainName, counterpart.Moto5, "it passes the conformance suite")
	})
	t.Run("bound", func(t *testing.T) {
		policy := func(name string) string {
			p, e := m.c.iam.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: sdk.String(policyText)})
			must(t, e)
			return *p.Policy.Arn
		}
		ours, earlier := policy("quarantine"), policy("earlier")
		boundary := func(name string) string {
			r, e := m.c.iam.GetRole(context.WithoutCancel(t.Context()), &iam.GetRoleInput{RoleName: &name})
			must(t, e)
			if r.Role.PermissionsBoundary == nil {
				return noBoundary
			}
			return *r.Role.PermissionsBoundary.PermissionsBoundaryArn
		}
		for _, c := range []struct{ action, before, after string }{
			{boundName, noBoundary, ours}, {boundName, earlier, ours}, {unboundName, ours, noBoundary}, {unboundName, ours, earlier},
		} {
			s := m.suite(c.action, func(t *testing.T) func() bool {
				name, arn := m.role(t, open(at))
				on(arn)
				if c.before != noBoundary {
					must(t, err(m.c.iam.PutRolePermissionsBoundary(t.Context(), &iam.PutRolePermissionsBoundaryInput{RoleName: &name, PermissionsBoundary: &c.before})))
				}
				return func() bool { return boundary(name) == c.after }
			})
			on("x")
			m.inputs["boundary"] = plan.Value{Literal: ours}
			if c.action == unboundName {
				m.inputs["earlier"] = plan.Value{Literal: c.after}
			}
			s.Quirks.IgnoresBody = true
			adaptertest.Run(t, s)
			delete(m.inputs, "boundary")
			delete(m.inputs, "earlier")
			counterpart.Proved(t, c.action, counterpart.Moto5, "it passes the conformance suite, the policy simulator aside")
		}
	})
	t.Run("provider", func(t *testing.T) {
		arn := "arn:aws:iam::" + counterpart.MotoAccount + ":oidc-provider/" + githubHost
		was := strings.ReplaceAll(githubImage, accountID, counterpart.MotoAccount)
		there := func() (bool, string) {
			x, _, e := m.c.provider(context.WithoutCancel(t.Context()), arn)
			must(t, e)
			return x.URL != "", string(plan.Image(imageOfProvider(x)))
		}
		scope := func() {
			clear(m.scope.Identities)
			clear(m.inputs)
			m.scope.Identities[arn] = identityProvider
			m.inputs["account"], m.inputs["provider"] = plan.Value{Literal: "prod"}, plan.Value{Literal: arn}
		}
		for _, action := range []string{oidcRemoveName, oidcRestoreName} {
			s := m.suite(action, func(t *testing.T) func() bool {
				scope()
				must(t, err(m.c.iam.DeleteOpenIDConnectProvider(t.Context(), &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn})))
				if action == oidcRestoreName {
					m.inputs["earlier"] = plan.Value{Literal: was}
					return func() bool { is, image := there(); return is && image == was }
				}
				must(t, err(m.c.iam.CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{
					Url: sdk.String("https://" + githubHost), ClientIDList: []string{"sts.amazonaws.com"}, ThumbprintList: []string{githubThumb},
				})))
				return func() bool { is, _ := there(); return !is }
			})
			scope()
			if action == oidcRestoreName {
				m.inputs["earlier"] = plan.Value{Literal: was}
			}
			s.Quirks.IgnoresBody = action == oidcRemoveName
			adaptertest.Run(t, s)
		}
		clear(m.inputs)
		counterpart.Proved(t, oidcRemoveName, counterpart.Moto5, "it passes the conformance suite")
		counterpart.Proved(t, oidcRestoreName, counterpart.Moto5, "it passes the conformance suite: client ids, thumbprints and tags are what they were")
	})
	t.Run("it evaluates no Deny of a trust policy", func(t *testing.T) {
		name, arn := m.role(t, open(at))
		assume := func() string {
			return code(err(m.c.sts.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &arn, RoleSessionName: sdk.String("session")})))
		}
		tr, e := parseTrust([]byte(open(at)))
		must(t, e)
		doc, e := tr.shut(time.Now())
		must(t, e)
		before := assume()
		must(t, err(m.c.iam.UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: &name, PolicyDocument: sdk.String(string(doc))})))
		if after := assume(); before != "" || after != "" {
			t.Errorf("moto answered %q before and %q after: prove containment there, and take the limit off", before, after)
		}
	})
	t.Run("revoke sessions", func(t *testing.T) {
		s := m.suite(revokeName, func(t *testing.T) func() bool {
			tr, e := parseTrust([]byte(open(at)))
			must(t, e)
			doc, e := tr.shut(time.Now().Add(-time.Minute))
			must(t, e)
			name, arn := m.role(t, string(doc))
			on(arn)
			return func() bool {
				_, e := m.c.iam.GetRolePolicy(context.WithoutCancel(t.Context()), &iam.GetRolePolicyInput{RoleName: &name, PolicyName: sdk.String(revokePolicy)})
				return e == nil
			}
		})
		s.Quirks.IgnoresBody = true
		adaptertest.Run(t, s)
		counterpart.Proved(t, revokeName, counterpart.Moto5, "it passes the conformance suite, the policy simulator aside")
	})
	t.Run("a session is refused, whatever its time", func(t *testing.T) {
		tr, e := parseTrust([]byte(open(at)))
		must(t, e)
		doc, e := tr.shut(time.Now().Add(-time.Minute))
		must(t, e)
		name, arn := m.role(t, string(doc))
		must(t, err(m.c.iam.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: &name, PolicyName: sdk.String("all"), PolicyDocument: sdk.String(everything1)})))
		out, e := m.c.sts.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &arn, RoleSessionName: sdk.String("stolen")})
		must(t, e)
		k := out.Credentials
		stolen := m.as(t, Static{ID: *k.AccessKeyId, Secret: secret.NewString(*k.SecretAccessKey), Session: secret.NewString(*k.SessionToken)})
		use := func() string { return code(err(stolen.iam.ListUsers(t.Context(), &iam.ListUsersInput{}))) }
		if got := use(); got != "" {
			t.Fatalf("before: %s", got)
		}
		revoke := revokeSessions{m.provider(m.us, adapters.Wire{Transport: motoWire{m}, Now: m.now})}
		task := adapters.Task{Inputs: map[string]any{"account": "prod", "role": arn}, Began: m.now(), Now: m.now()}
		for _, c := range revoke.Verify(t.Context(), task).Next {
			if o := revoke.Apply(t.Context(), task, c); o.State != plan.Done {
				t.Fatal(o.Outcome)
			}
		}
		if got := use(); got != "AccessDenied" {
			t.Errorf("after: %q", got)
		}
		must(t, err(m.c.iam.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: &name, PolicyName: sdk.String(revokePolicy), PolicyDocument: sdk.String(string(revocation("2020-01-01T00:00:00Z")))})))
		if got := use(); got != "AccessDenied" {
			t.Errorf("moto evaluates times now (%q): prove that T leaves younger sessions alone, and take the limit off", got)
		}
		counterpart.Proved(t, revokeName, counterpart.Moto5, "a session that worked before is refused by the policy that was put")
	})
	t.Run("it has no policy simulator", func(t *testing.T) {
		_, arn := m.role(t, open(at))
		a, e := m.provider(m.us, adapters.Wire{Transport: http.DefaultTransport, Now: m.now}).account("prod", "")
		must(t, e)
		raw, e := a.reader(t.Context())
		must(t, e)
		_, e = raw.simulate(t.Context(), arn, time.Unix(0, 0))
		if resp, _ := answered(e); resp == nil || resp.StatusCode != http.StatusInternalServerError {
			t.Errorf("moto has a policy simulator now (%v): let the suite use it, and take the limit off", e)
		}
		on(arn)
		snap := &snapshot.Snapshot{}
		must(t, m.provider(m.us, adapters.Wire{Transport: http.DefaultTransport, Now: m.now}).Survey(t.Context(), m.scope, snap))
		for _, p := range snap.Permissions {
			if p.Granted != "unknown" {
				t.Errorf("nobody said, and it is called %q: %+v", p.Granted, p)
			}
		}
		if len(snap.Permissions) == 0 {
			t.Error("nothing is said of any permission")
		}
	})
	tally.Note(t, "aws at moto 5.2.1: trust denied and sessions revoked as documents; it evaluates no Deny of a trust policy and no time, and has no policy simulator")
}
