package aws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// identityProvider is what the scope of a survey calls an identity provider of an account.
const identityProvider = "aws.oidc_provider"

// providerImage is an identity provider as it is kept, and made again. One that is not
// there has no URL.
type providerImage struct {
	Provider    string            `json:"provider"` // ARN
	URL         string            `json:"url"`      // without https://, as IAM gives it
	Clients     []string          `json:"clients"`
	Thumbprints []string          `json:"thumbprints"`
	Tags        map[string]string `json:"tags,omitempty"`
}

func (i providerImage) gone() bool { return i.URL == "" }

// again reports whether what is there is what was there before. Where IAM was given no
// thumbprints it looks for them itself, so that they may be others.
// Source: IAM API reference, CreateOpenIDConnectProvider, "ThumbprintList".
func (i providerImage) again(was providerImage) bool {
	if len(was.Thumbprints) == 0 {
		i.Thumbprints = was.Thumbprints
	}
	return string(plan.Image(i)) == string(plan.Image(was))
}

func imageOfProvider(x snapshot.OIDCProvider) providerImage {
	return providerImage{x.ARN, x.URL, x.Clients, x.Thumbprints, x.Tags}
}

func providerInputs() []plan.Field {
	return []plan.Field{
		{Name: "account", Type: plan.String, Doc: "Account name in firebreak.yaml; may be left out where the ARN names a configured account."},
		{Name: "provider", Type: plan.String, Required: true, Doc: "ARN of the identity provider, as arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com."},
	}
}

// provider reads an identity provider; one that is not there is no error.
// Source: IAM API reference, GetOpenIDConnectProvider.
func (c clients) provider(ctx context.Context, arn string) (snapshot.OIDCProvider, time.Time, error) {
	x := snapshot.OIDCProvider{ARN: arn, Clients: []string{}, Thumbprints: []string{}}
	out, err := c.iam.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn})
	if code(err) == "NoSuchEntity" {
		resp, _ := answered(err)
		return x, adapters.Server(resp), nil
	}
	if err != nil {
		return x, time.Time{}, err
	}
	x.URL = strings.TrimPrefix(aws.ToString(out.Url), "https://")
	if _, host, ok := strings.Cut(arn, ":oidc-provider/"); !ok || host != x.URL {
		return x, time.Time{}, fmt.Errorf("identity provider %s is not the one IAM answered with; check its ARN", arn)
	}
	x.Clients, x.Thumbprints = append(x.Clients, out.ClientIDList...), append(x.Thumbprints, out.ThumbprintList...)
	slices.Sort(x.Clients)
	slices.Sort(x.Thumbprints)
	for _, t := range out.Tags {
		if x.Tags == nil {
			x.Tags = map[string]string{}
		}
		x.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return x, serverTime(out.ResultMetadata), nil
}

// federates reports whether a trust policy lets in whoever a provider vouches for.
func (t trust) federates(provider string) (bool, error) {
	for _, raw := range t.statements {
		var st statement
		if err := json.Unmarshal(raw, &st); err != nil {
			return false, fmt.Errorf("read trust policy: %w", err)
		}
		var by map[string]words
		if st.Effect == "Allow" && json.Unmarshal(st.Principal, &by) == nil && slices.Contains(by["Federated"], provider) {
			return true, nil
		}
	}
	return false, nil
}

// trusting gives the names of an account's roles that trust a provider, sorted.
func (c clients) trusting(ctx context.Context, provider string) ([]string, error) {
	roles, err := c.roles(ctx)
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, r := range roles {
		t, err := parseTrust(r.Trust)
		if err != nil {
			return nil, fmt.Errorf("role %s: %w", r.Name, err)
		}
		ok, err := t.federates(provider)
		if err != nil {
			return nil, fmt.Errorf("role %s: %w", r.Name, err)
		}
		if ok {
			names = append(names, r.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// oidc reads an identity provider and which roles trust it.
func (v *survey) oidc(ctx context.Context, arn string) error {
	acc, c, err := v.account(ctx, "", arn)
	if err != nil {
		return err
	}
	v.permitted(ctx, acc.Name, arn, arn, c, v.p.permissionsOf("oidc-provider"))
	x, _, err := c.provider(ctx, arn)
	if err != nil {
		return err
	}
	if x.Roles, err = c.trusting(ctx, arn); err != nil {
		x.Roles = nil
		v.gap("which roles trust "+arn, err)
	}
	put(&acc.Providers, x, func(x snapshot.OIDCProvider) string { return x.ARN })
	return nil
}

// findProvider gives the surveyed provider that the inputs name.
func findProvider(in adapters.Inputs, s *snapshot.Snapshot) (snapshot.Account, snapshot.OIDCProvider, error) {
	arn := in.Text("provider")
	if !strings.HasPrefix(arn, "arn:") || !strings.Contains(arn, ":oidc-provider/") {
		return snapshot.Account{}, snapshot.OIDCProvider{}, fmt.Errorf("%q is no ARN of an identity provider; write it like arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com", arn)
	}
	for _, acc := range s.AWS {
		if name := in.Text("account"); name != "" && name != acc.Name {
			continue
		}
		for _, x := range acc.Providers {
			if x.ARN == arn {
				return acc, x, nil
			}
		}
	}
	return snapshot.Account{}, snapshot.OIDCProvider{}, &adapters.Missing{What: "identity provider " + arn, Scope: adapters.Scope{Identities: map[string]string{arn: identityProvider}}}
}

// providerChange is what removing and restoring have in common: the doors are those of the
// surveyed roles that trust the provider.
func providerChange(acc snapshot.Account, x snapshot.OIDCProvider) plan.Change {
	c := plan.Change{
		Target: plan.Target{Provider: "aws", Kind: "oidc-provider", ID: x.ARN, Name: roleName(x.ARN) + " in account " + acc.Name},
		Before: plan.Image(imageOfProvider(x)),
	}
	for _, r := range acc.Roles {
		if slices.Contains(x.Roles, r.Name) {
			c.Doors = append(c.Doors, "identity:role:"+r.Name)
		}
	}
	return c
}

// whoTrusts says how many roles trust a provider, and names some.
func whoTrusts(x snapshot.OIDCProvider) string {
	const shown = 5
	switch n := len(x.Roles); {
	case x.Roles == nil:
		return "how many roles trust it is not known"
	case n == 0:
		return "no role trusts it"
	case n == 1:
		return "1 role trusts it: " + x.Roles[0]
	case n > shown:
		return fmt.Sprintf("%d roles trust it: %s and %d more", n, strings.Join(x.Roles[:shown], ", "), n-shown)
	}
	return fmt.Sprintf("%d roles trust it: %s", len(x.Roles), strings.Join(x.Roles, ", "))
}

// theProvider reads the task's provider; the reading is unknown where that fails.
func (p *Provider) theProvider(ctx context.Context, t adapters.Task) (providerImage, plan.Reading) {
	arn := t.Text("provider")
	a, err := p.account(t.Text("account"), arn)
	if err != nil {
		return providerImage{}, unread(ctx, "choose the account", err)
	}
	c, err := a.reader(ctx)
	if err != nil {
		return providerImage{}, unread(ctx, "reach the account", err)
	}
	x, at, err := c.provider(ctx, arn)
	if err != nil {
		return providerImage{}, unread(ctx, "read identity provider "+arn, err)
	}
	now := imageOfProvider(x)
	return now, plan.Reading{State: plan.Held, Proof: plan.P1, Before: plan.Image(now), Server: at}
}

// removed reads what a removal kept.
func removed(text string) (was providerImage, err error) {
	if text == "" {
		return was, errors.New("the input earlier is empty; it is the output of the task that removed the provider")
	}
	if err := json.Unmarshal([]byte(text), &was); err != nil {
		return was, fmt.Errorf("the input earlier is not what a removal gives: %w", err)
	}
	return was, nil
}
