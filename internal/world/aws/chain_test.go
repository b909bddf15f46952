package aws_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/firebreak/firebreak/internal/world"
	"github.com/firebreak/firebreak/internal/world/aws"
	"github.com/firebreak/firebreak/internal/world/worldtest"
)

const (
	here    = "arn:aws:iam::111122223333:role/"
	foreign = "arn:aws:iam::999988887777:role/partner"
	late    = 5 * time.Minute
)

func lets(arn string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + arn + `"},"Action":"sts:AssumeRole"}]}`
}

var several = aws.Seed{
	Foreign: []string{foreign},
	Roles: []aws.SeedRole{
		{Name: "deploy", Repository: "acme/shop", Sessions: 1, Tokens: 1},
		{Name: "release", Trust: lets(here + "deploy"), Allows: []string{"sts:AssumeRole"}, From: "deploy", Sessions: 1},
		{Name: "whole", Trust: lets("arn:aws:iam::111122223333:root")},
		{Name: "zone", Trust: lets(here + "release")},
	},
}

func startSeveral(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t}
	r.World = worldtest.New(t, world.Options{Delays: map[string]time.Duration{"iam": lag, "cloudtrail": late}}, func(c world.Core) world.Provider {
		s, err := aws.New(c, several)
		if err != nil {
			t.Fatal(err)
		}
		r.aws = s
		return s
	})
	return r
}

func (r *rig) assume(h aws.Held, arn, region string) (aws.Held, error) {
	cfg := r.config(h)
	cfg.Region = region
	out, err := sts.NewFromConfig(cfg).AssumeRole(r.t.Context(), &sts.AssumeRoleInput{RoleArn: &arn, RoleSessionName: sdk.String("next")})
	if err != nil {
		return aws.Held{}, err
	}
	return aws.Held{ID: *out.Credentials.AccessKeyId, Secret: *out.Credentials.SecretAccessKey, Session: *out.Credentials.SessionToken}, nil
}

func (r *rig) trail(region string, in *cloudtrail.LookupEventsInput) (*cloudtrail.LookupEventsOutput, error) {
	r.Clock.Advance(time.Second)
	cfg := r.config(r.aws.Responder())
	cfg.Region = region
	in.LookupAttributes = []types.LookupAttribute{{AttributeKey: types.LookupAttributeKeyEventName, AttributeValue: sdk.String("AssumeRole")}}
	return cloudtrail.NewFromConfig(cfg).LookupEvents(r.t.Context(), in)
}

// Who is named needs no permission; who is only of the account does. Refusals are told
// of too, each in the region that was asked, and late.
func TestChainsAreInTheTrail(t *testing.T) {
	r := startSeveral(t)
	stolen := r.aws.Sessions("deploy")[0]
	next, err := r.assume(stolen, here+"release", "eu-west-1")
	r.want("", err)
	for _, c := range []struct {
		as        aws.Held
		arn, want string
	}{
		{stolen, here + "whole", "AccessDenied"}, {stolen, here + "zone", "AccessDenied"}, {stolen, foreign, "AccessDenied"},
		{next, here + "whole", ""}, {next, here + "zone", ""}, {next, here + "deploy", "AccessDenied"}, {next, here + "nobody", "AccessDenied"}, {next, foreign, ""},
	} {
		_, err := r.assume(c.as, c.arn, "eu-west-1")
		r.want(c.want, err)
	}
	out, err := r.trail("eu-west-1", &cloudtrail.LookupEventsInput{})
	r.want("", err)
	if len(out.Events) != 0 {
		t.Errorf("an event was there at once: %+v", out.Events)
	}
	r.Reopen(t)
	r.Clock.Advance(late)
	out, err = r.trail("eu-west-1", &cloudtrail.LookupEventsInput{})
	r.want("", err)
	if n := len(out.Events); n < 8 || *out.Events[0].Resources[0].ResourceName != foreign || !strings.Contains(*out.Events[n-1].CloudTrailEvent, `"arn":"`+here+`deploy"`) {
		t.Errorf("%+v", out.Events)
	}
	out, err = r.trail("us-east-1", &cloudtrail.LookupEventsInput{})
	r.want("", err)
	if len(out.Events) != 1 || *out.Events[0].Username != "stolen" {
		t.Errorf("that of the seed is wanted: %+v", out.Events)
	}
}

func TestTheTrailHasLimits(t *testing.T) {
	r := startSeveral(t)
	stolen := r.aws.Sessions("deploy")[0]
	for range 60 {
		r.Clock.Advance(time.Second)
		_, err := r.assume(stolen, here+"release", "us-east-1")
		r.want("", err)
	}
	r.Clock.Advance(late)
	out, err := r.trail("us-east-1", &cloudtrail.LookupEventsInput{})
	r.want("", err)
	if len(out.Events) != 50 || out.NextToken == nil || out.Events[0].EventTime.Before(*out.Events[49].EventTime) {
		t.Fatalf("fifty, newest first, and a token are wanted: %d", len(out.Events))
	}
	rest, err := r.trail("us-east-1", &cloudtrail.LookupEventsInput{NextToken: out.NextToken})
	r.want("", err)
	if len(rest.Events) != 11 || rest.NextToken != nil {
		t.Errorf("eleven are left, not %d", len(rest.Events))
	}
	since := r.Clock.Now().Add(-late - 10*time.Second)
	out, err = r.trail("us-east-1", &cloudtrail.LookupEventsInput{StartTime: &since})
	r.want("", err)
	if n := len(out.Events); n < 5 || n > 15 {
		t.Errorf("%d of the last ten seconds", n)
	}
	early := since.Add(-time.Hour)
	for want, in := range map[string]*cloudtrail.LookupEventsInput{
		"InvalidTimeRangeException": {StartTime: &since, EndTime: &early}, "InvalidMaxResultsException": {MaxResults: sdk.Int32(51)}, "InvalidNextTokenException": {NextToken: sdk.String("x")},
	} {
		_, err = r.trail("us-east-1", in)
		r.want(want, err)
	}
	cfg := r.config(r.aws.Responder())
	for i, want := range []string{"", "", "ThrottlingException"} {
		if i == 0 {
			r.Clock.Advance(time.Second)
		}
		_, err = cloudtrail.NewFromConfig(cfg).LookupEvents(t.Context(), &cloudtrail.LookupEventsInput{})
		r.want(want, err)
	}
}

// What the attacker came by through a role is dead when its sessions are denied and the
// role he had before lets nobody in and is denied too.
func TestAChainedRoleDies(t *testing.T) {
	const everything = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`
	r := startSeveral(t)
	put := func(role string) {
		_, err := r.iam().PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: &role, PolicyName: sdk.String("x"), PolicyDocument: sdk.String(everything)})
		r.want("", err)
		r.Clock.Advance(lag)
	}
	deny := `,{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Condition":{"ArnEquals":{"aws:PrincipalArn":["` + here + `deploy"]}}}]}`
	_, err := r.iam().UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: sdk.String("release"), PolicyDocument: sdk.String(strings.TrimSuffix(lets(here+"deploy"), "]}") + deny)})
	r.want("", err)
	r.Clock.Advance(lag)
	if _, err := r.assume(r.aws.Sessions("deploy")[0], here+"release", "us-east-1"); code(err) != "AccessDenied" {
		t.Error("the denial of the trust does not count:", err)
	}
	if !r.Core().Alive("role:release") {
		t.Error("its session is not denied yet")
	}
	put("release")
	if r.Core().Alive("role:release") || !r.Core().Alive("role:deploy") {
		t.Error("the one is dead now, the other is not")
	}
}

func TestRolesAreListed(t *testing.T) {
	r := startSeveral(t)
	var names []string
	pages := 0
	for p := iam.NewListRolesPaginator(r.iam(), &iam.ListRolesInput{MaxItems: sdk.Int32(3)}); p.HasMorePages(); pages++ {
		page, err := p.NextPage(t.Context())
		r.want("", err)
		if err != nil {
			return
		}
		for _, x := range page.Roles {
			names = append(names, *x.RoleName)
		}
	}
	if got := strings.Join(names, " ") + " in " + strconv.Itoa(pages); got != "deploy release whole zone in 2" {
		t.Error(got)
	}
}
