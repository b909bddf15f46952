package aws

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/world/aws"
)

// What a thief exchanged the key for outlives the key, and ends with T; the user's new
// key, and the sessions it makes, work on.
func TestSessionsOfAUserEndAfterTheKey(t *testing.T) {
	r := newRig(t)
	works := func(h aws.Held) error {
		_, err := r.with(h).secrets.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: sdk.String("ci/deployer")})
		return err
	}
	session := func(h aws.Held) aws.Held {
		out, err := r.with(h).sts.GetSessionToken(t.Context(), &sts.GetSessionTokenInput{})
		must(t, err)
		return aws.Held{ID: *out.Credentials.AccessKeyId, Secret: *out.Credentials.SecretAccessKey, Session: *out.Credentials.SessionToken}
	}
	old := aws.Held{ID: oldID, Secret: oldSecret}
	stolen := session(old)
	deactivate(r)
	if works(old) == nil {
		t.Fatal("the old key works")
	}
	if err := works(stolen); err != nil {
		t.Fatalf("the session ended with the key, which it does not at AWS: %v", err)
	}
	a := r.actor(userRevokeName, user())
	x := a.verify()
	if x.State != plan.Broken || len(x.Next) != 1 {
		t.Fatalf("%+v", x)
	}
	if o := a.apply(x.Next[0]); o.State != plan.Done {
		t.Fatalf("%+v", o.Outcome)
	}
	r.world.Clock.Advance(time.Minute)
	if x = a.verify(); x.State != plan.Held || x.Proof != plan.P3 {
		t.Errorf("%+v", x)
	}
	if works(stolen) == nil {
		t.Error("the stolen session works")
	}
	made, err := r.with(r.aws.Responder()).iam.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: sdk.String("deployer")})
	must(t, err)
	r.world.Clock.Advance(propagation.D())
	fresh := aws.Held{ID: *made.AccessKey.AccessKeyId, Secret: *made.AccessKey.SecretAccessKey}
	if err := works(fresh); err != nil {
		t.Errorf("the new key: %v", err)
	}
	if err := works(session(fresh)); err != nil {
		t.Errorf("a session of the new key: %v", err)
	}
}

// A T that somebody put before ours may be from before the key was dead: it does not count.
func TestSomebodyElsesTDoesNotCount(t *testing.T) {
	r := newRig(t)
	deactivate(r)
	soon := text(r.world.Clock.Now().Add(time.Hour))
	_, err := r.with(r.aws.Responder()).iam.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: sdk.String("deployer"), PolicyName: sdk.String(revokePolicy), PolicyDocument: sdk.String(string(revocation(soon)))})
	must(t, err)
	r.world.Clock.Advance(propagation.D())
	if x := r.actor(userRevokeName, user()).verify(); x.State != plan.Broken {
		t.Errorf("%+v", x)
	}
}
