package aws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// simulateGap begins the gap that says the policy simulator may not be used on a role.
const simulateGap = "simulate "

// Survey implements adapters.Provider. What cannot be read of an account becomes
// a gap; it fails only when nothing of the scope could be read.
func (p *Provider) Survey(ctx context.Context, scope adapters.Scope, s *snapshot.Snapshot) error {
	ctx = adapters.Patient(ctx)
	v := survey{p: p, s: s, us: &ourselves{}, asked: map[string]bool{}}
	var roles []string
	for _, arn := range slices.Sorted(maps.Keys(scope.Identities)) {
		if scope.Identities[arn] == "aws.role" {
			roles = append(roles, arn)
			v.do("role "+arn, func(v *survey) error { return v.role(ctx, arn) })
		}
		if scope.Identities[arn] == identityProvider {
			v.do("identity provider "+arn, func(v *survey) error { return v.oidc(ctx, arn) })
		}
	}
	for _, i := range scope.Issuers {
		if i.Name == "aws.access_key" {
			v.do("access keys of "+i.With["user"], func(v *survey) error { return v.user(ctx, i.With["account"], i.With["user"]) })
		}
	}
	for _, x := range scope.Stores {
		switch x.Name {
		case "aws.secretsmanager":
			v.do("secret "+x.With["id"], func(v *survey) error { return v.secret(ctx, x.With["account"], x.With["id"]) })
		case parameterStore:
			v.do("parameter "+x.With["id"], func(v *survey) error { return v.parameter(ctx, x.With["account"], x.With["id"]) })
		}
	}
	v.carryOut()
	if len(roles) > 0 { // after what is asked for, which it must not keep waiting at a limit
		v.parts = []part{{"", func(v *survey) error { return v.chained(ctx, roles, scope.Since) }}}
		v.carryOut()
	}
	slices.SortFunc(s.AWS, func(a, b snapshot.Account) int { return cmpText(a.Name, b.Name) })
	if v.read == 0 && len(v.failed) > 0 {
		return fmt.Errorf("survey AWS: %w", errors.Join(v.failed...))
	}
	return ctx.Err()
}

type survey struct {
	p      *Provider
	s      *snapshot.Snapshot
	read   int
	failed []error
	us     *ourselves
	asked  map[string]bool // permissions of this survey
	parts  []part
}

// part is one thing to read, with a survey of its own to put it into.
type part struct {
	what string // "" for one that looks further: whether the rest could be read does not depend on it
	read func(*survey) error
}

func (v *survey) do(what string, read func(*survey) error) {
	v.parts = append(v.parts, part{what, read})
}

// carryOut reads the parts side by side and takes them in one after the other: the same
// account gives the same snapshot.
func (v *survey) carryOut() {
	found, errs := make([]survey, len(v.parts)), make([]error, len(v.parts))
	var wait sync.WaitGroup
	turn := make(chan struct{}, atOnce)
	for i, x := range v.parts {
		found[i] = survey{p: v.p, s: &snapshot.Snapshot{}, us: v.us, asked: map[string]bool{}}
		wait.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			errs[i] = x.read(&found[i])
		})
	}
	wait.Wait()
	for i, x := range v.parts {
		v.take(found[i].s)
		if x.what != "" {
			v.note(x.what, errs[i])
		}
	}
}

// atOnce is how many things of an account are read at one time; each takes several calls.
const atOnce = 8

// take adds what a part read.
func (v *survey) take(s *snapshot.Snapshot) {
	for _, a := range s.AWS {
		acc := v.entry(a.Name, a.ID)
		if a.Chaining != nil {
			acc.Chaining = a.Chaining
		}
		for _, r := range a.Roles {
			put(&acc.Roles, r, func(r snapshot.Role) string { return r.ARN })
		}
		for _, u := range a.Users {
			put(&acc.Users, u, func(u snapshot.User) string { return u.Name })
		}
		for _, x := range a.Secrets {
			put(&acc.Secrets, x, func(s snapshot.AWSSecret) string { return s.ID })
		}
		for _, x := range a.Providers {
			put(&acc.Providers, x, func(x snapshot.OIDCProvider) string { return x.ARN })
		}
		for _, x := range a.Parameters {
			put(&acc.Parameters, x, func(p snapshot.AWSParameter) string { return p.Name })
		}
	}
	for _, p := range s.Permissions {
		v.permission(p)
	}
	v.s.Gaps = append(v.s.Gaps, s.Gaps...)
}

// note counts what became of a part.
func (v *survey) note(what string, err error) {
	if err == nil {
		v.read++
		return
	}
	failed := fmt.Errorf("%s: %s", what, explain(err))
	if u := adapters.Unconfigured(""); errors.As(err, &u) {
		failed = fmt.Errorf("%s: %w", what, u) // a mistake of the user's, not of AWS
	}
	v.failed = append(v.failed, failed)
	v.gap(what, err)
}

func (v *survey) gap(what string, err error) {
	v.s.Gaps = append(v.s.Gaps, snapshot.Gap{Provider: "aws", What: what, Why: explain(err), Passing: adapters.Passing(status(err))})
}

// account gives the snapshot's entry of a configured account and clients for it.
func (v *survey) account(ctx context.Context, name, arn string) (*snapshot.Account, clients, error) {
	a, err := v.p.account(name, arn)
	if err != nil {
		return nil, clients{}, err
	}
	c, err := a.reader(ctx)
	if err != nil {
		return nil, clients{}, err
	}
	return v.entry(a.name, a.ID), c, nil
}

// entry is the snapshot's account of a name.
func (v *survey) entry(name, id string) *snapshot.Account {
	for i := range v.s.AWS {
		if v.s.AWS[i].Name == name {
			return &v.s.AWS[i]
		}
	}
	v.s.AWS = append(v.s.AWS, snapshot.Account{Name: name, ID: id})
	return &v.s.AWS[len(v.s.AWS)-1]
}

func (v *survey) role(ctx context.Context, arn string) error {
	acc, c, err := v.account(ctx, "", arn)
	if err != nil {
		return err
	}
	v.permitted(ctx, acc.Name, arn, arn, c, v.p.permissionsOf("role"))
	role, _, err := c.role(ctx, arn)
	if err != nil {
		return err
	}
	if err := c.policies(ctx, &role); err != nil {
		v.gap("policies of role "+arn, err)
	}
	if _, err := c.simulate(ctx, arn, time.Unix(0, 0)); err != nil {
		v.gap(simulateGap+arn, err)
	}
	if role.May, err = c.may(ctx, role); err != nil {
		v.gap(mayGap+arn, err)
	}
	put(&acc.Roles, role, func(r snapshot.Role) string { return r.ARN })
	return nil
}

// policies adds a role's inline policies and the ARNs of its managed ones.
func (c clients) policies(ctx context.Context, r *snapshot.Role) error {
	name := aws.String(r.Name)
	for p := iam.NewListRolePoliciesPaginator(c.iam, &iam.ListRolePoliciesInput{RoleName: name}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, n := range page.PolicyNames {
			doc, _, err := c.inline(ctx, r.ARN, n)
			if err != nil {
				return err
			}
			if r.Inline == nil {
				r.Inline = map[string]json.RawMessage{}
			}
			r.Inline[n] = doc
		}
	}
	for p := iam.NewListAttachedRolePoliciesPaginator(c.iam, &iam.ListAttachedRolePoliciesInput{RoleName: name}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, a := range page.AttachedPolicies {
			r.Attached = append(r.Attached, aws.ToString(a.PolicyArn))
		}
	}
	slices.Sort(r.Attached)
	return nil
}

func (v *survey) user(ctx context.Context, account, user string) error {
	acc, c, err := v.account(ctx, account, "")
	if err != nil {
		return err
	}
	out, err := c.iam.GetUser(ctx, &iam.GetUserInput{UserName: aws.String(user)})
	if err != nil {
		return err
	}
	if out.User == nil || aws.ToString(out.User.Arn) == "" {
		return fmt.Errorf("user %s: the answer names no user", user)
	}
	v.permitted(ctx, acc.Name, user, aws.ToString(out.User.Arn), c, v.p.permissionsOf("user", "access_key"))
	keys, _, err := c.keys(ctx, user)
	if err != nil {
		return err
	}
	put(&acc.Users, snapshot.User{ARN: aws.ToString(out.User.Arn), Name: user, Keys: keys}, func(u snapshot.User) string { return u.Name })
	return nil
}

func (v *survey) secret(ctx context.Context, account, id string) error {
	acc, c, err := v.account(ctx, account, "")
	if err != nil {
		return err
	}
	x, _, err := c.versions(ctx, id)
	if err != nil {
		return err
	}
	v.permitted(ctx, acc.Name, x.ARN, x.ARN, c, v.p.permissionsOf("secret"))
	put(&acc.Secrets, x, func(s snapshot.AWSSecret) string { return s.ID })
	return nil
}

func (v *survey) parameter(ctx context.Context, account, name string) error {
	acc, c, err := v.account(ctx, account, "")
	if err != nil {
		return err
	}
	x, _, err := c.parameter(ctx, name)
	if err != nil {
		return err
	}
	resource := x.ARN
	if resource == "" {
		resource = "*" // it is not there yet
	}
	v.permitted(ctx, acc.Name, parameterID(acc.Name, name), resource, c, v.p.permissionsOf("parameter"))
	put(&acc.Parameters, x, func(p snapshot.AWSParameter) string { return p.Name })
	return nil
}

// put replaces the element with x's key, or adds x, and keeps the list sorted.
func put[T any](list *[]T, x T, key func(T) string) {
	*list = slices.DeleteFunc(*list, func(y T) bool { return key(y) == key(x) })
	*list = append(*list, x)
	slices.SortFunc(*list, func(a, b T) int { return cmpText(key(a), key(b)) })
}
