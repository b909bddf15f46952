package aws

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/world"
	awsworld "github.com/firebreak/firebreak/internal/world/aws"
)

// newSession trades the stolen OIDC token for a session, as the attacker does.
func (r *rig) newSession() (awsworld.Held, error) {
	out, err := r.with(awsworld.Held{ID: "none", Secret: "none"}).sts.AssumeRoleWithWebIdentity(r.t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String(deployARN), RoleSessionName: aws.String("evil"), WebIdentityToken: aws.String(r.aws.Tokens("deploy")[0]),
	})
	if err != nil {
		return awsworld.Held{}, err
	}
	c := out.Credentials
	return awsworld.Held{ID: *c.AccessKeyId, Secret: *c.SecretAccessKey, Session: *c.SessionToken}, nil
}

func (r *rig) readsSecret(h awsworld.Held) error {
	_, err := r.with(h).secrets.GetSecretValue(r.t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("ci/deployer")})
	return err
}

func TestRoleIsCutOff(t *testing.T) {
	r := newRig(t)
	stolen := r.aws.Sessions("deploy")[0]
	if err := r.readsSecret(stolen); err != nil {
		t.Fatal("the stolen session should work:", err)
	}
	deny := r.actor(denyTrustName, role())
	if o := deny.apply(deny.only(deny.want(plan.Broken))); o.State != plan.Done {
		t.Fatal(o.Outcome)
	}
	r.world.Clock.Advance(2 * delays["iam read"])
	deny.want(plan.Held)
	late, err := r.newSession()
	if err != nil {
		t.Fatal("the denial is shown but not enforced yet; a session should still be had:", err)
	}
	r.world.Clock.Advance(propagation.D())
	if deny.want(plan.Held).Proof != plan.P1 {
		t.Fatal("one look proves P1")
	}
	if _, err := r.newSession(); code(err) != "AccessDenied" {
		t.Fatal("want AccessDenied, got", err)
	}
	if err := r.readsSecret(stolen); err != nil {
		t.Fatal("a session outlives the trust it came from:", err)
	}

	revoke := r.actor(revokeName, role())
	if o := revoke.apply(revoke.only(revoke.want(plan.Broken))); o.State != plan.Done {
		t.Fatal(o.Outcome)
	}
	r.world.Clock.Advance(2 * delays["iam read"])
	if got := revoke.want(plan.Held); got.Proof != plan.P1 || got.Wait <= 0 {
		t.Fatalf("the simulator knows the policy before it is enforced; want P1 and a wait, got %+v", got)
	}
	if err := r.readsSecret(stolen); err != nil {
		t.Fatal("not enforced yet:", err)
	}
	r.world.Clock.Advance(propagation.D())
	if got := revoke.want(plan.Held); got.Proof != plan.P3 {
		t.Fatalf("want P3, got %+v", got)
	}
	for _, h := range []awsworld.Held{stolen, late} {
		if err := r.readsSecret(h); code(err) != "AccessDeniedException" || !strings.Contains(err.Error(), "explicit deny") {
			t.Fatal("want an explicit deny, got", err)
		}
		if _, err := r.with(h).sts.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); err != nil {
			t.Fatal("GetCallerIdentity succeeds under an explicit deny:", err)
		}
	}
	if at, ok := r.dead("role:deploy"); !ok || at.After(r.world.Clock.Now()) {
		t.Fatalf("the world should call the role dead by now, not %v %s", ok, at)
	}
}

func TestRevokingWaitsForTheTrust(t *testing.T) {
	r := newRig(t)
	revoke := r.actor(revokeName, role())
	if got := revoke.want(plan.Broken); len(got.Next) > 0 || got.Wait <= 0 {
		t.Fatalf("revoking while new sessions can be had is worth nothing: %+v", got)
	}
	shutTrust(r)
	revoke.only(revoke.want(plan.Broken))
}

// A call that queued or hung had its effect when it was answered, at the latest.
func TestRevocationIsEnforcedSomeTimeAfterItsAnswer(t *testing.T) {
	r := newRig(t)
	shutTrust(r)
	revoke := r.actor(revokeName, role())
	revoke.apply(revoke.only(revoke.want(plan.Broken)))
	r.world.Clock.Advance(propagation.D())
	revoke.history[len(revoke.history)-1].Answered = r.world.Clock.Now()
	if got := revoke.want(plan.Held); got.Proof != plan.P1 || got.Wait != propagation {
		t.Fatalf("answered now, want P1 and the whole wait, got %+v", got)
	}
	r.world.Clock.Advance(propagation.D())
	if got := revoke.want(plan.Held); got.Proof != plan.P3 {
		t.Fatalf("want P3, got %+v", got)
	}
}

func TestUndoneTrustRaisesT(t *testing.T) {
	r := newRig(t)
	loose := r.aws.Trust("deploy")
	deny, revoke := r.actor(denyTrustName, role()), r.actor(revokeName, role())
	deny.hold()
	revoke.hold()
	first := revoke.history[len(revoke.history)-1].Call.Args["until"]

	r.world.Clock.Advance(10 * time.Minute)
	if err := r.world.Do(func(world.Core) {
		if err := r.aws.PutTrust("deploy", loose); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	r.world.Clock.Advance(propagation.D())
	evil, err := r.newSession()
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := r.dead("role:deploy"); ok {
		t.Fatal("the world should know that the role works again")
	}
	deny.want(plan.Broken)
	if got := revoke.want(plan.Broken); len(got.Next) > 0 {
		t.Fatalf("the trust comes first: %+v", got)
	}
	deny.hold()
	if err := r.readsSecret(evil); err != nil {
		t.Fatal("the session is younger than T:", err)
	}
	if next := revoke.only(revoke.want(plan.Broken)); next.Args["until"] <= first {
		t.Fatalf("T must rise above %s, got %s", first, next.Args["until"])
	}
	revoke.hold()
	if err := r.readsSecret(evil); code(err) != "AccessDeniedException" {
		t.Fatal("want a denial, got", err)
	}
}

func TestLoweredTIsRaised(t *testing.T) {
	r := newRig(t)
	r.actor(denyTrustName, role()).hold()
	revoke := r.actor(revokeName, role())
	revoke.hold()
	if _, err := r.with(r.aws.Responder()).iam.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{
		RoleName: aws.String("deploy"), PolicyName: aws.String(revokePolicy), PolicyDocument: aws.String(string(revocation("2020-01-01T00:00:00Z"))),
	}); err != nil {
		t.Fatal(err)
	}
	r.world.Clock.Advance(propagation.D())
	revoke.only(revoke.want(plan.Broken))
	// A policy of the same name that denies less than everything is no revocation.
	weak := strings.Replace(string(revocation("2099-01-01T00:00:00Z")), `"Action":["*"]`, `"Action":["s3:GetObject"]`, 1)
	if revokedUntil(json.RawMessage(weak)) != (time.Time{}) {
		t.Fatal("a weaker policy was taken for ours")
	}
}

func TestSimulatorNotPermitted(t *testing.T) {
	s := &snapshot.Snapshot{
		AWS:  []snapshot.Account{{Name: "prod", ID: accountID, Roles: []snapshot.Role{{ARN: deployARN, Name: "deploy", Trust: json.RawMessage(`{"Statement":[]}`)}}}},
		Gaps: []snapshot.Gap{{Provider: "aws", What: simulateGap + deployARN, Why: "AccessDenied"}},
	}
	c, err := revokeSessions{}.Plan(role(), s)
	if err != nil {
		t.Fatal(err)
	}
	if c.Proof != plan.P2 || c.Shortfall == "" {
		t.Fatalf("want P2 with a shortfall, got %q %q", c.Proof, c.Shortfall)
	}
}

func TestTrustIsKeptAndEveryDoorIsShut(t *testing.T) {
	const doc = `{"Version":"2012-10-17","Id":"x","Statement":[
		{"Sid":"A","Effect":"Allow","Principal":{"Federated":"arn:aws:iam::1:oidc-provider/h"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringLike":{"h:sub":"repo:a/b:*"}}},
		{"Sid":"B","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::1:root","arn:aws:iam::2:user/u"]},"Action":["sts:AssumeRole","sts:TagSession"]}]}`
	tr, err := parseTrust(json.RawMessage(doc))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2025, 3, 14, 16, 57, 0, 0, time.UTC)
	shut, err := tr.shut(at)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"Id":"x","Version":"2012-10-17","Statement":[
		{"Sid":"A","Effect":"Allow","Principal":{"Federated":"arn:aws:iam::1:oidc-provider/h"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringLike":{"h:sub":"repo:a/b:*"}}},
		{"Sid":"B","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::1:root","arn:aws:iam::2:user/u"]},"Action":["sts:AssumeRole","sts:TagSession"]},
		{"Sid":"FirebreakDeny20250314T165700Z","Effect":"Deny","Principal":{"AWS":["arn:aws:iam::1:root","arn:aws:iam::2:user/u"],"Federated":["arn:aws:iam::1:oidc-provider/h"]},
		 "Action":["sts:AssumeRole","sts:AssumeRoleWithWebIdentity","sts:TagSession"]}]}`
	if !sameJSON(shut, json.RawMessage(want)) {
		t.Fatalf("got %s", shut)
	}
	for name, c := range map[string]struct {
		doc  string
		held bool
	}{
		"ours":                    {string(shut), true},
		"a new principal":         {strings.Replace(string(shut), `"Statement":[`, `"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::666:root"},"Action":"sts:AssumeRole"},`, 1), false},
		"ours with a condition":   {strings.Replace(string(shut), `"Effect":"Deny"`, `"Effect":"Deny","Condition":{"Bool":{"aws:ViaAWSService":"true"}}`, 1), false},
		"ours turned into allow":  {strings.Replace(string(shut), `"Effect":"Deny"`, `"Effect":"Allow"`, 1), false},
		"everybody, one bare":     {`{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}`, false},
		"nobody, ours everywhere": {`{"Statement":[{"Sid":"FirebreakDeny","Effect":"Deny","Principal":"*","Action":["sts:AssumeRole","sts:AssumeRoleWithWebIdentity","sts:TagSession"]}]}`, true},
	} {
		tr, err := parseTrust(json.RawMessage(c.doc))
		if err != nil {
			t.Fatal(name, err)
		}
		held, _, err := tr.denied()
		if err != nil || held != c.held {
			t.Errorf("%s: denied = %v, %v", name, held, err)
		}
		again, err := tr.shut(at)
		if err != nil {
			t.Fatal(name, err)
		}
		tr, err = parseTrust(again)
		if err != nil {
			t.Fatal(name, err)
		}
		if held, _, err := tr.denied(); err != nil || !held {
			t.Errorf("%s: not denied after it was shut: %s", name, again)
		}
	}
}

func TestShutTwiceIsOneStatement(t *testing.T) {
	doc := json.RawMessage(`{"Statement":[{"Sid":"FirebreakDeny20200101T000000Z","Effect":"Deny","Principal":{"AWS":"arn:aws:iam::1:root"},"Action":"sts:AssumeRole"},{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}`)
	tr, err := parseTrust(doc)
	if err != nil {
		t.Fatal(err)
	}
	shut, err := tr.shut(time.Date(2025, 3, 14, 16, 57, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(shut), denySid); n != 1 || !strings.Contains(string(shut), "FirebreakDeny20250314T165700Z") {
		t.Fatalf("want the old statement replaced, got %s", shut)
	}
}
