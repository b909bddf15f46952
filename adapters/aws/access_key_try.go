package aws

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// keyTest is aws.access_key.test: it signs GetCallerIdentity with the new key.
// (A file may not end in _test.go.)
type keyTest struct{ p *Provider }

const (
	keyTestName = "aws.access_key.test"
	// retryTest is how soon a key that IAM does not know yet is tried again.
	retryTest = plan.Duration(3 * time.Second)
)

// Spec implements adapters.Action.
func (keyTest) Spec() plan.Spec {
	return plan.Spec{
		Name: keyTestName, Summary: "Show that the new access key authenticates as the user.",
		Target: "access_key", Inputs: keyInputs(
			plan.Field{Name: "id", Type: plan.String, Required: true, Doc: "Access key id of the new key."},
			plan.Field{Name: "value", Type: plan.Secret, Required: true, Doc: "Its secret access key."},
		),
		Effect: plan.Read, Role: plan.Test, Lost: plan.ResendSafe, Proof: plan.P3, Settle: propagation,
		Permissions: nil, // GetCallerIdentity needs none
		Source:      "STS API reference, GetCallerIdentity",
	}
}

// Plan implements adapters.Action. There is never a call: the probe is a reading.
func (keyTest) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	_, u, err := findUser(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	return plan.Change{Target: plan.Target{Provider: "aws", Kind: "user", ID: u.ARN, Name: u.Name}}, nil
}

// Apply implements adapters.Action.
func (keyTest) Apply(context.Context, adapters.Task, plan.Call) adapters.Result {
	return readOnlyAction(keyTestName)
}

// Settle implements adapters.Action.
func (keyTest) Settle(context.Context, adapters.Task, plan.Call) plan.Settlement {
	return plan.Settlement{Happened: "no", Detail: keyTestName + " sends nothing that changes anything"}
}

// Verify implements adapters.Action. Right after it was made a key is refused with
// InvalidClientTokenId until IAM has spread it: that is waiting, not failing.
func (k keyTest) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	id, value := t.Text("id"), t.Secrets["value"]
	if id == "" || value.Empty() {
		return plan.Reading{State: plan.Unknown, Detail: "the new key cannot be tested: its id or its sealed secret is not at hand"}
	}
	a, err := task{t}.account(k.p)
	if err != nil {
		return unread(ctx, "choose the account", err)
	}
	c, err := a.as(ctx, id, value)
	if err != nil {
		return unread(ctx, "use the new key", err)
	}
	out, err := c.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	switch {
	case code(err) == "InvalidClientTokenId":
		return plan.Reading{State: plan.Broken, Wait: retryTest, Detail: "IAM does not accept " + id + " yet"}
	case code(err) == "SignatureDoesNotMatch":
		return plan.Reading{State: plan.Broken, Final: true, Detail: "the sealed secret is not the one of " + id + "; try the mint again"}
	case err != nil:
		return unread(ctx, "use the new key "+id, err)
	}
	r := plan.Reading{State: plan.Held, Proof: plan.P3, Server: serverTime(out.ResultMetadata)}
	if arn := aws.ToString(out.Arn); roleName(arn) != t.Text("user") || a.ID != "" && accountOf(arn) != a.ID {
		r.State, r.Proof, r.Final = plan.Broken, "", true
		r.Detail = "the new key " + id + " is of " + arn + ", not of user " + t.Text("user")
	}
	return r
}
