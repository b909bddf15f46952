package aws

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/firebreak/firebreak/internal/snapshot"
)

const (
	// chainGap begins the gap that says it is not known which roles were chained from
	// those of an account, or not all of it.
	chainGap = "roles that sessions have assumed in account "
	// mostChained bounds how many roles are followed; an account has a thousand at first.
	mostChained = 200
	// mostRoles bounds how many roles of an account are read: its largest quota.
	mostRoles = 5000
)

// chains looks for the roles that sessions of the given ones may have become, and those
// in turn: those whose trust policies let them in, and those that CloudTrail has them
// assuming. It reads the roles of every configured account, and each that is found.
type chains struct {
	v        *survey
	since    time.Time
	accounts map[string]*chainedAccount // by id
	surveyed map[string]bool            // roles that are read anyway
}

// chainedAccount is what was read of one account for this.
type chainedAccount struct {
	a     *account
	c     clients
	roles []snapshot.Role
	trail *trail
	links []snapshot.Chain
}

// chained reads what the roles of a scope lead to. What cannot be read is a gap: a role
// is cut off without it all the same.
func (v *survey) chained(ctx context.Context, origins []string, since time.Time) error {
	ch := &chains{v: v, since: since, accounts: map[string]*chainedAccount{}, surveyed: map[string]bool{}}
	if err := ch.listed(ctx); err != nil {
		return err
	}
	queue := slices.Clone(origins)
	for _, arn := range origins {
		ch.surveyed[arn] = true
	}
	for n := 0; n < len(queue); n++ {
		if n == mostChained {
			for _, name := range slices.Sorted(maps.Keys(v.p.accounts)) {
				v.s.Gaps = append(v.s.Gaps, snapshot.Gap{Provider: "aws", What: chainGap + name, Why: fmt.Sprintf("more than %d roles are chained; the rest was not followed", mostChained)})
			}
			break
		}
		acc := ch.accounts[accountOf(queue[n])]
		if acc == nil {
			continue // nobody's account here: it is named by the link that leads to it
		}
		for _, link := range ch.from(ctx, acc, queue[n]) {
			acc.links = append(acc.links, link)
			if !slices.Contains(queue, link.To) {
				queue = append(queue, link.To)
			}
		}
	}
	ch.tell(ctx, queue)
	return ctx.Err()
}

// listed reads the roles of all configured accounts. It fails when none could be read.
func (ch *chains) listed(ctx context.Context) error {
	var failed []error
	for _, name := range slices.Sorted(maps.Keys(ch.v.p.accounts)) {
		a, err := ch.v.p.account(name, "")
		if err != nil {
			return err
		}
		if a.ID != "" && ch.accounts[a.ID] != nil {
			continue // another name of the same account
		}
		acc := &chainedAccount{a: a}
		if acc.c, err = a.reader(ctx); err == nil {
			acc.roles, err = acc.c.roles(ctx)
		}
		if err != nil {
			failed = append(failed, err)
			ch.v.gap(chainGap+name, err)
		}
		id := a.ID
		if id == "" && len(acc.roles) > 0 {
			id = accountOf(acc.roles[0].ARN)
		}
		if id != "" && acc.c.iam != nil {
			ch.accounts[id] = acc
		}
	}
	if len(ch.accounts) == 0 {
		return errors.Join(failed...)
	}
	return nil
}

// roles lists an account's roles with their trust policies.
// Source: IAM API reference, ListRoles.
func (c clients) roles(ctx context.Context) ([]snapshot.Role, error) {
	var out []snapshot.Role
	for p := iam.NewListRolesPaginator(c.iam, &iam.ListRolesInput{MaxItems: aws.Int32(1000)}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			return out, err
		}
		for _, r := range page.Roles {
			doc, err := document(r.AssumeRolePolicyDocument)
			if err != nil {
				return out, fmt.Errorf("role %s: %w", aws.ToString(r.RoleName), err)
			}
			out = append(out, snapshot.Role{ARN: aws.ToString(r.Arn), Name: aws.ToString(r.RoleName), Trust: doc})
		}
		if len(out) >= mostRoles {
			return out, fmt.Errorf("it has more than %d roles, and the rest was not read", mostRoles)
		}
	}
	return out, nil
}

// from gives the links that lead from one role, by the role they lead to.
func (ch *chains) from(ctx context.Context, acc *chainedAccount, arn string) []snapshot.Chain {
	found := map[string]*snapshot.Chain{}
	at := func(to string) *snapshot.Chain {
		if found[to] == nil {
			found[to] = &snapshot.Chain{From: arn, To: to}
		}
		return found[to]
	}
	asks := map[string]string{} // roles that need a permission of this one's, with why they let it in
	for _, id := range slices.Sorted(maps.Keys(ch.accounts)) {
		for _, r := range ch.accounts[id].roles {
			t, err := parseTrust(r.Trust)
			if err != nil {
				ch.v.gap(chainGap+ch.accounts[id].a.name, fmt.Errorf("role %s: %w", r.Name, err))
				continue
			}
			how, why, err := t.assumable(arn)
			switch {
			case err != nil:
				ch.v.gap(chainGap+ch.accounts[id].a.name, fmt.Errorf("role %s: %w", r.Name, err))
			case r.ARN == arn || how == shutOut:
			case how == byName && id == accountOf(arn):
				at(r.ARN).Could = why
			default: // across accounts both sides have to allow it
				asks[r.ARN] = why
			}
		}
	}
	may, err := acc.c.mayAssume(ctx, arn, slices.Sorted(maps.Keys(asks)))
	if err != nil {
		ch.v.gap(chainGap+acc.a.name, fmt.Errorf("which of the %d roles that let its account in role %s may assume: %s", len(asks), roleName(arn), unsimulated(err)))
	}
	for _, to := range may {
		at(to).Could = asks[to] + ", and it may call sts:AssumeRole there"
	}
	if acc.trail == nil && !ch.since.IsZero() {
		t := acc.a.assumptions(ctx, acc.c, partition(arn), ch.since)
		acc.trail = &t
		ch.v.s.Gaps = append(ch.v.s.Gaps, t.gaps...)
	}
	if acc.trail != nil {
		for _, e := range acc.trail.events {
			if e.from == arn && e.to != arn {
				count(at(e.to), e)
			}
		}
	}
	var out []snapshot.Chain
	for _, to := range slices.Sorted(maps.Keys(found)) {
		out = append(out, *found[to])
	}
	return out
}

// mayAssume gives those of the roles that a role's own policies let it assume. What
// depends on the circumstances of the request may be so.
func (c clients) mayAssume(ctx context.Context, from string, roles []string) ([]string, error) {
	var out []string
	for some := range slices.Chunk(roles, 50) {
		in := &iam.SimulatePrincipalPolicyInput{PolicySourceArn: &from, ActionNames: []string{"sts:AssumeRole"}, ResourceArns: some}
		for p := iam.NewSimulatePrincipalPolicyPaginator(c.iam, in); p.HasMorePages(); {
			page, err := p.NextPage(ctx)
			if err != nil {
				return out, err
			}
			for _, r := range page.EvaluationResults {
				if maybe(r.EvalDecision, r.MissingContextValues) && slices.Contains(some, aws.ToString(r.EvalResourceName)) {
					out = append(out, aws.ToString(r.EvalResourceName))
				}
				for _, x := range r.ResourceSpecificResults {
					if maybe(x.EvalResourceDecision, x.MissingContextValues) && slices.Contains(some, aws.ToString(x.EvalResourceName)) {
						out = append(out, aws.ToString(x.EvalResourceName))
					}
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// maybe: what depends on the circumstances of a request may be so.
func maybe(d types.PolicyEvaluationDecisionType, missing []string) bool {
	return d == types.PolicyEvaluationDecisionTypeAllowed || len(missing) > 0
}

// tell puts what was found into the snapshot, and reads the roles that are ours to read.
func (ch *chains) tell(ctx context.Context, found []string) {
	read := map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(ch.accounts)) {
		acc := ch.accounts[id]
		ours := slices.ContainsFunc(found, func(arn string) bool { return accountOf(arn) == id })
		if !ours {
			continue
		}
		c := &snapshot.Chaining{Links: acc.links}
		if c.Links == nil {
			c.Links = []snapshot.Chain{}
		}
		if acc.trail != nil && len(acc.trail.regions) > 0 {
			c.Since, c.Regions = acc.trail.since, acc.trail.regions
		}
		ch.v.entry(acc.a.name, id).Chaining = c
		for _, r := range acc.roles {
			read[r.ARN] = true
		}
	}
	for _, arn := range found {
		if ch.surveyed[arn] || !read[arn] {
			continue // one of another account, or one that is gone
		}
		if err := ch.v.role(ctx, arn); err != nil {
			ch.v.gap("role "+arn, err)
		}
	}
}
