package aws

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/firebreak/firebreak/internal/plan"
)

// simulate asks what a session of the role that was issued at a moment may do.
// GetCallerIdentity cannot tell: it succeeds even under an explicit deny.
func (c clients) simulate(ctx context.Context, arn string, issued time.Time) (types.PolicyEvaluationDecisionType, error) {
	out, err := c.iam.SimulatePrincipalPolicy(ctx, &iam.SimulatePrincipalPolicyInput{
		PolicySourceArn: aws.String(arn), ActionNames: []string{"sts:AssumeRole"},
		ContextEntries: []types.ContextEntry{{
			ContextKeyName: aws.String("aws:TokenIssueTime"), ContextKeyType: types.ContextKeyTypeEnumDate, ContextKeyValues: []string{text(issued)},
		}},
	})
	if err != nil {
		return "", err
	}
	if len(out.EvaluationResults) != 1 {
		return "", fmt.Errorf("the simulator gave %d results for one action", len(out.EvaluationResults))
	}
	return out.EvaluationResults[0].EvalDecision, nil
}

// probed raises a reading that holds to P3 where the simulator denies a role's or a
// user's session from before T. Where it may not be asked the reading stays as it is.
func (c clients) probed(ctx context.Context, r plan.Reading, arn string, until time.Time) plan.Reading {
	decision, err := c.simulate(ctx, arn, until.Add(-time.Second))
	switch {
	case code(err) == "AccessDenied":
		r.Detail = "iam:SimulatePrincipalPolicy is not permitted, so the denial is read back but not probed"
	case err != nil:
		return unread(ctx, "simulate a session from before "+text(until), err)
	case decision == types.PolicyEvaluationDecisionTypeExplicitDeny:
		r.Proof = plan.P3
	default:
		r.State, r.Proof = plan.Unknown, ""
		r.Detail = fmt.Sprintf("the simulator answers %q for a session from before %s although the policy stands; look at %s", decision, text(until), arn)
	}
	return r
}

// revocation is the policy document for T.
func revocation(until string) json.RawMessage {
	return mustJSON(map[string]any{
		"Version": "2012-10-17",
		"Statement": []any{map[string]any{
			"Effect": "Deny", "Action": []string{"*"}, "Resource": []string{"*"},
			"Condition": map[string]any{"DateLessThan": map[string]any{"aws:TokenIssueTime": until}},
		}},
	})
}

// revokedUntil gives T of our policy; zero when the document is anything else.
func revokedUntil(doc json.RawMessage) time.Time {
	var p struct {
		Statement []struct {
			Condition map[string]map[string]words
		}
	}
	if len(doc) == 0 || json.Unmarshal(doc, &p) != nil || len(p.Statement) != 1 {
		return time.Time{}
	}
	at := p.Statement[0].Condition["DateLessThan"]["aws:TokenIssueTime"]
	if len(at) != 1 || !sameJSON(doc, revocation(at[0])) {
		return time.Time{}
	}
	until, err := time.Parse(time.RFC3339, at[0])
	if err != nil {
		return time.Time{}
	}
	return until
}

func text(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
