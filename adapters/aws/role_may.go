package aws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// A token of these outlives the session that made it, by half a day at most.
// Source: CodeArtifact API reference, GetAuthorizationToken (900 to 43200 seconds); ECR API
// reference, GetAuthorizationToken: "valid for 12 hours".
const (
	codeArtifactToken = "codeartifact:GetAuthorizationToken"
	ecrToken          = "ecr:GetAuthorizationToken"
	tokenLife         = 12 * time.Hour
)

// mayGap begins the gap that says it is not known what a role may do beyond its sessions.
const mayGap = "what may go on without a session of role "

// undoes are the calls by which a role takes off what it was cut off with.
var undoes = []string{"iam:DeleteRolePolicy", "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"}

// mayCall asks IAM's simulator by which calls a role makes what outlives a session, or
// takes its denial off.
func (c clients) mayCall(ctx context.Context, arn string) ([]string, error) {
	tokens, err := c.callable(ctx, arn, []string{codeArtifactToken, ecrToken}, "*")
	if err != nil {
		return nil, err
	}
	undo, err := c.callable(ctx, arn, undoes, arn)
	return slices.Concat(tokens, undo), err
}

// callable gives those of the calls that a role may make, sorted. The simulator is asked
// about a session of a time to come, which no revocation denies.
func (c clients) callable(ctx context.Context, arn string, calls []string, on string) ([]string, error) {
	var out []string
	in := &iam.SimulatePrincipalPolicyInput{
		PolicySourceArn: &arn, ActionNames: calls, ResourceArns: []string{on},
		ContextEntries: []types.ContextEntry{{
			ContextKeyName: aws.String("aws:TokenIssueTime"), ContextKeyType: types.ContextKeyTypeEnumDate, ContextKeyValues: []string{"2999-01-01T00:00:00Z"},
		}},
	}
	for p := iam.NewSimulatePrincipalPolicyPaginator(c.iam, in); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range page.EvaluationResults {
			if name := aws.ToString(r.EvalActionName); maybe(r.EvalDecision, r.MissingContextValues) && slices.Contains(calls, name) {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// may adds to what the simulator says what the role's policies allow on one resource
// alone, such as one domain of packages, of which a simulation on every resource knows
// nothing. Where the simulator may not be asked the policies count alone, as if they
// denied nothing.
func (c clients) may(ctx context.Context, r snapshot.Role) ([]string, error) {
	out, err := c.mayCall(ctx, r.ARN)
	want := []string{codeArtifactToken}
	if err != nil {
		want = append(want, append([]string{ecrToken}, undoes...)...)
	}
	docs := slices.Collect(maps.Values(r.Inline))
	for _, arn := range r.Attached {
		if strings.Contains(arn, ":iam::aws:policy/") {
			continue // AWS's own are about every resource
		}
		doc, derr := c.managed(ctx, arn)
		if derr != nil {
			err = errors.Join(err, fmt.Errorf("policy %s: %s", arn, explain(derr)))
		}
		docs = append(docs, doc)
	}
	out = append(out, allowing(docs, want...)...)
	slices.Sort(out)
	return slices.Compact(out), err
}

// managed reads the version of a managed policy that counts.
// Source: IAM API reference, GetPolicy, GetPolicyVersion.
func (c clients) managed(ctx context.Context, arn string) (json.RawMessage, error) {
	p, err := c.iam.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &arn})
	if err != nil {
		return nil, err
	}
	if p.Policy == nil {
		return nil, errors.New("the answer names no policy")
	}
	v, err := c.iam.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: p.Policy.DefaultVersionId})
	if err != nil {
		return nil, err
	}
	if v.PolicyVersion == nil {
		return nil, errors.New("the answer names no version")
	}
	return document(v.PolicyVersion.Document)
}

// allowing gives those of the calls that policies allow on anything.
func allowing(docs []json.RawMessage, calls ...string) []string {
	var out []string
	for _, doc := range docs {
		t, err := parseTrust(doc) // a policy is of the same form
		if err != nil {
			continue
		}
		for _, raw := range t.statements {
			var st statement
			if json.Unmarshal(raw, &st) != nil || st.Effect != "Allow" {
				continue
			}
			for _, call := range calls {
				if slices.ContainsFunc(st.Action, func(a string) bool { return like(strings.ToLower(a), strings.ToLower(call)) }) {
					out = append(out, call)
				}
			}
		}
	}
	return out
}

// outlived names the tokens that go on after a role's sessions are denied.
func outlived(role snapshot.Role, s *snapshot.Snapshot) []plan.Gap {
	var out []plan.Gap
	for _, g := range s.Gaps {
		if g.Provider == "aws" && g.What == mayGap+role.ARN {
			out = append(out, plan.Gap{
				What: "tokens that were made with a session of " + role.Name,
				Why:  "it could not be read whether the role makes tokens of CodeArtifact or ECR (" + g.Why + "); one of CodeArtifact does not depend on the session, and may live until 12 hours after its sessions are denied",
			})
		}
	}
	if slices.Contains(role.May, codeArtifactToken) {
		out = append(out, plan.Gap{
			What: "CodeArtifact tokens that were made with a session of " + role.Name,
			Why:  "they do not depend on the session and cannot be revoked: one may live until 12 hours after its sessions are denied; deny the role in the policies of the domain and its repositories, or rely on nothing from there until then",
		})
	}
	if slices.Contains(role.May, ecrToken) {
		out = append(out, plan.Gap{
			What: "ECR tokens that were made with a session of " + role.Name,
			Why:  "they live until 12 hours after its sessions are denied; ECR judges each pull and push by what the session may do at that time, so that the denial should stop them, which is not probed here: try a pull with such a token",
		})
	}
	return out
}

// removable says that a role can take its denial off.
func removable(role snapshot.Role) []plan.Gap {
	var can []string
	for _, call := range undoes {
		if slices.Contains(role.May, call) {
			can = append(can, call)
		}
	}
	if len(can) == 0 {
		return nil
	}
	return []plan.Gap{{
		What: "the denial of sessions of " + role.Name,
		Why: "until it is enforced, and by whoever gets another session, the role may take it off itself (" + strings.Join(can, ", ") +
			" on itself is allowed); have an organization's policy deny it these, or a permissions boundary that it cannot change (" + boundName + " puts one on it)",
	}}
}

// tokensArg is what a planned call says of the role's tokens, so that Verify can tell of them.
const tokensArg = "tokens"

// tokensOf are the kinds of tokens a role makes, for tokensArg; "" for none.
func tokensOf(role snapshot.Role) string {
	var out []string
	for _, call := range []string{codeArtifactToken, ecrToken} {
		if slices.Contains(role.May, call) {
			out = append(out, call)
		}
	}
	return strings.Join(out, " ")
}

// living tells of a revocation that stands until when tokens made before may live.
func living(t adapters.Task, r plan.Reading, arn string, denied time.Time) plan.Reading {
	if r.State != plan.Held || len(t.Action.Calls) == 0 {
		return r
	}
	makes := strings.Fields(t.Action.Calls[0].Args[tokensArg])
	for _, x := range []struct{ call, kind, what string }{
		{codeArtifactToken, "aws.codeartifact_tokens", "CodeArtifact tokens of the role do not depend on its sessions and cannot be revoked: one made before"},
		{ecrToken, "aws.ecr_tokens", "ECR judges tokens of the role by what the session may do, which is not probed: one made before"},
	} {
		if slices.Contains(makes, x.call) {
			r.Found = append(r.Found, plan.Found{Kind: x.kind, Target: arn, Why: fmt.Sprintf("%s may live until %s", x.what, text(denied.Add(tokenLife)))})
		}
	}
	return r
}
