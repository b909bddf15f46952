package aws

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/firebreak/firebreak/internal/counterpart"
	awsworld "github.com/firebreak/firebreak/internal/world/aws"
)

// asked is one request and the code of the refusal wanted, "" for none.
type asked struct {
	what string
	do   func(context.Context, clients) error
	code string
}

// err leaves the answer out.
func err[T any](_ T, e error) error { return e }

const policyText = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}`

// subject is whom the table is about: a role "deploy" and a user "deployer" with one
// key, asked about by the user me.
type subject struct{ account, key, me string }

func (s subject) role(name string) string { return "arn:aws:iam::" + s.account + ":role/" + name }

// atIAM is what we ask of IAM in an incident, and what it may refuse.
func atIAM(s subject) []asked {
	name, user, key, policy, doc := sdk.String("deploy"), sdk.String("deployer"), sdk.String(s.key), sdk.String("p"), sdk.String(policyText)
	no, broken := sdk.String("nobody"), sdk.String("{}")
	return []asked{
		{"role", func(x context.Context, c clients) error {
			return err(c.iam.GetRole(x, &iam.GetRoleInput{RoleName: name}))
		}, ""},
		{"no role", func(x context.Context, c clients) error {
			return err(c.iam.GetRole(x, &iam.GetRoleInput{RoleName: no}))
		}, "NoSuchEntity"},
		{"roles", func(x context.Context, c clients) error {
			return err(c.iam.ListRoles(x, &iam.ListRolesInput{MaxItems: sdk.Int32(1)}))
		}, ""},
		{"put", func(x context.Context, c clients) error {
			return err(c.iam.PutRolePolicy(x, &iam.PutRolePolicyInput{RoleName: name, PolicyName: policy, PolicyDocument: doc}))
		}, ""},
		{"put nonsense", func(x context.Context, c clients) error {
			return err(c.iam.PutRolePolicy(x, &iam.PutRolePolicyInput{RoleName: name, PolicyName: policy, PolicyDocument: broken}))
		}, "MalformedPolicyDocument"},
		{"list", func(x context.Context, c clients) error {
			return err(c.iam.ListRolePolicies(x, &iam.ListRolePoliciesInput{RoleName: name}))
		}, ""},
		{"get", func(x context.Context, c clients) error {
			return err(c.iam.GetRolePolicy(x, &iam.GetRolePolicyInput{RoleName: name, PolicyName: policy}))
		}, ""},
		{"get none", func(x context.Context, c clients) error {
			return err(c.iam.GetRolePolicy(x, &iam.GetRolePolicyInput{RoleName: name, PolicyName: no}))
		}, "NoSuchEntity"},
		{"attached", func(x context.Context, c clients) error {
			return err(c.iam.ListAttachedRolePolicies(x, &iam.ListAttachedRolePoliciesInput{RoleName: name}))
		}, ""},
		{"simulate", func(x context.Context, c clients) error {
			return err(c.simulate(x, s.role("deploy"), time.Unix(0, 0)))
		}, ""},
		{"simulate nobody", func(x context.Context, c clients) error {
			return err(c.simulate(x, s.role("nobody"), time.Unix(0, 0)))
		}, "NoSuchEntity"},
		{"boundary of no role", func(x context.Context, c clients) error {
			return err(c.iam.PutRolePermissionsBoundary(x, &iam.PutRolePermissionsBoundaryInput{RoleName: no, PermissionsBoundary: sdk.String("arn:aws:iam::aws:policy/ReadOnlyAccess")}))
		}, "NoSuchEntity"},
		{"trust", func(x context.Context, c clients) error {
			return err(c.iam.UpdateAssumeRolePolicy(x, &iam.UpdateAssumeRolePolicyInput{RoleName: name, PolicyDocument: sdk.String(open(s))}))
		}, ""},
		{"trust nonsense", func(x context.Context, c clients) error {
			return err(c.iam.UpdateAssumeRolePolicy(x, &iam.UpdateAssumeRolePolicyInput{RoleName: name, PolicyDocument: broken}))
		}, "MalformedPolicyDocument"},
		{"delete", func(x context.Context, c clients) error {
			return err(c.iam.DeleteRolePolicy(x, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: policy}))
		}, ""},
		{"delete again", func(x context.Context, c clients) error {
			return err(c.iam.DeleteRolePolicy(x, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: no}))
		}, "NoSuchEntity"},
		{"user", func(x context.Context, c clients) error {
			return err(c.iam.GetUser(x, &iam.GetUserInput{UserName: user}))
		}, ""},
		{"no user", func(x context.Context, c clients) error {
			return err(c.iam.GetUser(x, &iam.GetUserInput{UserName: no}))
		}, "NoSuchEntity"},
		{"user policy", func(x context.Context, c clients) error {
			return err(c.iam.PutUserPolicy(x, &iam.PutUserPolicyInput{UserName: user, PolicyName: policy, PolicyDocument: doc}))
		}, ""},
		{"user policy as it is", func(x context.Context, c clients) error {
			return err(c.iam.GetUserPolicy(x, &iam.GetUserPolicyInput{UserName: user, PolicyName: policy}))
		}, ""},
		{"no user policy", func(x context.Context, c clients) error {
			return err(c.iam.GetUserPolicy(x, &iam.GetUserPolicyInput{UserName: user, PolicyName: no}))
		}, "NoSuchEntity"},
		{"keys", func(x context.Context, c clients) error {
			return err(c.iam.ListAccessKeys(x, &iam.ListAccessKeysInput{UserName: user}))
		}, ""},
		{"used", func(x context.Context, c clients) error {
			return err(c.iam.GetAccessKeyLastUsed(x, &iam.GetAccessKeyLastUsedInput{AccessKeyId: key}))
		}, ""},
		{"used by whom", func(x context.Context, c clients) error {
			return err(c.iam.GetAccessKeyLastUsed(x, &iam.GetAccessKeyLastUsedInput{AccessKeyId: sdk.String("AKIANOBODY0000000001")}))
		}, "AccessDenied"},
		{"make", func(x context.Context, c clients) error {
			return err(c.iam.CreateAccessKey(x, &iam.CreateAccessKeyInput{UserName: user}))
		}, ""},
		{"make a third", func(x context.Context, c clients) error {
			return err(c.iam.CreateAccessKey(x, &iam.CreateAccessKeyInput{UserName: user}))
		}, "LimitExceeded"},
		{"off", func(x context.Context, c clients) error {
			return err(c.iam.UpdateAccessKey(x, &iam.UpdateAccessKeyInput{UserName: user, AccessKeyId: key, Status: types.StatusTypeInactive}))
		}, ""},
		{"gone", func(x context.Context, c clients) error {
			return err(c.iam.DeleteAccessKey(x, &iam.DeleteAccessKeyInput{UserName: user, AccessKeyId: key}))
		}, ""},
		{"gone again", func(x context.Context, c clients) error {
			return err(c.iam.DeleteAccessKey(x, &iam.DeleteAccessKeyInput{UserName: user, AccessKeyId: key}))
		}, "NoSuchEntity"},
	}
}

// open is a trust policy that lets the asking user in.
func open(s subject) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + s.account + `:user/` + s.me + `"},"Action":"sts:AssumeRole"}]}`
}

// elsewhere is what we ask of the other two services.
func elsewhere(s subject, token string) []asked {
	id, key := sdk.String("ci/deployer"), sdk.String("00000000-0000-5000-8000-000000000001")
	put := func(value string) func(context.Context, clients) error {
		return func(x context.Context, c clients) error {
			return err(c.secrets.PutSecretValue(x, &secretsmanager.PutSecretValueInput{SecretId: id, ClientRequestToken: key, SecretString: &value, VersionStages: []string{currentStage}}))
		}
	}
	stage := func(from string) func(context.Context, clients) error {
		return func(x context.Context, c clients) error {
			return err(c.secrets.UpdateSecretVersionStage(x, &secretsmanager.UpdateSecretVersionStageInput{SecretId: id, VersionStage: sdk.String(currentStage), MoveToVersionId: key, RemoveFromVersionId: sdk.String(from)}))
		}
	}
	web := func(t string) func(context.Context, clients) error {
		return func(x context.Context, c clients) error {
			return err(c.sts.AssumeRoleWithWebIdentity(x, &sts.AssumeRoleWithWebIdentityInput{RoleArn: sdk.String(s.role("deploy")), RoleSessionName: sdk.String("s"), WebIdentityToken: sdk.String(t)}))
		}
	}
	return []asked{
		{"who", func(x context.Context, c clients) error {
			return err(c.sts.GetCallerIdentity(x, &sts.GetCallerIdentityInput{}))
		}, ""},
		{"assume", func(x context.Context, c clients) error {
			return err(c.sts.AssumeRole(x, &sts.AssumeRoleInput{RoleArn: sdk.String(s.role("deploy")), RoleSessionName: sdk.String("s")}))
		}, ""},
		{"by token, refused", web(token), "AccessDenied"}, // its trust lets only one user in
		{"by no token", web("nonsense"), "InvalidIdentityToken"},
		{"by an old token", web(awsworld.Token(map[string]any{"exp": 1})), "ExpiredTokenException"},
		{"describe", func(x context.Context, c clients) error {
			return err(c.secrets.DescribeSecret(x, &secretsmanager.DescribeSecretInput{SecretId: id}))
		}, ""},
		{"describe none", func(x context.Context, c clients) error {
			return err(c.secrets.DescribeSecret(x, &secretsmanager.DescribeSecretInput{SecretId: sdk.String("ci/none")}))
		}, "ResourceNotFoundException"},
		{"versions", func(x context.Context, c clients) error {
			return err(c.secrets.ListSecretVersionIds(x, &secretsmanager.ListSecretVersionIdsInput{SecretId: id}))
		}, ""},
		{"put a value", put("one"), ""},
		{"put it again", put("one"), ""},
		{"put another by the same name", put("two"), "ResourceExistsException"},
		{"value", func(x context.Context, c clients) error {
			return err(c.secrets.GetSecretValue(x, &secretsmanager.GetSecretValueInput{SecretId: id}))
		}, ""},
		{"move", stage("00000000-0000-5000-8000-000000000001"), ""},
		{"move from another", stage("00000000-0000-5000-8000-000000000002"), "InvalidParameterException"},
	}
}

// inTheTrail is what we ask of CloudTrail, which no server but the world has.
func inTheTrail(now time.Time) []asked {
	look := func(in cloudtrail.LookupEventsInput) func(context.Context, clients) error {
		return func(x context.Context, c clients) error { return err(c.trail.LookupEvents(x, &in)) }
	}
	by := trailtypes.LookupAttribute{AttributeKey: trailtypes.LookupAttributeKeyEventName, AttributeValue: sdk.String("AssumeRole")}
	return []asked{
		{"events", look(cloudtrail.LookupEventsInput{StartTime: &now, LookupAttributes: []trailtypes.LookupAttribute{by}, MaxResults: sdk.Int32(50)}), ""},
		{"by two attributes", look(cloudtrail.LookupEventsInput{LookupAttributes: []trailtypes.LookupAttribute{by, by}}), "InvalidLookupAttributesException"},
		{"too many", look(cloudtrail.LookupEventsInput{MaxResults: sdk.Int32(51)}), "InvalidMaxResultsException"},
		{"from later to earlier", look(cloudtrail.LookupEventsInput{StartTime: &now, EndTime: sdk.Time(now.Add(-time.Hour))}), "InvalidTimeRangeException"},
		{"a page there is not", look(cloudtrail.LookupEventsInput{NextToken: sdk.String("x")}), "InvalidNextTokenException"},
	}
}

// theBoundary is what we ask of a role's boundary, of which moto keeps no document.
func theBoundary() []asked {
	name, put := sdk.String("deploy"), func(arn string) func(context.Context, clients) error {
		return func(x context.Context, c clients) error {
			return err(c.iam.PutRolePermissionsBoundary(x, &iam.PutRolePermissionsBoundaryInput{RoleName: sdk.String("deploy"), PermissionsBoundary: &arn}))
		}
	}
	off := func(x context.Context, c clients) error {
		return err(c.iam.DeleteRolePermissionsBoundary(x, &iam.DeleteRolePermissionsBoundaryInput{RoleName: name}))
	}
	return []asked{
		{"off, of none", off, "NoSuchEntity"},
		{"a boundary there is not", put("arn:aws:iam::111122223333:policy/nobody"), "NoSuchEntity"},
		{"no policy", put("a text that is no ARN"), "InvalidInput"},
		{"a boundary", put(tightARN), ""},
		{"policy", func(x context.Context, c clients) error { return err(c.managed(x, tightARN)) }, ""},
		{"no policy of the name", func(x context.Context, c clients) error {
			return err(c.managed(x, "arn:aws:iam::111122223333:policy/nobody"))
		}, "NoSuchEntity"},
		{"role with it", func(x context.Context, c clients) error {
			return err(c.iam.GetRole(x, &iam.GetRoleInput{RoleName: name}))
		}, ""},
		{"off", off, ""},
	}
}

// atSSM is what we ask of the Parameter Store.
func atSSM() []asked {
	name, none := sdk.String("plain"), sdk.String("nothing")
	put := func(in ssm.PutParameterInput) func(context.Context, clients) error {
		in.Name = name
		return func(x context.Context, c clients) error { return err(c.ssm.PutParameter(x, &in)) }
	}
	get := func(name *string) func(context.Context, clients) error {
		return func(x context.Context, c clients) error {
			return err(c.ssm.GetParameter(x, &ssm.GetParameterInput{Name: name, WithDecryption: sdk.Bool(true)}))
		}
	}
	return []asked{
		{"parameter", func(x context.Context, c clients) error { return err2(c.parameter(x, *name)) }, ""},
		{"no parameter", func(x context.Context, c clients) error { return err2(c.parameter(x, *none)) }, ""},
		{"its value", get(name), ""},
		{"no value", get(none), "ParameterNotFound"},
		{"no version", get(sdk.String("plain:7")), "ParameterVersionNotFound"},
		{"put a parameter", put(ssm.PutParameterInput{Value: sdk.String("new"), Overwrite: sdk.Bool(true), Type: "String", Tier: "Standard", DataType: sdk.String("text")}), ""},
		{"its second version", get(sdk.String("plain:2")), ""},
		{"put it over nothing", put(ssm.PutParameterInput{Value: sdk.String("new"), Type: "String"}), "ParameterAlreadyExists"},
		{"put no value", put(ssm.PutParameterInput{Value: sdk.String(""), Overwrite: sdk.Bool(true)}), "ValidationException"},
		{"put another type", put(ssm.PutParameterInput{Value: sdk.String("new"), Overwrite: sdk.Bool(true), Type: "SecureString"}), "HierarchyTypeMismatchException"},
		{"put what does not match", put(ssm.PutParameterInput{Value: sdk.String("new"), Overwrite: sdk.Bool(true), AllowedPattern: sdk.String("^[0-9]+$")}), "ParameterPatternMismatchException"},
		{"history", func(x context.Context, c clients) error {
			return err(c.ssm.GetParameterHistory(x, &ssm.GetParameterHistoryInput{Name: name}))
		}, ""},
	}
}

func err2[T, U any](_ T, _ U, e error) error { return e }

// Everything the world serves that we may ask, and everything it refuses, passes AWS's
// own models, which the rig holds every exchange against.
func TestTheWorldAnswersAsAWSModels(t *testing.T) {
	models := counterpart.AWS(t)
	r := newRig(t)
	world := subject{accountID, oldID, "firebreak-responder"}
	run := func(c clients, all []asked) {
		for _, q := range all {
			if got := code(q.do(t.Context(), c)); got != q.code {
				t.Errorf("%s: got %q, want %q", q.what, got, q.code)
			}
			r.world.Clock.Advance(propagation.D())
		}
	}
	us := r.with(r.aws.Responder())
	if _, err := r.newSession(); err != nil {
		t.Fatal(err)
	}
	run(us, atIAM(world))
	run(us, elsewhere(world, r.aws.Tokens("deploy")[0]))
	run(us, atSSM())
	run(us, theBoundary())
	trail := inTheTrail(r.world.Clock.Now().Add(-time.Hour))
	run(us, trail)
	for range 2 {
		must(t, trail[0].do(t.Context(), us))
	}
	run(us, []asked{{"a third in one second", trail[0].do, "ThrottlingException"}})

	unknown, wrong := awsworld.Held{ID: "AKIANOBODY0000000001", Secret: "x"}, r.aws.Responder()
	wrong.Secret = "another-canary-secret"
	weak, ok := r.aws.Key("TWIN2")
	if !ok {
		t.Fatal("the seed has no such key")
	}
	for _, c := range []struct {
		as              awsworld.Held
		iam, sts, other string
	}{
		{unknown, "InvalidClientTokenId", "InvalidClientTokenId", "UnrecognizedClientException"},
		{wrong, "SignatureDoesNotMatch", "SignatureDoesNotMatch", "InvalidSignatureException"},
		{weak, "AccessDenied", "", "AccessDeniedException"},
	} {
		x := r.with(c.as)
		run(x, []asked{{"role", atIAM(world)[0].do, c.iam}, {"who", elsewhere(world, "")[0].do, c.sts}, {"describe", elsewhere(world, "")[5].do, c.other}, {"events", trail[0].do, c.other}, {"parameter", atSSM()[0].do, c.other}})
	}
	var ours []string
	for op := range readOperations {
		ours = append(ours, op)
	}
	for _, op := range append(ours, "UpdateAssumeRolePolicy", "PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary", "PutRolePolicy", "PutUserPolicy", "CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey", "secretsmanager.PutSecretValue", "secretsmanager.UpdateSecretVersionStage", "AmazonSSM.PutParameter") {
		name := "iam:" + op
		if op == lookupEvents {
			name = "cloudtrail:LookupEvents"
		} else if s, rest, ok := strings.Cut(op, "."); ok {
			name = strings.Replace(s, "AmazonSSM", "ssm", 1) + ":" + rest
		} else if op == getCallerIdentity {
			name = "sts:" + op
		}
		if !slices.Contains(models.Seen(), name) {
			t.Errorf("%s was not held against the models", name)
		}
	}
	counterpart.Proved(t, "aws", counterpart.AWSModels, "every request the adapter sends and every answer and refusal of the embedded world passes them")
}
