package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// secretForget takes the label AWSPREVIOUS from the version that was current before: a
// rotation's own rollback, or whoever asks for that label, would get the old value. A
// version without labels is deprecated and deleted by AWS in its own time; until then it
// can be read by its id.
type secretForget struct{ p *Provider }

const (
	secretForgetName = "aws.secretsmanager.forget"
	previousStage    = "AWSPREVIOUS"
	forgetPermission = "secretsmanager:UpdateSecretVersionStage"
)

// Spec implements adapters.Action.
func (secretForget) Spec() plan.Spec {
	return plan.Spec{
		Name: secretForgetName, Summary: "Take the label AWSPREVIOUS from the old value of a Secrets Manager secret.",
		Target: "secret", Inputs: []plan.Field{
			{Name: "account", Type: plan.String, Doc: "Account name in firebreak.yaml; may be left out where there is one."},
			{Name: "id", Type: plan.String, Required: true, Doc: "Name or ARN of the secret."},
		},
		Effect: plan.Irreversible, Role: plan.Destroy, Lost: plan.ResendSafe, Proof: plan.P2, Settle: propagation,
		Permissions: []string{"secretsmanager:DescribeSecret", forgetPermission},
		Source:      "Secrets Manager API reference, UpdateSecretVersionStage; user guide, \"Secret versions\": a version without labels is deprecated",
	}
}

// forgetImage is the before-image: which secret it is. Which version has the label is no
// part of it, because our own put moves it.
type forgetImage struct {
	ARN string `json:"arn"`
}

// Plan implements adapters.Action. The put moves the label to what is current now, so
// that is what is predicted.
func (secretForget) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	x, err := findSecret(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	c := plan.Change{
		Target: plan.Target{Provider: "aws", Kind: "secret", ID: x.ARN + "#old", Name: x.ID}, Before: plan.Image(forgetImage{x.ARN}),
		Breaks: "whoever reads the version AWSPREVIOUS of " + x.ID,
	}
	if old := staged(x, previousStage); old != "" {
		c.Calls = []plan.Call{forgetVersion(x.ARN, old)}
	}
	return c, nil
}

func forgetVersion(arn, version string) plan.Call {
	return plan.Call{Key: "forget", Verb: "forget", Object: arn, Args: map[string]string{"version": version}, Before: plan.Image(forgetImage{arn})}
}

// Apply implements adapters.Action. The version is named, so that a label which moved
// meanwhile is not taken.
func (s secretForget) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	a, err := task{t}.account(s.p)
	if err != nil {
		return unreachable(err)
	}
	w, err := a.writer(ctx, "secretsmanager.UpdateSecretVersionStage")
	if err != nil {
		return unreachable(err)
	}
	out, err := w.secrets.UpdateSecretVersionStage(ctx, &secretsmanager.UpdateSecretVersionStageInput{
		SecretId: aws.String(c.Object), VersionStage: aws.String(previousStage), RemoveFromVersionId: aws.String(c.Args["version"]),
	})
	if err != nil {
		return adapters.Result{Outcome: judged(noMetadata, err, forgetPermission+" on "+c.Object, t.Now)}
	}
	o := judged(out.ResultMetadata, nil, "", t.Now)
	if arn := aws.ToString(out.ARN); arn != c.Object {
		o.State, o.Detail = plan.Unknown, "the answer is about another secret"
	}
	return adapters.Result{Outcome: o}
}

// Settle implements adapters.Action: whose call it was makes no difference.
func (s secretForget) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	x, _, err := secretPut(s).read(ctx, t)
	if err != nil {
		return plan.Settlement{Happened: "unknown", Detail: explain(err)}
	}
	if staged(x, previousStage) != c.Args["version"] {
		return plan.Settlement{Happened: "yes"}
	}
	return t.Absent(c, task{t}.settle(), "version "+c.Args["version"]+" is still "+previousStage)
}

// Verify implements adapters.Action.
func (s secretForget) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	x, r, err := secretPut(s).read(ctx, t)
	if err != nil {
		return unread(ctx, "describe secret "+t.Text("id"), err)
	}
	r.Before = plan.Image(forgetImage{x.ARN})
	old := staged(x, previousStage)
	if old == "" {
		r.State, r.Proof, r.Detail = plan.Held, plan.P1, "no version is labelled "+previousStage
		return r
	}
	r.Next, r.Detail = []plan.Call{forgetVersion(x.ARN, old)}, "version "+old+" is "+previousStage
	return r
}
