package aws

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// roleUnbound gives a role back the permissions boundary it had, or takes ours off where
// it had none. One that somebody put meanwhile is left alone.
type roleUnbound struct{ p *Provider }

const unboundName = "aws.role.unbound"

// Spec implements adapters.Action.
func (roleUnbound) Spec() plan.Spec {
	return plan.Spec{
		Name: unboundName, Summary: "Give a role back the permissions boundary it had before.",
		Target: "role", Inputs: append(roleInputs(), boundaryInput(),
			plan.Field{Name: "earlier", Type: plan.String, Required: true, Doc: "ARN of the boundary it had before, or none."}),
		Effect: plan.Disruptive, Role: plan.Lift, Lost: plan.ResendSafe, Proof: plan.P1, Settle: propagation,
		Permissions: []string{"iam:GetRole", "iam:PutRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary"},
		Revert:      boundName,
		Source:      "IAM API reference, PutRolePermissionsBoundary, DeleteRolePermissionsBoundary",
	}
}

// Plan implements adapters.Action.
func (roleUnbound) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	_, role, err := findRole(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	earlier := in.Text("earlier")
	if earlier != noBoundary {
		if err := policyARN(earlier); err != nil {
			return plan.Change{}, err
		}
	}
	c := plan.Change{
		Target: roleTarget(role.ARN), Before: plan.Image(boundImage{role.ARN, boundOf(role)}), Doors: []string{"identity:role:" + role.Name},
		Breaks: "nothing: role " + role.Name + " may do again what it could",
	}
	if boundOf(role) == in.Text("boundary") && boundOf(role) != earlier {
		c.Calls = []plan.Call{unboundCall(role.ARN, boundOf(role), earlier)}
	}
	return c, nil
}

func unboundCall(role, before, earlier string) plan.Call {
	c := boundCall(role, before, earlier)
	c.Key, c.Verb = "unbound", "unbound"
	return c
}

// Apply implements adapters.Action.
func (u roleUnbound) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	if c.Args["boundary"] != noBoundary {
		return u.p.putBoundary(ctx, t, c)
	}
	a, err := task{t}.account(u.p)
	if err != nil {
		return unreachable(err)
	}
	w, err := a.writer(ctx, "DeleteRolePermissionsBoundary")
	if err != nil {
		return unreachable(err)
	}
	out, err := w.iam.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: aws.String(roleName(c.Object))})
	if code(err) == "NoSuchEntity" { // the role is gone, or its boundary is, which is what was asked for
		if _, _, r := u.p.bounded(ctx, t); r.State == plan.Held {
			return adapters.Result{Outcome: plan.Outcome{State: plan.Done, Detail: "it had no boundary any more"}}
		}
	}
	if err != nil {
		return adapters.Result{Outcome: judged(noMetadata, err, "iam:DeleteRolePermissionsBoundary on "+c.Object, t.Now)}
	}
	return adapters.Result{Outcome: judged(out.ResultMetadata, nil, "", t.Now)}
}

// Settle implements adapters.Action.
func (u roleUnbound) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	_, role, r := u.p.bounded(ctx, t)
	switch {
	case r.State == plan.Unknown:
		return plan.Settlement{Happened: "unknown", Detail: r.Detail}
	case boundOf(role) == c.Args["boundary"]:
		return plan.Settlement{Happened: "yes"}
	}
	return t.Absent(c, task{t}.settle(), "the role has another boundary")
}

// Verify implements adapters.Action.
func (u roleUnbound) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	arn, earlier := t.Text("role"), t.Text("earlier")
	_, role, r := u.p.bounded(ctx, t)
	switch has := boundOf(role); {
	case r.State == plan.Unknown || has == earlier:
	case has == t.Text("boundary"):
		r.State, r.Proof, r.Next = plan.Broken, "", []plan.Call{unboundCall(arn, has, earlier)}
		r.Detail = fmt.Sprintf("the boundary of %s is still %s", arn, has)
	default:
		r.Detail = fmt.Sprintf("somebody gave %s the boundary %s meanwhile, which is left alone", arn, has)
		r.Found = []plan.Found{{Kind: "aws.permissions_boundary", Target: arn, Why: r.Detail}}
	}
	return r
}
