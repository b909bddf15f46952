package aws_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/firebreak/firebreak/internal/world"
	"github.com/firebreak/firebreak/internal/world/aws"
	"github.com/firebreak/firebreak/internal/world/worldtest"
)

const lag = 8 * time.Second

var everybody = aws.Seed{
	Roles: []aws.SeedRole{{Name: "deploy", Repository: "acme/shop", Allows: []string{"secretsmanager:*"}, Sessions: 1, Tokens: 1}},
	Users: []aws.SeedUser{{Name: "deployer", Allows: []string{"iam:GetUser"}, Keys: []aws.SeedKey{{Credential: "DEPLOY"}}}},
	Secrets: []aws.SeedSecret{
		{Name: "ci/deployer", Pair: &aws.SeedPair{User: "deployer", ID: "ID", Secret: "SECRET"}, Consumers: []string{"deploy"}},
		{Name: "ci/word", Value: "opensesame"},
	},
}

type rig struct {
	*worldtest.World
	t   *testing.T
	aws *aws.Server
}

func start(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t}
	r.World = worldtest.New(t, world.Options{Delays: map[string]time.Duration{"iam": lag}}, func(c world.Core) world.Provider {
		s, err := aws.New(c, everybody)
		if err != nil {
			t.Fatal(err)
		}
		r.aws = s
		return s
	})
	return r
}

func (r *rig) config(h aws.Held) sdk.Config {
	return sdk.Config{
		Region: "us-east-1", BaseEndpoint: sdk.String(r.URL("aws")), HTTPClient: r.Client(),
		Retryer: func() sdk.Retryer { return sdk.NopRetryer{} },
		Credentials: sdk.CredentialsProviderFunc(func(context.Context) (sdk.Credentials, error) {
			return sdk.Credentials{AccessKeyID: h.ID, SecretAccessKey: h.Secret, SessionToken: h.Session}, nil
		}),
	}
}

func (r *rig) iam() *iam.Client { return iam.NewFromConfig(r.config(r.aws.Responder())) }

func (r *rig) whoami(h aws.Held) (string, error) {
	out, err := sts.NewFromConfig(r.config(h)).GetCallerIdentity(r.t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", err
	}
	return *out.Arn, nil
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func (r *rig) want(wanted string, err error) {
	r.t.Helper()
	if got := code(err); got != wanted || wanted == "" && err != nil {
		r.t.Errorf("want %q, got %q: %v", wanted, got, err)
	}
}

func TestSignatures(t *testing.T) {
	r := start(t)
	key, _ := r.aws.Key("DEPLOY")
	arn, err := r.whoami(key)
	r.want("", err)
	if !strings.HasSuffix(arn, ":user/deployer") {
		t.Errorf("got %s", arn)
	}
	_, err = r.whoami(aws.Held{ID: key.ID, Secret: "wrong"})
	r.want("SignatureDoesNotMatch", err)
	_, err = r.whoami(aws.Held{ID: "AKIANOBODY0000000000", Secret: key.Secret})
	r.want("InvalidClientTokenId", err)

	s := r.aws.Sessions("deploy")[0]
	arn, err = r.whoami(s)
	r.want("", err)
	if !strings.Contains(arn, ":assumed-role/deploy/") {
		t.Errorf("got %s", arn)
	}
	_, err = r.whoami(aws.Held{ID: s.ID, Secret: s.Secret, Session: "another"})
	r.want("InvalidClientTokenId", err)
	r.Clock.Advance(2 * time.Hour)
	_, err = r.whoami(s)
	r.want("ExpiredToken", err)

	_, err = secretsmanager.NewFromConfig(r.config(aws.Held{ID: key.ID, Secret: "wrong"})).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: sdk.String("ci/word")})
	r.want("InvalidSignatureException", err)
}

func TestKeyLife(t *testing.T) {
	r := start(t)
	old, _ := r.aws.Key("DEPLOY")
	user, id := sdk.String("deployer"), sdk.String(old.ID)
	made, err := r.iam().CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: user})
	r.want("", err)
	fresh := aws.Held{ID: *made.AccessKey.AccessKeyId, Secret: *made.AccessKey.SecretAccessKey}
	_, err = r.whoami(fresh)
	r.want("InvalidClientTokenId", err)
	r.Clock.Advance(lag)
	_, err = r.whoami(fresh)
	r.want("", err)
	_, err = r.iam().CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: user})
	r.want("LimitExceeded", err)

	_, err = r.iam().UpdateAccessKey(t.Context(), &iam.UpdateAccessKeyInput{UserName: user, AccessKeyId: id, Status: types.StatusTypeInactive})
	r.want("", err)
	list, err := r.iam().ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{UserName: user})
	r.want("", err)
	if list.AccessKeyMetadata[0].Status != types.StatusTypeInactive {
		t.Error("IAM shows the new status at once")
	}
	_, err = r.whoami(old)
	r.want("", err) // and enforces it later
	if !r.aws.KeyWorks(old.ID, old.Secret) || !r.Core().Alive("DEPLOY") {
		t.Error("the key should still work")
	}
	r.Clock.Advance(lag)
	_, err = r.whoami(old)
	r.want("InvalidClientTokenId", err)
	if r.Core().Alive("DEPLOY") {
		t.Error("the key should be dead")
	}
	_, err = r.iam().DeleteAccessKey(t.Context(), &iam.DeleteAccessKeyInput{UserName: user, AccessKeyId: id})
	r.want("", err)
	_, err = r.iam().DeleteAccessKey(t.Context(), &iam.DeleteAccessKeyInput{UserName: user, AccessKeyId: id})
	r.want("NoSuchEntity", err)
	r.Reopen(t)
	_, err = r.whoami(fresh)
	r.want("", err)
	if got := r.Projection(); got["credential DEPLOY"] != "dead" || got["consumer deploy"] != "broken" || got["aws key DEPLOY"] != "deleted" {
		t.Errorf("%v", got)
	}
}

func TestRevivedKeyIsAlive(t *testing.T) {
	r := start(t)
	key, _ := r.aws.Key("DEPLOY")
	for _, status := range []types.StatusType{types.StatusTypeInactive, types.StatusTypeActive} {
		_, err := r.iam().UpdateAccessKey(t.Context(), &iam.UpdateAccessKeyInput{UserName: sdk.String("deployer"), AccessKeyId: sdk.String(key.ID), Status: status})
		r.want("", err)
		r.Clock.Advance(lag)
	}
	if _, err := r.whoami(key); err != nil || !r.Core().Alive("DEPLOY") {
		t.Error("somebody switched the key on again", err)
	}
}

func TestPermissions(t *testing.T) {
	r := start(t)
	key, _ := r.aws.Key("DEPLOY")
	c := iam.NewFromConfig(r.config(key))
	_, err := c.GetUser(t.Context(), &iam.GetUserInput{})
	r.want("", err)
	_, err = c.ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{})
	r.want("AccessDenied", err)
	_, err = r.iam().PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{
		UserName: sdk.String("deployer"), PolicyName: sdk.String("q"), PolicyDocument: sdk.String(`{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`),
	})
	r.want("", err)
	r.Clock.Advance(lag)
	_, err = c.GetUser(t.Context(), &iam.GetUserInput{})
	r.want("AccessDenied", err)
	_, err = r.whoami(key)
	r.want("", err) // GetCallerIdentity succeeds under an explicit deny
}

func (r *rig) trade(token string) error {
	_, err := sts.NewFromConfig(r.config(aws.Held{ID: "x", Secret: "x"})).AssumeRoleWithWebIdentity(r.t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: sdk.String("arn:aws:iam::111122223333:role/deploy"), RoleSessionName: sdk.String("s"), WebIdentityToken: sdk.String(token),
	})
	return err
}

func TestWebIdentity(t *testing.T) {
	r := start(t)
	claims := func(sub string, exp time.Time) string {
		return aws.Token(map[string]any{"iss": "https://token.actions.githubusercontent.com", "aud": "sts.amazonaws.com", "sub": sub, "exp": exp.Unix()})
	}
	hour := r.Clock.Now().Add(time.Hour)
	r.want("", r.trade(r.aws.Tokens("deploy")[0]))
	r.want("", r.trade(claims("repo:acme/shop:ref:refs/heads/x", hour)))
	r.want("AccessDenied", r.trade(claims("repo:acme/other:ref:refs/heads/x", hour)))
	r.want("ExpiredTokenException", r.trade(claims("repo:acme/shop:x", r.Clock.Now())))
	r.want("InvalidIdentityToken", r.trade("rubbish"))
	for _, e := range r.Requests(true) {
		if e.Call == "sts AssumeRoleWithWebIdentity" && e.Credential == "role:deploy" {
			return
		}
	}
	t.Error("the log should name the stolen token by its role")
}

// TestRoleDies: the role is dead when the trust and every session are, and not before.
func TestRoleDies(t *testing.T) {
	r := start(t)
	name := sdk.String("deploy")
	loose := r.aws.Trust("deploy")
	shut := strings.Replace(loose, `"Statement":[`, `"Statement":[{"Effect":"Deny","Principal":"*","Action":"sts:*"},`, 1)
	trust := func(doc string) {
		t.Helper()
		_, err := r.iam().UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: name, PolicyDocument: sdk.String(doc)})
		r.want("", err)
	}
	revoke := func(until time.Time) {
		t.Helper()
		doc := `{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:TokenIssueTime":"` + until.UTC().Format(time.RFC3339) + `"}}}]}`
		_, err := r.iam().PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: name, PolicyName: sdk.String("R"), PolicyDocument: sdk.String(doc)})
		r.want("", err)
	}
	alive := func(want bool, when string) {
		t.Helper()
		if got := r.Core().Alive("role:deploy"); got != want {
			t.Errorf("%s: alive %v", when, got)
		}
	}
	token := r.aws.Tokens("deploy")[0]
	revoke(r.Clock.Now().Add(30 * time.Second))
	r.Clock.Advance(lag)
	alive(true, "sessions revoked, trust open")
	trust(shut)
	alive(true, "not enforced yet")
	r.want("", r.trade(token)) // from within the lag; denied by T, which lies ahead
	r.Clock.Advance(lag)
	alive(false, "both")
	r.want("AccessDenied", r.trade(token))
	trust(loose)
	alive(true, "trust restored by somebody")
	r.Clock.Advance(time.Minute)
	r.want("", r.trade(token)) // younger than T
	trust(shut)
	r.Clock.Advance(lag)
	alive(true, "a session is younger than T")
	revoke(r.Clock.Now())
	r.Clock.Advance(lag)
	alive(false, "T raised")

	out, err := r.iam().SimulatePrincipalPolicy(t.Context(), &iam.SimulatePrincipalPolicyInput{
		PolicySourceArn: sdk.String("arn:aws:iam::111122223333:role/deploy"), ActionNames: []string{"secretsmanager:GetSecretValue", "ec2:RunInstances"},
		ContextEntries: []types.ContextEntry{{ContextKeyName: sdk.String("aws:TokenIssueTime"), ContextKeyType: types.ContextKeyTypeEnumDate, ContextKeyValues: []string{"2099-01-01T00:00:00Z"}}},
	})
	r.want("", err)
	if got := out.EvaluationResults; len(got) != 2 || got[0].EvalDecision != types.PolicyEvaluationDecisionTypeAllowed || got[1].EvalDecision != types.PolicyEvaluationDecisionTypeImplicitDeny {
		t.Errorf("%+v", got)
	}
}

func TestSecretVersions(t *testing.T) {
	r := start(t)
	c := secretsmanager.NewFromConfig(r.config(r.aws.Responder()))
	id := sdk.String("ci/word")
	const token = "11111111-2222-4333-8444-555555555555"
	put := func(value string) error {
		_, err := c.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: id, SecretString: &value, ClientRequestToken: sdk.String(token)})
		return err
	}
	r.want("", put("new"))
	r.want("", put("new"))
	r.want("ResourceExistsException", put("other"))
	now, err := c.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: id})
	r.want("", err)
	was, err := c.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: id, VersionStage: sdk.String("AWSPREVIOUS")})
	r.want("", err)
	if *now.SecretString != "new" || *was.SecretString != "opensesame" {
		t.Errorf("current %q, previous %q", *now.SecretString, *was.SecretString)
	}
	_, err = c.UpdateSecretVersionStage(t.Context(), &secretsmanager.UpdateSecretVersionStageInput{SecretId: id, VersionStage: sdk.String("AWSPREVIOUS"), RemoveFromVersionId: was.VersionId})
	r.want("", err)
	d, err := c.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: id})
	r.want("", err)
	if len(d.VersionIdsToStages) != 1 || d.VersionIdsToStages[token][0] != "AWSCURRENT" {
		t.Errorf("%v", d.VersionIdsToStages)
	}
	l, err := c.ListSecretVersionIds(t.Context(), &secretsmanager.ListSecretVersionIdsInput{SecretId: id})
	r.want("", err)
	if len(l.Versions) != 2 {
		t.Errorf("%+v", l.Versions)
	}
}

// A parameter's new version shows late and keeps what was sent again; what was not sent
// again is changed, and the old value stays for readers of the history.
func TestParameters(t *testing.T) {
	r := &rig{t: t}
	r.World = worldtest.New(t, world.Options{Delays: map[string]time.Duration{"ssm": lag}}, func(c world.Core) world.Provider {
		s, err := aws.New(c, aws.Seed{Parameters: []aws.SeedParameter{
			{Name: "/ci/word", Value: "opensesame", KeyID: "alias/ci", Description: "the word", Consumers: []string{"nightly"}},
			{Name: "/ci/large", Type: "String", Tier: "Advanced", Value: "x"},
		}})
		if err != nil {
			t.Fatal(err)
		}
		r.aws = s
		return s
	})
	c := ssm.NewFromConfig(r.config(r.aws.Responder()))
	name := sdk.String("/ci/word")
	get := func(decrypt bool) *ssmtypes.Parameter {
		out, err := c.GetParameter(t.Context(), &ssm.GetParameterInput{Name: name, WithDecryption: &decrypt})
		if err != nil {
			t.Fatal(err)
		}
		return out.Parameter
	}
	if p := get(false); strings.Contains(*p.Value, "opensesame") {
		t.Error("what is not decrypted says nothing")
	}
	out, err := c.PutParameter(t.Context(), &ssm.PutParameterInput{Name: name, Value: sdk.String("another"), Overwrite: sdk.Bool(true)})
	if err != nil || out.Version != 2 {
		t.Fatal(out, err)
	}
	if p := get(true); p.Version != 1 || *p.Value != "opensesame" {
		t.Errorf("shown at once: %d", p.Version)
	}
	r.Clock.Advance(lag)
	if p := get(true); p.Version != 2 || *p.Value != "another" || r.aws.Parameter(*name) != "another" {
		t.Errorf("not shown: %d", p.Version)
	}
	all, err := c.DescribeParameters(t.Context(), &ssm.DescribeParametersInput{MaxResults: sdk.Int32(1)})
	if err != nil || len(all.Parameters) != 1 || all.NextToken == nil || *all.Parameters[0].Name != "/ci/large" {
		t.Fatal(all, err)
	}
	all, err = c.DescribeParameters(t.Context(), &ssm.DescribeParametersInput{MaxResults: sdk.Int32(1), NextToken: all.NextToken})
	if err != nil || len(all.Parameters) != 1 || *all.Parameters[0].KeyId != "alias/aws/ssm" || all.Parameters[0].Description != nil {
		t.Fatalf("what was not sent again is kept: %+v %v", all, err)
	}
	history, err := c.GetParameterHistory(t.Context(), &ssm.GetParameterHistoryInput{Name: name, WithDecryption: sdk.Bool(true)})
	if err != nil || len(history.Parameters) != 2 || *history.Parameters[0].Value != "opensesame" {
		t.Fatal(history, err)
	}
	if _, err := c.PutParameter(t.Context(), &ssm.PutParameterInput{Name: sdk.String("/ci/large"), Value: sdk.String("y"), Overwrite: sdk.Bool(true), Tier: "Standard"}); code(err) != "ValidationException" {
		t.Error("an advanced parameter stays advanced:", err)
	}
	if p := r.aws.Project(time.Time{}); p["consumer nightly"] != "working" || p["aws parameter /ci/word"] != "working" {
		t.Error(p)
	}
	b, err := json.Marshal(r.aws.State())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.aws.Restore(b); err != nil || r.aws.Parameter(*name) != "another" {
		t.Fatal("a restart loses it:", err)
	}
}
