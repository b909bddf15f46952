package aws

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// permissionsOf gives the permissions that our actions name for one kind of target,
// sorted: "role", or "access_key" and "user" together, "secret", or "parameter".
func (p *Provider) permissionsOf(kinds ...string) []string {
	var all []string
	for _, a := range p.Actions() {
		if s := a.Spec(); slices.Contains(kinds, s.Target) {
			all = append(all, s.Permissions...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// principal is whom IAM's simulator is asked about: our own user or role.
type principal struct {
	arn  string
	link string // console page on which its permissions are granted
	err  error  // why nobody can say who that is
}

// ourselves is who we are in each account, asked once.
type ourselves struct {
	mu sync.Mutex
	in map[string]principal
}

// principal finds our own user or role, once an account. The ARN of a session does not
// tell the path of its role, which IAM does.
func (o *ourselves) principal(ctx context.Context, account string, c clients) principal {
	o.mu.Lock()
	defer o.mu.Unlock()
	if p, ok := o.in[account]; ok {
		return p
	}
	p := principal{}
	out, err := c.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err == nil {
		p, err = c.ourselves(ctx, aws.ToString(out.Arn))
	}
	p.err = err
	if o.in == nil {
		o.in = map[string]principal{}
	}
	o.in[account] = p
	return p
}

func (c clients) ourselves(ctx context.Context, arn string) (principal, error) {
	const console = "https://console.aws.amazon.com/iam/home#/"
	if _, rest, ok := strings.Cut(arn, ":assumed-role/"); ok {
		name, _, _ := strings.Cut(rest, "/")
		role, err := c.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
		if err != nil {
			return principal{}, fmt.Errorf("read our own role %s: %s", name, explain(err))
		}
		return principal{arn: aws.ToString(role.Role.Arn), link: console + "roles/details/" + name}, nil
	}
	if strings.Contains(arn, ":user/") {
		return principal{arn: arn, link: console + "users/details/" + roleName(arn)}, nil
	}
	return principal{}, fmt.Errorf("the policy simulator knows users and roles, and we are %s", arn)
}

// permitted says of each permission whether we have it on one target. IAM's simulator
// evaluates what is attached to us and what our organization forbids, not the policy of
// a session or of the target: "no" is what it denies for certain.
// Source: IAM user guide, "IAM policy testing with the IAM policy simulator"; IAM API
// reference, SimulatePrincipalPolicy.
func (v *survey) permitted(ctx context.Context, account, on, target string, c clients, names []string) {
	us := v.us.principal(ctx, account, c)
	results, err := map[string]types.EvaluationResult{}, us.err
	if err == nil {
		results, err = c.simulated(ctx, us.arn, target, names)
	}
	for _, n := range names {
		p := snapshot.Permission{Provider: "aws", Name: n, On: on, Granted: "unknown", Link: us.link}
		if r, ok := results[n]; ok {
			p.Granted, p.Why = judgedPermission(n, us.arn, r)
		} else {
			p.Why = "IAM's policy simulator did not say: " + unsimulated(err)
		}
		if p.Granted == "yes" {
			p.Link = ""
		}
		v.permission(p)
	}
}

func unsimulated(err error) string {
	switch {
	case code(err) == "AccessDenied":
		return "iam:SimulatePrincipalPolicy is not permitted"
	case err == nil:
		return "its answer leaves this out"
	}
	return explain(err)
}

// judgedPermission reads one decision. What depends on the circumstances of a request,
// or may be allowed by the target's own policy, is not known before it is tried.
func judgedPermission(name, us string, r types.EvaluationResult) (granted, why string) {
	why = fmt.Sprintf("IAM's policy simulator says %s for %s", r.EvalDecision, us)
	switch {
	case len(r.MissingContextValues) > 0:
		return "unknown", why + ", which depends on " + strings.Join(r.MissingContextValues, ", ")
	case r.EvalDecision == types.PolicyEvaluationDecisionTypeAllowed:
		return "yes", why
	case r.EvalDecision == types.PolicyEvaluationDecisionTypeExplicitDeny:
		return "no", why
	case r.EvalDecision == types.PolicyEvaluationDecisionTypeImplicitDeny && strings.HasPrefix(name, "iam:"):
		return "no", why
	}
	return "unknown", why + "; the target's own policy may allow it"
}

// simulated asks what a principal may do to one target, by action.
func (c clients) simulated(ctx context.Context, us, target string, names []string) (map[string]types.EvaluationResult, error) {
	out := map[string]types.EvaluationResult{}
	in := &iam.SimulatePrincipalPolicyInput{PolicySourceArn: &us, ActionNames: names, ResourceArns: []string{target}}
	for p := iam.NewSimulatePrincipalPolicyPaginator(c.iam, in); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range page.EvaluationResults {
			if name := aws.ToString(r.EvalActionName); aws.ToString(r.EvalResourceName) == target {
				out[name] = r
			}
		}
	}
	if len(out) == 0 {
		return nil, errors.New("its answer says nothing of this target")
	}
	return out, nil
}

// permission adds one. Two accounts may have users of one name: what differs between
// them is not known of the name.
func (v *survey) permission(p snapshot.Permission) {
	for i, was := range v.s.Permissions {
		if was.Provider == p.Provider && was.On == p.On && was.Name == p.Name {
			if v.asked[p.On+" "+p.Name] && was.Granted != p.Granted {
				p.Granted, p.Why = "unknown", "it differs between accounts that have a "+p.On
			}
			v.s.Permissions[i] = p
			v.asked[p.On+" "+p.Name] = true
			return
		}
	}
	v.asked[p.On+" "+p.Name] = true
	v.s.Permissions = append(v.s.Permissions, p)
}

// Needs implements adapters.Needing: without the simulator sessions are revoked all
// the same, and the proof ends a step earlier.
func (v revokeSessions) Needs(adapters.Inputs) []string {
	return slices.DeleteFunc(slices.Clone(v.Spec().Permissions), func(p string) bool { return p == "iam:SimulatePrincipalPolicy" })
}

var _ adapters.Needing = revokeSessions{}
