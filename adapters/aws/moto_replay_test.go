package aws

import (
	"fmt"
	"slices"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/firebreak/firebreak/internal/counterpart"
	"github.com/firebreak/firebreak/internal/tally"
)

// motoDiffers names the requests of the table that moto answers in another way, and
// whose way is AWS's.
var motoDiffers = map[string]string{
	"used by whom":            "AWS's model declares no NoSuchEntity for GetAccessKeyLastUsed: an unknown key is nobody's to ask about",
	"simulate":                noSimulatorThere,
	"simulate nobody":         noSimulatorThere,
	"by token, refused":       unsignedThere,
	"by no token":             unsignedThere,
	"by an old token":         unsignedThere,
	"describe none":           "AWS's model gives ResourceNotFoundException of Secrets Manager no status of its own, which makes it 400; moto says 404",
	"put another type":        "Systems Manager's reference has HierarchyTypeMismatchException for a change of type, which moto makes",
	"put what does not match": "moto evaluates no AllowedPattern",
}

const (
	noSimulatorThere = "moto has no policy simulator; the test answers in its stead that it may not be used"
	unsignedThere    = "moto that checks signatures takes no unsigned request (500), and evaluates neither web identities nor tokens"
)

// said is what an answer comes to: the code of a refusal, or "ok", and its status.
func said(e error) string {
	if e == nil {
		return "ok"
	}
	status := 0
	if resp, _ := answered(e); resp != nil {
		status = resp.StatusCode
	}
	return fmt.Sprintf("%s %d", code(e), status)
}

// The world and moto are asked the same; where they differ AWS's own word counts, and
// the difference is named. One that is not there any more fails.
func TestTheWorldAnswersAsMoto(t *testing.T) {
	m := newMoto(t)
	theirs := subject{account: counterpart.MotoAccount, me: "responder"}
	role, name := sdk.String("deploy"), sdk.String("deployer")
	must(t, err(m.c.iam.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: role, AssumeRolePolicyDocument: sdk.String(open(theirs))})))
	must(t, err(m.c.iam.CreateUser(t.Context(), &iam.CreateUserInput{UserName: name})))
	k, e := m.c.iam.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: name})
	must(t, e)
	theirs.key = *k.AccessKey.AccessKeyId
	must(t, err(m.c.secrets.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: sdk.String("ci/deployer"), SecretString: sdk.String("old"), ClientRequestToken: sdk.String("00000000-0000-5000-8000-000000000000")})))
	must(t, err(m.c.ssm.PutParameter(t.Context(), &ssm.PutParameterInput{Name: sdk.String("plain"), Value: sdk.String("old"), Type: "String"})))

	r := newRig(t)
	ours, us := subject{accountID, oldID, "firebreak-responder"}, r.with(r.aws.Responder())
	token := r.aws.Tokens("deploy")[0]
	here := slices.Concat(atIAM(ours), elsewhere(ours, token), atSSM())
	there := slices.Concat(atIAM(theirs), elsewhere(theirs, token), atSSM())
	differ := 0
	for i := range here {
		a, b := said(here[i].do(t.Context(), us)), said(there[i].do(t.Context(), m.c))
		r.world.Clock.Advance(propagation.D())
		why, named := motoDiffers[here[i].what]
		if named {
			differ++
		}
		if named != (a != b) {
			t.Errorf("%s: the world answers %q, moto %q (named: %s)", here[i].what, a, b, why)
		}
	}
	counterpart.Proved(t, "aws", counterpart.Moto5, "the embedded world answers every request of one table as this server does, named ones aside")
	tally.Note(t, "world/aws beside moto 5.2.1: %d requests, %d differ for named reasons", len(here), differ)
}
