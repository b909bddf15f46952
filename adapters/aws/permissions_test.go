package aws

import (
	"slices"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
	awsworld "github.com/firebreak/firebreak/internal/world/aws"
)

// granted gives what a snapshot says, by "NAME on TARGET".
func granted(s *snapshot.Snapshot) map[string]snapshot.Permission {
	out := map[string]snapshot.Permission{}
	for _, p := range s.Permissions {
		out[p.Name+" on "+p.On] = p
	}
	return out
}

// surveyAs surveys everything with somebody's credentials.
func (r *rig) surveyAs(h awsworld.Held) *snapshot.Snapshot {
	r.t.Helper()
	r.p = New(Config{Accounts: map[string]Account{"prod": {
		ID: accountID, Endpoint: r.world.URL("aws"), Static: &Static{ID: h.ID, Secret: secret.NewString(h.Secret), Session: secret.NewString(h.Session)},
	}}}, r.world.Wire())
	s := &snapshot.Snapshot{}
	if err := r.p.Survey(r.t.Context(), everything(), s); err != nil {
		r.t.Log(err) // what it could not list is a gap
	}
	return s
}

// policy gives a user an inline policy, as its administrators do.
func (r *rig) policy(user, doc string) {
	r.t.Helper()
	if _, err := r.with(r.aws.Responder()).iam.PutUserPolicy(r.t.Context(), &iam.PutUserPolicyInput{UserName: &user, PolicyName: sdk.String("p"), PolicyDocument: &doc}); err != nil {
		r.t.Fatal(err)
	}
	r.world.Clock.Advance(propagation.D())
}

func TestEveryPermissionOfOurActionsIsSurveyed(t *testing.T) {
	r := newRig(t)
	s := r.survey()
	for _, a := range r.p.Actions() {
		for _, name := range a.Spec().Permissions {
			i := slices.IndexFunc(s.Permissions, func(p snapshot.Permission) bool { return p.Name == name })
			if i < 0 {
				t.Errorf("%s needs %s, which is not surveyed", a.Spec().Name, name)
			} else if p := s.Permissions[i]; p.Granted != "yes" || p.Provider != "aws" || p.Why == "" {
				t.Errorf("the responder may do everything, got %+v", p)
			}
		}
	}
}

const reader = `{"Version":"2012-10-17","Statement":[
	{"Effect":"Allow","Action":["iam:Get*","iam:List*","iam:SimulatePrincipalPolicy","secretsmanager:DescribeSecret"],"Resource":"*"},
	{"Effect":"Allow","Action":"iam:CreateAccessKey","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}},
	{"Effect":"Allow","Action":"iam:PutRolePolicy","Resource":"*"},{"Effect":"Deny","Action":"iam:PutRolePolicy","Resource":"*"}]}`

// "no" is what IAM denies for certain, and it does; what depends on circumstances, or on
// the target's own policy, is not known.
func TestOnlyWhatIsDeniedForCertainIsNo(t *testing.T) {
	r := newRig(t)
	r.policy("twins", reader)
	h, _ := r.aws.Key("TWIN2")
	have := granted(r.surveyAs(h))
	var arn string
	for k := range have {
		if _, on, _ := strings.Cut(k, " on "); strings.Contains(on, "secret") {
			arn = on
		}
	}
	for what, want := range map[string]string{
		"iam:GetRole on " + deployARN:                 "yes",
		"iam:UpdateAssumeRolePolicy on " + deployARN:  "no", // nothing allows it
		"iam:PutRolePolicy on " + deployARN:           "no", // a Deny wins
		"iam:ListAccessKeys on deployer":              "yes",
		"iam:UpdateAccessKey on deployer":             "no",
		"iam:CreateAccessKey on deployer":             "unknown", // with MFA
		"secretsmanager:DescribeSecret on " + arn:     "yes",
		"secretsmanager:PutSecretValue on " + arn:     "unknown", // the secret's own policy may allow it
		"iam:SimulatePrincipalPolicy on " + deployARN: "yes",
	} {
		p := have[what]
		if p.Granted != want || p.Why == "" || (p.Granted == "yes") != (p.Link == "") {
			t.Errorf("%s: want %s, got %+v", what, want, p)
		}
		if want != "yes" && !strings.HasSuffix(p.Link, "users/details/twins") {
			t.Errorf("%s: the page that mends it is %q", what, p.Link)
		}
	}
	for name, in := range map[string]adapters.Inputs{denyTrustName: role(), keyDisableName: user()} {
		a := r.actor(name, in)
		if o := a.apply(a.change.Calls[0]); o.State != plan.Refused || o.Permission == "" {
			t.Errorf("%s is called not permitted, and the attempt is %+v", name, o.Outcome)
		}
	}
}

func TestWhatTheSimulatorDoesNotSayIsUnknown(t *testing.T) {
	r := newRig(t)
	r.policy("twins", strings.Replace(reader, `"iam:SimulatePrincipalPolicy",`, "", 1))
	h, _ := r.aws.Key("TWIN2")
	for _, s := range []*snapshot.Snapshot{r.surveyAs(h), r.surveyAs(r.aws.Sessions("deploy")[0])} {
		if len(s.Permissions) == 0 {
			t.Error("nothing is said of any permission")
		}
		for _, p := range s.Permissions {
			if p.Granted != "unknown" || p.Why == "" {
				t.Errorf("want unknown and why, got %+v", p)
			}
		}
	}
}

// A session is simulated as its role.
func TestPermissionsOfASession(t *testing.T) {
	r := newRig(t)
	if _, err := r.with(r.aws.Responder()).iam.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: sdk.String("deploy"), PolicyName: sdk.String("p"), PolicyDocument: sdk.String(reader)}); err != nil {
		t.Fatal(err)
	}
	r.world.Clock.Advance(propagation.D())
	have := granted(r.surveyAs(r.aws.Sessions("deploy")[0]))
	if p := have["iam:UpdateAssumeRolePolicy on "+deployARN]; p.Granted != "no" || !strings.HasSuffix(p.Link, "roles/details/deploy") {
		t.Errorf("got %+v", p)
	}
	if p := have["iam:GetRole on "+deployARN]; p.Granted != "yes" {
		t.Errorf("got %+v", p)
	}
}

// Sessions are revoked where the simulator may not be used, too.
func TestTheSimulatorIsNotNeeded(t *testing.T) {
	if got := (revokeSessions{}).Needs(role()); slices.Contains(got, "iam:SimulatePrincipalPolicy") || len(got) != 3 {
		t.Errorf("got %v", got)
	}
}

// Two accounts may have users of one name, and a plan knows them by name.
func TestWhatDiffersBetweenAccountsIsUnknown(t *testing.T) {
	r := newRig(t)
	r.policy("twins", reader)
	weak, _ := r.aws.Key("TWIN2")
	strong := r.aws.Responder()
	accounts := map[string]Account{}
	for name, h := range map[string]awsworld.Held{"dev": weak, "prod": strong} {
		accounts[name] = Account{ID: accountID, Endpoint: r.world.URL("aws"), Static: &Static{ID: h.ID, Secret: secret.NewString(h.Secret)}}
	}
	s := &snapshot.Snapshot{}
	scope := adapters.Scope{}
	for _, name := range []string{"dev", "prod", "prod"} {
		scope.Issuers = append(scope.Issuers, adapters.Selector{Name: "aws.access_key", With: map[string]string{"account": name, "user": "deployer"}})
	}
	if err := New(Config{Accounts: accounts}, r.world.Wire()).Survey(t.Context(), scope, s); err != nil {
		t.Fatal(err)
	}
	have := granted(s)
	if p := have["iam:UpdateAccessKey on deployer"]; p.Granted != "unknown" {
		t.Errorf("no in one account and yes in another: %+v", p)
	}
	if p := have["iam:ListAccessKeys on deployer"]; p.Granted != "yes" {
		t.Errorf("yes in both: %+v", p)
	}
}
