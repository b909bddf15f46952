package aws

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
)

// Self implements adapters.Provider: who we are in every configured account. An
// account that answers with another id than the configured one is an error.
func (p *Provider) Self(ctx context.Context) (adapters.Self, error) {
	self := adapters.Self{Provider: "aws"}
	var ids, who []string
	for _, name := range slices.Sorted(maps.Keys(p.accounts)) {
		a, err := p.account(name, "")
		if err != nil {
			return self, err
		}
		c, err := a.reader(ctx)
		if err != nil {
			return self, err
		}
		out, err := c.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return self, adapters.Coded(fmt.Errorf("ask account %s who we are: %s; check its credentials", name, explain(err)), status(err))
		}
		id, arn := aws.ToString(out.Account), aws.ToString(out.Arn)
		if a.ID != "" && a.ID != id || id == "" {
			return self, fmt.Errorf("account %s is %s in firebreak.yaml, but its credentials are of account %s; mend one of them", name, a.ID, id)
		}
		ids, who = append(ids, name+"="+id), append(who, arn)
		kills, err := a.ownKeys(ctx, arn)
		if err != nil {
			return self, err
		}
		self.Kills = append(self.Kills, kills...)
		if at := serverTime(out.ResultMetadata); !at.IsZero() && len(ids) == 1 {
			self.Skew = plan.Duration(at.Sub(p.wire.Now()))
		}
	}
	self.Account, self.Who = strings.Join(ids, " "), strings.Join(who, " ")
	return self, nil
}

// ownKeys names what our credentials die with: the long-lived key, or the role
// whose session we hold. The ARN of a session does not tell the role's path.
// Source: IAM user guide, "IAM identifiers".
func (a *account) ownKeys(ctx context.Context, arn string) ([]string, error) {
	cfg, err := a.config(ctx)
	if err != nil {
		return nil, err
	}
	creds, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, fmt.Errorf("account %s: %s; check its credentials", a.name, explain(err))
	}
	kills := []string{"aws:key:" + creds.AccessKeyID}
	if _, user, ok := strings.Cut(arn, ":user/"); ok && creds.SessionToken != "" {
		kills = append(kills, "aws:user:"+user[strings.LastIndexByte(user, '/')+1:])
	}
	if _, rest, ok := strings.Cut(arn, ":assumed-role/"); ok {
		role, _, _ := strings.Cut(rest, "/")
		kills = append(kills, roleKill(arn, role))
	}
	return kills, nil
}

// roleKill names a role of the account that an ARN is of, for gate 6: without its path, which
// our own session does not tell. A name is given once in an account, whatever the path.
// Source: IAM user guide, "IAM identifiers", "Friendly names and paths".
func roleKill(in, name string) string {
	return "aws:role:arn:" + partition(in) + ":iam::" + accountOf(in) + ":role/" + name
}
