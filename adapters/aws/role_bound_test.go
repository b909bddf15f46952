package aws

import (
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/firebreak/firebreak/internal/plan"
	awsworld "github.com/firebreak/firebreak/internal/world/aws"
)

const (
	tightARN  = "arn:aws:iam::111122223333:policy/quarantine"
	domainARN = "arn:aws:iam::111122223333:policy/packages"
	wideARN   = "arn:aws:iam::111122223333:policy/everything"
)

// policies are a boundary that keeps a role from changing itself, one that does not, and
// one that makes tokens of one domain.
var policies = map[string]string{
	tightARN:  `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","secretsmanager:*"],"Resource":"*"}]}`,
	domainARN: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"codeartifact:GetAuthorizationToken","Resource":"arn:aws:codeartifact:eu-west-1:111122223333:domain/acme"}]}`,
	wideARN:   `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`,
}

func within(boundary string) map[string]plan.Value {
	return literals("account", "prod", "role", roleARN("wide"), "boundary", boundary)
}

func unbounded(boundary, earlier string) map[string]plan.Value {
	in := within(boundary)
	in["earlier"] = plan.Value{Literal: earlier}
	return in
}

// undo takes the role's denial off, as a thief would.
func (r *rig) undo(as awsworld.Held) error {
	_, err := r.with(as).iam.DeleteRolePolicy(r.t.Context(), &iam.DeleteRolePolicyInput{RoleName: sdk.String("wide"), PolicyName: sdk.String(revokePolicy)})
	return err
}

func TestARoleCannotTakeItsBoundaryOff(t *testing.T) {
	r := newRig(t)
	thief := r.aws.Sessions("wide")[0]
	if err := r.undo(thief); code(err) != "NoSuchEntity" {
		t.Fatal("it should be allowed, and nothing be there yet:", err)
	}
	b := r.actor(boundName, within(tightARN))
	if u := b.change.Inverse; u == nil || u.Use != unboundName || u.With["earlier"].Literal != noBoundary || u.With["boundary"].Literal != tightARN {
		t.Errorf("the way back: %+v", u)
	}
	b.hold()
	if err := r.undo(thief); code(err) != "AccessDenied" || !strings.Contains(err.Error(), "permissions boundary") {
		t.Error("want a refusal by the boundary, got", err)
	}
	if _, err := r.with(thief).iam.DeleteRolePermissionsBoundary(t.Context(), &iam.DeleteRolePermissionsBoundaryInput{RoleName: sdk.String("wide")}); code(err) != "AccessDenied" {
		t.Error("want a refusal by the boundary, got", err)
	}
	if c, err := (roleBound{r.p}).Plan(within(tightARN), r.survey()); err != nil || len(c.Calls) != 0 || c.Inverse != nil {
		t.Errorf("there is nothing to do any more: %+v %v", c, err)
	}

	u := r.actor(unboundName, unbounded(tightARN, noBoundary))
	u.hold()
	if err := r.undo(thief); code(err) != "NoSuchEntity" {
		t.Error("the role should be as before:", err)
	}
}

// A boundary that lets the role change itself is none, whoever chose it.
func TestALooseBoundaryDoesNotHold(t *testing.T) {
	r := newRig(t)
	b := r.actor(boundName, within(wideARN))
	b.apply(b.only(b.want(plan.Broken)))
	r.world.Clock.Advance(propagation.D())
	if got := b.want(plan.Broken); len(got.Next) != 0 || !strings.Contains(got.Detail, "iam:DeleteRolePermissionsBoundary") || !strings.Contains(got.Detail, "iam:PutRolePolicy") {
		t.Errorf("%+v", got)
	}
	// The next one is put in its place, and the way back is to the loose one.
	tight := r.actor(boundName, within(tightARN))
	tight.hold()
	if tight.change.Inverse.With["earlier"].Literal != wideARN {
		t.Errorf("%+v", tight.change.Inverse)
	}
	r.actor(unboundName, unbounded(tightARN, wideARN)).hold()
	if got := r.surveyed(roleARN("wide")).Boundary; got != wideARN {
		t.Errorf("it had %s, and has %q", wideARN, got)
	}
	// What somebody put meanwhile stays.
	if got := r.actor(unboundName, unbounded(tightARN, noBoundary)).want(plan.Held); len(got.Next) != 0 || len(got.Found) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestABoundaryIsAPolicy(t *testing.T) {
	r := newRig(t)
	for _, bad := range []string{"quarantine", deployARN, ""} {
		if _, err := (roleBound{r.p}).Plan(within(bad), r.survey()); err == nil || !strings.Contains(err.Error(), "arn:aws:iam::") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	b := r.actor(boundName, within("arn:aws:iam::111122223333:policy/nobody"))
	if o := b.apply(b.only(b.want(plan.Broken))); o.State != plan.Refused || !strings.Contains(o.Detail, "NoSuchEntity") {
		t.Errorf("%+v", o.Outcome)
	}
}
