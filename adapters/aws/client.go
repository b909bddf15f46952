package aws

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/secret"
)

// account is one configured account and the way to it.
type account struct {
	p    *Provider
	name string
	Account
}

// clients are the services over one guarded transport.
type clients struct {
	iam     *iam.Client
	sts     *sts.Client
	secrets *secretsmanager.Client
	trail   *cloudtrail.Client
	region  string
	ssm     *ssm.Client
}

// reader gives clients that can send named reads only.
func (a *account) reader(ctx context.Context) (clients, error) {
	cfg, err := a.config(ctx)
	if err != nil {
		return clients{}, err
	}
	return a.over(cfg, adapters.ReadOnlyFunc(a.p.transport, reads)), nil
}

// writer gives clients that can send one request of the named operation, or, when
// the wire is read-only, none that is not a read.
func (a *account) writer(ctx context.Context, op string) (clients, error) {
	if a.p.wire.ReadOnly {
		return a.reader(ctx)
	}
	cfg, err := a.config(ctx)
	if err != nil {
		return clients{}, err
	}
	var sent atomic.Bool
	return a.over(cfg, adapters.ReadOnlyFunc(a.p.transport, func(r *http.Request) bool {
		return operation(r) == op && !sent.Swap(true)
	})), nil
}

// as gives clients with somebody else's access key. They can ask who they are and
// nothing else, so a probe cannot change anything whatever the key may do.
func (a *account) as(ctx context.Context, id string, value secret.Text) (clients, error) {
	cfg, err := a.config(ctx)
	if err != nil {
		return clients{}, err
	}
	cfg.Credentials = static(Static{ID: id, Secret: value})
	return a.over(cfg, adapters.ReadOnlyFunc(a.p.transport, func(r *http.Request) bool {
		return operation(r) == getCallerIdentity
	})), nil
}

func (a *account) over(cfg aws.Config, t http.RoundTripper) clients {
	cfg.HTTPClient = client(agent{t, a.p.wire.Agent})
	return clients{iam: iam.NewFromConfig(cfg), sts: sts.NewFromConfig(cfg), secrets: secretsmanager.NewFromConfig(cfg), trail: cloudtrail.NewFromConfig(cfg), ssm: ssm.NewFromConfig(cfg), region: cfg.Region}
}

// config is the account's configuration without an HTTP client, made once.
func (a *account) config(ctx context.Context) (aws.Config, error) {
	a.p.mu.Lock()
	defer a.p.mu.Unlock()
	if cfg, ok := a.p.loaded[a.name]; ok {
		return cfg, nil
	}
	cfg, err := a.load(ctx)
	if err != nil {
		return aws.Config{}, fmt.Errorf("account %s: %w; check aws.accounts.%s in firebreak.yaml and the profile it names", a.name, err, a.name)
	}
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	cfg.RetryMaxAttempts = 1
	if a.Region != "" {
		cfg.Region = a.Region
	}
	if a.Endpoint != "" {
		cfg.BaseEndpoint = aws.String(a.Endpoint)
	}
	a.p.loaded[a.name] = cfg
	return cfg, nil
}

func (a *account) load(ctx context.Context) (aws.Config, error) {
	if a.Static != nil {
		return aws.Config{Region: "us-east-1", Credentials: static(*a.Static)}, nil
	}
	// The SDK can add this bundle only to a client of its own, which would go past our transport.
	if os.Getenv("AWS_CA_BUNDLE") != "" {
		return aws.Config{}, errors.New("AWS_CA_BUNDLE cannot be used here: name the file in SSL_CERT_FILE, unset AWS_CA_BUNDLE")
	}
	auth := agent{adapters.ReadOnlyFunc(a.p.transport, authenticates), a.p.wire.Agent}
	opts := []func(*config.LoadOptions) error{config.WithHTTPClient(client(auth))}
	if a.Profile != "" {
		opts = append(opts, config.WithSharedConfigProfile(a.Profile))
	}
	return config.LoadDefaultConfig(ctx, opts...)
}

func static(s Static) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: s.ID, SecretAccessKey: s.Secret.Reveal(), SessionToken: s.Session.Reveal(), Source: "firebreak"}, nil
	})
}

// client follows no redirect: a signed request goes where it was signed for.
func client(t http.RoundTripper) *http.Client {
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// agent puts our name in front of the SDK's. The User-Agent is not signed.
type agent struct {
	next http.RoundTripper
	name string
}

// RoundTrip implements http.RoundTripper.
func (a agent) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", a.name+" "+r.Header.Get("User-Agent"))
	return a.next.RoundTrip(r)
}

// serverTime is the provider's Date header of an answer; zero when it gave none.
func serverTime(m middleware.Metadata) time.Time {
	at, _ := awsmiddleware.GetServerTime(m)
	return at.UTC()
}
