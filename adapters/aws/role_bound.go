package aws

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// roleBound puts a permissions boundary on a role that may change itself, so that it
// cannot take its denial off. The boundary is a managed policy that the responders keep;
// what it does not allow the role may not do, whatever its own policies say.
type roleBound struct{ p *Provider }

const (
	boundName = "aws.role.bound"
	// noBoundary stands for none where one is named.
	noBoundary = "none"
)

// unbinds are the calls by which a role takes its boundary off.
var unbinds = []string{"iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary"}

// Spec implements adapters.Action.
func (roleBound) Spec() plan.Spec {
	return plan.Spec{
		Name: boundName, Summary: "Put a permissions boundary of the responders on a role, so that it cannot take its denial off.",
		Target: "role", Inputs: append(roleInputs(), boundaryInput()),
		Effect: plan.Disruptive, Role: plan.Contain, Lost: plan.ResendSafe, Proof: plan.P2, Settle: propagation,
		Permissions: []string{"iam:GetRole", "iam:PutRolePermissionsBoundary", "iam:SimulatePrincipalPolicy"},
		Revert:      unboundName,
		Source:      "IAM API reference, PutRolePermissionsBoundary; IAM user guide, \"Permissions boundaries for IAM entities\"",
	}
}

func boundaryInput() plan.Field {
	return plan.Field{Name: "boundary", Type: plan.String, Required: true, Doc: "ARN of the managed policy that is the boundary. It should allow nothing of iam:* and sts:*; keep it where no pipeline can change it."}
}

// Needs implements adapters.Needing: see revokeSessions.
func (b roleBound) Needs(adapters.Inputs) []string {
	return slices.DeleteFunc(b.Spec().Permissions, func(p string) bool { return p == "iam:SimulatePrincipalPolicy" })
}

// boundImage is the before-image: the boundary there is.
type boundImage struct {
	Role     string `json:"role"`
	Boundary string `json:"boundary"` // ARN, or "none"
}

func boundOf(r snapshot.Role) string {
	if r.Boundary == "" {
		return noBoundary
	}
	return r.Boundary
}

// policyARN checks that an input names a managed policy.
func policyARN(arn string) error {
	if !strings.HasPrefix(arn, "arn:") || !strings.Contains(arn, ":iam::") || !strings.Contains(arn, ":policy/") {
		return fmt.Errorf("%q is no ARN of a managed policy; write it like arn:aws:iam::111122223333:policy/quarantine", arn)
	}
	return nil
}

// Plan implements adapters.Action.
func (roleBound) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	acc, role, err := findRole(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	want := in.Text("boundary")
	if err := policyARN(want); err != nil {
		return plan.Change{}, err
	}
	c := plan.Change{
		Target: roleTarget(role.ARN), Before: plan.Image(boundImage{role.ARN, boundOf(role)}), Doors: []string{"identity:role:" + role.Name},
		Breaks: "whatever role " + role.Name + " does that " + roleName(want) + " does not allow",
	}
	if role.Boundary == want {
		return c, nil
	}
	c.Calls = []plan.Call{boundCall(role.ARN, boundOf(role), want)}
	c.Inverse = &plan.Inverse{Use: unboundName, With: map[string]plan.Value{
		"role": {Literal: role.ARN}, "boundary": {Literal: want}, "earlier": {Literal: boundOf(role)},
	}}
	if acc.Name != "" {
		c.Inverse.With["account"] = plan.Value{Literal: acc.Name}
	}
	return c, nil
}

func boundCall(role, before, want string) plan.Call {
	return plan.Call{Key: "bound", Verb: "bound", Object: role, Args: map[string]string{"boundary": want}, Before: plan.Image(boundImage{role, before})}
}

// Apply implements adapters.Action.
func (b roleBound) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	return b.p.putBoundary(ctx, t, c)
}

func (p *Provider) putBoundary(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	a, err := task{t}.account(p)
	if err != nil {
		return unreachable(err)
	}
	w, err := a.writer(ctx, "PutRolePermissionsBoundary")
	if err != nil {
		return unreachable(err)
	}
	out, err := w.iam.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{
		RoleName: aws.String(roleName(c.Object)), PermissionsBoundary: aws.String(c.Args["boundary"]),
	})
	if err != nil {
		return adapters.Result{Outcome: judged(noMetadata, err, "iam:PutRolePermissionsBoundary on "+c.Object, t.Now)}
	}
	return adapters.Result{Outcome: judged(out.ResultMetadata, nil, "", t.Now)}
}

// Settle implements adapters.Action. Who put it does not matter.
func (b roleBound) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	_, role, r := b.p.bounded(ctx, t)
	switch {
	case r.State == plan.Unknown:
		return plan.Settlement{Happened: "unknown", Detail: r.Detail}
	case role.Boundary == c.Args["boundary"]:
		return plan.Settlement{Happened: "yes"}
	}
	return t.Absent(c, task{t}.settle(), "the role has not the boundary")
}

// bounded reads the role's boundary; the reading is unknown where that fails.
func (p *Provider) bounded(ctx context.Context, t adapters.Task) (clients, snapshot.Role, plan.Reading) {
	arn := t.Text("role")
	a, err := task{t}.account(p)
	if err != nil {
		return clients{}, snapshot.Role{}, unread(ctx, "choose the account", err)
	}
	c, err := a.reader(ctx)
	if err != nil {
		return clients{}, snapshot.Role{}, unread(ctx, "reach the account", err)
	}
	role, at, err := c.role(ctx, arn)
	if err != nil {
		return c, role, unread(ctx, "read role "+arn, err)
	}
	return c, role, plan.Reading{State: plan.Held, Proof: plan.P1, Before: plan.Image(boundImage{arn, boundOf(role)}), Server: at}
}

// Verify implements adapters.Action. A boundary under which the role can still change
// itself is none.
func (b roleBound) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	arn, want := t.Text("role"), t.Text("boundary")
	c, role, r := b.p.bounded(ctx, t)
	switch {
	case r.State == plan.Unknown:
		return r
	case role.Boundary != want:
		r.State, r.Proof, r.Next = plan.Broken, "", []plan.Call{boundCall(arn, boundOf(role), want)}
		r.Detail = fmt.Sprintf("the boundary of %s is %s", arn, boundOf(role))
		return r
	}
	can, err := c.callable(ctx, arn, slices.Concat(undoes, unbinds), arn)
	switch {
	case code(err) == "AccessDenied":
		r.Detail = "iam:SimulatePrincipalPolicy is not permitted, so that it is read back and not probed whether the role can still change itself"
	case err != nil:
		return unread(ctx, "simulate role "+arn, err)
	case len(can) > 0:
		r.State, r.Proof, r.Wait = plan.Broken, "", task{t}.settle()
		r.Detail = fmt.Sprintf("under the boundary %s the role may still call %s on itself; take these out of it", want, strings.Join(can, ", "))
	}
	return r
}

var _ adapters.Needing = roleBound{}
