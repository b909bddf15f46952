package aws

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// denyTrust adds one explicit Deny to a role's trust policy, so that nobody gets
// a new session. Nothing is deleted; sessions that exist keep working until they
// are revoked.
type denyTrust struct{ p *Provider }

const denyTrustName = "aws.role.deny_trust"

// Spec implements adapters.Action.
func (denyTrust) Spec() plan.Spec {
	return plan.Spec{
		Name: denyTrustName, Summary: "Refuse every new session of a role by an explicit Deny in its trust policy.",
		Target: "role", Inputs: roleInputs(),
		Effect: plan.Disruptive, Role: plan.Contain, Lost: plan.ResendSafe, Proof: plan.P2, Settle: propagation,
		Permissions: []string{"iam:GetRole", "iam:UpdateAssumeRolePolicy"},
		Revert:      "manual.task",
		Source:      "IAM API reference, UpdateAssumeRolePolicy; IAM user guide, \"Policy evaluation logic\": an explicit deny wins",
	}
}

func roleInputs() []plan.Field {
	return []plan.Field{
		{Name: "account", Type: plan.String, Doc: "Account name in firebreak.yaml; may be left out where the ARN names a configured account."},
		{Name: "role", Type: plan.String, Required: true, Doc: "ARN of the role."},
	}
}

// trustImage is the before-image: the whole trust policy, sorted.
type trustImage struct {
	Role  string          `json:"role"`
	Trust json.RawMessage `json:"trust"`
}

// Plan implements adapters.Action.
func (denyTrust) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	_, role, err := findRole(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	c := plan.Change{
		Target: roleTarget(role.ARN), Doors: []string{"identity:role:" + role.Name}, Kills: []string{roleKill(role.ARN, role.Name)},
		Breaks: "every job and person who assumes role " + role.Name,
		Inverse: &plan.Inverse{Use: "manual.task", With: map[string]plan.Value{"instructions": {Literal: "Give role " + role.ARN +
			" a trust policy that is bound to repository id, environment and workflow file, and leave out the statement whose Sid begins with " + denySid +
			". The policy it had before the incident must not come back."}}},
	}
	call, image, err := denyCall(role, time.Time{})
	if err != nil {
		return plan.Change{}, err
	}
	c.Before = image
	if call != nil {
		c.Calls = []plan.Call{*call}
	}
	return c, nil
}

// denyCall gives the call that shuts the role's trust; nil when it is shut.
func denyCall(role snapshot.Role, at time.Time) (*plan.Call, json.RawMessage, error) {
	doc, err := canonical(role.Trust)
	if err != nil {
		return nil, nil, err
	}
	image := plan.Image(trustImage{role.ARN, doc})
	t, err := parseTrust(doc)
	if err != nil {
		return nil, image, err
	}
	shut, _, err := t.denied()
	if err != nil || shut {
		return nil, image, err
	}
	next, err := t.shut(at)
	if err != nil {
		return nil, image, err
	}
	return &plan.Call{Key: "deny-trust", Verb: "deny-trust", Object: role.ARN, Args: map[string]string{"document": string(next)}, Before: image}, image, nil
}

// Apply implements adapters.Action.
func (d denyTrust) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	a, err := task{t}.account(d.p)
	if err != nil {
		return unreachable(err)
	}
	w, err := a.writer(ctx, "UpdateAssumeRolePolicy")
	if err != nil {
		return unreachable(err)
	}
	out, err := w.iam.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{
		RoleName: aws.String(roleName(c.Object)), PolicyDocument: aws.String(c.Args["document"]),
	})
	if err != nil {
		return adapters.Result{Outcome: judged(noMetadata, err, "iam:UpdateAssumeRolePolicy on "+c.Object, t.Now)}
	}
	return adapters.Result{Outcome: judged(out.ResultMetadata, nil, "", t.Now)}
}

// Settle implements adapters.Action. Whose Deny it is does not matter: the wished
// state is the same, and sending it again does no harm.
func (d denyTrust) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	r := d.Verify(ctx, t)
	switch r.State {
	case plan.Held:
		return plan.Settlement{Happened: "yes"}
	case plan.Broken:
		return t.Absent(c, task{t}.settle(), "the trust policy does not have the Deny")
	}
	return plan.Settlement{Happened: "unknown", Detail: r.Detail}
}

// Verify implements adapters.Action.
func (d denyTrust) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	arn := t.Text("role")
	a, err := task{t}.account(d.p)
	if err != nil {
		return unread(ctx, "choose the account", err)
	}
	c, err := a.reader(ctx)
	if err != nil {
		return unread(ctx, "reach the account", err)
	}
	role, at, err := c.role(ctx, arn)
	if err != nil {
		return unread(ctx, "read role "+arn, err)
	}
	call, image, err := denyCall(role, at)
	if err != nil {
		return unread(ctx, "judge role "+arn, err)
	}
	r := plan.Reading{State: plan.Held, Proof: plan.P1, Before: image, Server: at}
	if call != nil {
		r.State, r.Proof, r.Next = plan.Broken, "", []plan.Call{*call}
		r.Detail = fmt.Sprintf("the trust policy of %s lets new sessions in", arn)
	}
	return r
}

func roleTarget(arn string) plan.Target {
	return plan.Target{Provider: "aws", Kind: "role", ID: arn, Name: roleName(arn)}
}

// findRole gives the surveyed role that the inputs name.
func findRole(in adapters.Inputs, s *snapshot.Snapshot) (snapshot.Account, snapshot.Role, error) {
	arn := in.Text("role")
	for _, acc := range s.AWS {
		if name := in.Text("account"); name != "" && name != acc.Name {
			continue
		}
		for _, r := range acc.Roles {
			if r.ARN == arn {
				return acc, r, nil
			}
		}
	}
	return snapshot.Account{}, snapshot.Role{}, &adapters.Missing{What: "role " + arn, Scope: adapters.Scope{Identities: map[string]string{arn: "aws.role"}}}
}
