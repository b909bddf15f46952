package aws

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/adaptertest"
	"github.com/firebreak/firebreak/internal/counterpart"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/world"
)

func TestMain(m *testing.M) {
	os.Exit(counterpart.JudgedAWS{M: adaptertest.Every{M: m, Provider: New(Config{}, adapters.Wire{})}}.Run())
}

func role() map[string]plan.Value { return literals("account", "prod", "role", deployARN) }
func user() map[string]plan.Value { return literals("account", "prod", "user", "deployer") }

// chain is the role that the attacker went on to.
func chain() map[string]plan.Value {
	in := literals("account", "prod", "role", roleARN("release"))
	in["from"] = plan.Value{Literal: []string{deployARN}}
	return in
}

// shutTrust denies the trust as our own action would have.
func shutTrust(r *rig) {
	r.t.Helper()
	err := r.world.Do(func(c world.Core) {
		tr, err := parseTrust(json.RawMessage(r.aws.Trust("deploy")))
		if err != nil {
			r.t.Fatal(err)
		}
		doc, err := tr.shut(c.Now())
		if err != nil {
			r.t.Fatal(err)
		}
		if err := r.aws.PutTrust("deploy", string(doc)); err != nil {
			r.t.Fatal(err)
		}
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.world.Clock.Advance(propagation.D())
}

// deactivate makes the old key inactive.
func deactivate(r *rig) {
	r.t.Helper()
	me := r.aws.Responder()
	if _, err := r.with(me).iam.UpdateAccessKey(r.t.Context(), &iam.UpdateAccessKeyInput{
		UserName: aws.String("deployer"), AccessKeyId: aws.String(oldID), Status: "Inactive",
	}); err != nil {
		r.t.Fatal(err)
	}
	r.world.Clock.Advance(propagation.D())
}

// putAgain makes the secret's first version the previous one.
func putAgain(r *rig) {
	r.t.Helper()
	if _, err := r.with(r.aws.Responder()).secrets.PutSecretValue(r.t.Context(), &secretsmanager.PutSecretValueInput{
		SecretId: aws.String("ci/deployer"), SecretString: aws.String("new"), ClientRequestToken: aws.String("00000000-0000-5000-8000-000000000007"),
	}); err != nil {
		r.t.Fatal(err)
	}
	r.world.Clock.Advance(propagation.D())
}

func TestConformance(t *testing.T) {
	t.Run("deny trust", func(t *testing.T) {
		s := suite(denyTrustName, nil)
		s.Inputs = role()
		s.Quirks.IgnoresBody = true // UpdateAssumeRolePolicy answers with metadata only
		adaptertest.Run(t, s)
	})
	t.Run("revoke sessions", func(t *testing.T) {
		s := suite(revokeName, shutTrust)
		s.Inputs = role()
		s.Quirks.IgnoresBody = true
		adaptertest.Run(t, s)
	})
	t.Run("deny chain", func(t *testing.T) {
		s := suite(denyChainName, nil)
		s.Inputs = chain()
		s.Quirks.IgnoresBody = true
		adaptertest.Run(t, s)
	})
	t.Run("bound", func(t *testing.T) {
		s := suite(boundName, nil)
		s.Inputs = within(tightARN)
		s.Quirks.IgnoresBody = true
		adaptertest.Run(t, s)
	})
	t.Run("unbound", func(t *testing.T) {
		s := suite(unboundName, func(r *rig) { r.actor(boundName, within(tightARN)).hold() })
		s.Inputs = unbounded(tightARN, noBoundary)
		s.Quirks.IgnoresBody = true
		adaptertest.Run(t, s)
	})
	t.Run("remove provider", func(t *testing.T) {
		s := suite(oidcRemoveName, nil)
		s.Inputs = literals("account", "prod", "provider", githubARN)
		s.Quirks.IgnoresBody = true
		adaptertest.Run(t, s)
	})
	t.Run("restore provider", func(t *testing.T) {
		s := suite(oidcRestoreName, func(r *rig) { r.actor(oidcRemoveName, literals("provider", githubARN)).hold() })
		s.Inputs = literals("account", "prod", "provider", githubARN, "earlier", githubImage)
		adaptertest.Run(t, s)
	})
	t.Run("disable", func(t *testing.T) {
		s := suite(keyDisableName, nil)
		s.Inputs = user()
		s.Secrets = map[string]secret.Text{"old": secret.NewString(oldSecret)}
		s.Quirks.IgnoresBody = true
		adaptertest.Run(t, s)
	})
	t.Run("mint", func(t *testing.T) {
		s := suite(keyMintName, nil)
		s.Inputs = user()
		s.Quirks.Blind = true
		adaptertest.Run(t, s)
	})
	t.Run("test", func(t *testing.T) {
		s := suite(keyTestName, nil)
		s.Inputs = user()
		s.Inputs["id"] = plan.Value{Literal: oldID}
		s.Inputs["value"] = plan.Value{Held: "new"}
		s.Secrets = map[string]secret.Text{"value": secret.NewString(oldSecret)}
		s.Quirks.NotByWorld = true
		adaptertest.Run(t, s)
	})
	t.Run("destroy", func(t *testing.T) {
		s := suite(keyDestroyName, deactivate)
		s.Inputs = user()
		s.Quirks.IgnoresBody = true
		adaptertest.Run(t, s)
	})
	t.Run("secret", func(t *testing.T) {
		s := suite(secretPutName, nil)
		s.Inputs = literals("account", "prod", "id", "ci/deployer")
		s.Values = map[string]any{"value.ID": "AKIANEW0000000000001"}
		s.Secrets = map[string]secret.Text{"value.SECRET": secret.NewString("a-new-canary-secret-3f9d2")}
		s.Quirks.Blind = true
		adaptertest.Run(t, s)
	})
	for what, name := range map[string]string{"parameter": "/ci/deployer", "new parameter": "none"} {
		t.Run(what, func(t *testing.T) {
			s := suite(parameterPutName, nil)
			s.Inputs = literals("account", "prod", "id", name)
			s.Values = map[string]any{"value.ID": "AKIANEW0000000000001"}
			s.Secrets = map[string]secret.Text{"value.SECRET": secret.NewString("a-new-canary-secret-3f9d2")}
			s.Quirks.Blind = true
			adaptertest.Run(t, s)
		})
	}
	t.Run("revoke a user's sessions", func(t *testing.T) {
		s := suite(userRevokeName, deactivate)
		s.Inputs = user()
		s.Quirks.IgnoresBody, s.Quirks.Blind = true, true // T is not in a snapshot, and only ours counts
		adaptertest.Run(t, s)
	})
	t.Run("forget", func(t *testing.T) {
		s := suite(secretForgetName, putAgain)
		s.Inputs = literals("account", "prod", "id", "ci/deployer")
		adaptertest.Run(t, s)
	})
}
