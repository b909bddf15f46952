package aws

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/firebreak/firebreak/internal/snapshot"
)

// role reads a role's trust policy. IAM gives documents URL-encoded.
// Source: IAM API reference, GetRole.
func (c clients) role(ctx context.Context, arn string) (snapshot.Role, time.Time, error) {
	out, err := c.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(roleName(arn))})
	if err != nil {
		return snapshot.Role{}, time.Time{}, err
	}
	at := serverTime(out.ResultMetadata)
	if out.Role == nil || aws.ToString(out.Role.Arn) != arn {
		return snapshot.Role{}, at, fmt.Errorf("role %s is not the one IAM answered with; check its path and account", arn)
	}
	doc, err := document(out.Role.AssumeRolePolicyDocument)
	if err != nil {
		return snapshot.Role{}, at, err
	}
	r := snapshot.Role{ARN: arn, Name: aws.ToString(out.Role.RoleName), Trust: doc, MaxSession: int(aws.ToInt32(out.Role.MaxSessionDuration))}
	if b := out.Role.PermissionsBoundary; b != nil {
		r.Boundary = aws.ToString(b.PermissionsBoundaryArn)
	}
	return r, at, nil
}

// inline reads one inline policy; nil when there is none of that name.
func (c clients) inline(ctx context.Context, arn, name string) (json.RawMessage, time.Time, error) {
	out, err := c.iam.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: aws.String(roleName(arn)), PolicyName: aws.String(name)})
	if code(err) == "NoSuchEntity" {
		return nil, time.Time{}, nil
	}
	if err != nil {
		return nil, time.Time{}, err
	}
	doc, err := document(out.PolicyDocument)
	return doc, serverTime(out.ResultMetadata), err
}

func document(encoded *string) (json.RawMessage, error) {
	text, err := url.QueryUnescape(aws.ToString(encoded))
	if err != nil {
		return nil, fmt.Errorf("decode policy document: %w", err)
	}
	return canonical(json.RawMessage(text))
}

// user gives a user's ARN, and IAM's own time.
func (c clients) user(ctx context.Context, name string) (arn string, at time.Time, err error) {
	out, err := c.iam.GetUser(ctx, &iam.GetUserInput{UserName: aws.String(name)})
	if err != nil {
		return "", at, err
	}
	if out.User == nil || aws.ToString(out.User.UserName) != name {
		return "", at, fmt.Errorf("IAM's answer is not about user %s", name)
	}
	return aws.ToString(out.User.Arn), serverTime(out.ResultMetadata), nil
}

// keys lists a user's access keys, oldest first.
func (c clients) keys(ctx context.Context, user string) ([]snapshot.AccessKey, time.Time, error) {
	var keys []snapshot.AccessKey
	var at time.Time
	for p := iam.NewListAccessKeysPaginator(c.iam, &iam.ListAccessKeysInput{UserName: aws.String(user)}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, at, err
		}
		at = serverTime(page.ResultMetadata)
		for _, k := range page.AccessKeyMetadata {
			keys = append(keys, snapshot.AccessKey{ID: aws.ToString(k.AccessKeyId), Status: string(k.Status), Created: aws.ToTime(k.CreateDate).UTC()})
		}
	}
	slices.SortFunc(keys, func(a, b snapshot.AccessKey) int {
		if c := a.Created.Compare(b.Created); c != 0 {
			return c
		}
		return cmpText(a.ID, b.ID)
	})
	return keys, at, nil
}

// versions reads a secret's versions and their stages, never a value.
func (c clients) versions(ctx context.Context, id string) (snapshot.AWSSecret, time.Time, error) {
	out, err := c.secrets.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: aws.String(id)})
	if err != nil {
		return snapshot.AWSSecret{}, time.Time{}, err
	}
	x := snapshot.AWSSecret{ID: id, ARN: aws.ToString(out.ARN), Versions: map[string][]string{}}
	if x.ARN == "" {
		return x, time.Time{}, fmt.Errorf("secret %s: the answer names no secret", id)
	}
	for v, stages := range out.VersionIdsToStages {
		slices.Sort(stages)
		x.Versions[v] = stages
	}
	return x, serverTime(out.ResultMetadata), nil
}

// staged gives the version a stage is attached to, "" when none.
func staged(x snapshot.AWSSecret, stage string) string {
	for id, stages := range x.Versions {
		if slices.Contains(stages, stage) {
			return id
		}
	}
	return ""
}

func cmpText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
