// Package aws is firebreak's AWS: roles whose trust and sessions are cut, access
// keys of IAM users, secrets in Secrets Manager, and parameters in SSM's Parameter Store.
//
// Begin with New; each action is one file. Reads go through a transport that lets
// only named read operations pass, a mutation through one that lets exactly one
// request of one named operation pass. The SDK's own retries are off: what to do
// next is decided by reading.
//
// An account with static credentials is built by hand and never looks at the
// environment, at profiles or at instance metadata.
package aws

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
)

// propagation is how long an IAM change may take to be enforced everywhere: about
// four seconds were measured; two consistent reads this far apart count.
// Source: IAM user guide, "Changes that I make are not always immediately visible".
const propagation = plan.Duration(10 * time.Second)

// Config says how accounts are reached.
type Config struct {
	Accounts map[string]Account // by the name in firebreak.yaml
}

// Account is one AWS account.
type Account struct {
	ID       string // twelve digits; checked against who we are
	Region   string // "" for the profile's, or us-east-1 with static credentials
	Endpoint string // "" for AWS itself
	// Static, when set, is used as it is and nothing ambient is read. Otherwise the
	// SDK's default chain is, with Profile when that is set.
	Static  *Static
	Profile string
}

// Static is an access key, or a session when Session is set.
type Static struct {
	ID      string
	Secret  secret.Text
	Session secret.Text
}

// Provider is AWS. Its methods may be called concurrently.
type Provider struct {
	accounts  map[string]Account
	wire      adapters.Wire
	transport http.RoundTripper

	mu     sync.Mutex
	loaded map[string]aws.Config // without HTTP client, by account
}

// New makes the provider; it does no I/O.
func New(c Config, w adapters.Wire) *Provider {
	return &Provider{
		accounts: c.Accounts, wire: w, loaded: map[string]aws.Config{},
		transport: paced(w, answerWithin),
	}
}

// paced is the way to AWS: bounded below the queue, so that waiting for a turn is
// not part of the time an answer has.
func paced(w adapters.Wire, within time.Duration) http.RoundTripper {
	w.Transport = bounded{w.Transport, within}
	return adapters.Paced(w, adapters.Pace{Provider: "aws", Mutates: Mutates, Writes: 4, Told: slowed, Quiet: 2 * time.Second})
}

var _ adapters.Provider = (*Provider)(nil)

// Name implements adapters.Provider.
func (*Provider) Name() string { return "aws" }

// Actions implements adapters.Provider.
func (p *Provider) Actions() []adapters.Action {
	return []adapters.Action{
		denyTrust{p},
		denyChain{p},
		revokeSessions{p},
		roleBound{p},
		roleUnbound{p},
		oidcRemove{p},
		oidcRestore{p},
		keyDisable{p},
		userRevokeSessions{p},
		keyMint{p},
		keyTest{p},
		keyDestroy{p},
		secretPut{p},
		secretForget{p},
		parameterPut{p},
	}
}

// Issuers implements adapters.Provider.
func (*Provider) Issuers() []plan.Issuer {
	return []plan.Issuer{{
		Name: "aws.access_key", Provider: "aws", Outputs: []string{"id", "value"}, Slots: 2,
		Disable: "aws.access_key.disable", Sessions: userRevokeName, Mint: "aws.access_key.mint", Test: "aws.access_key.test", Destroy: "aws.access_key.destroy",
	}}
}

// Stores implements adapters.Provider.
func (*Provider) Stores() []plan.StoreKind {
	return []plan.StoreKind{
		{Name: "aws.secretsmanager", Put: "aws.secretsmanager.put", Forget: secretForgetName, Provider: "aws"},
		{Name: parameterStore, Put: parameterPutName, Provider: "aws"},
	}
}

// account finds an account by its name, by the account id in an ARN, or as the
// only one there is.
func (p *Provider) account(name, arn string) (*account, error) {
	if a, ok := p.accounts[name]; ok {
		return &account{p, name, a}, nil
	}
	if name != "" {
		return nil, adapters.Unconfigured(fmt.Sprintf("account %q is not configured; add it under aws.accounts in firebreak.yaml, or name the file that has it with --config", name))
	}
	names := slices.Sorted(maps.Keys(p.accounts))
	for _, n := range names {
		if a := p.accounts[n]; a.ID != "" && a.ID == accountOf(arn) {
			return &account{p, n, a}, nil
		}
	}
	if len(names) == 1 && (arn == "" || p.accounts[names[0]].ID == "") {
		return &account{p, names[0], p.accounts[names[0]]}, nil
	}
	if len(names) == 0 {
		return nil, adapters.Unconfigured("no AWS credentials are known; set AWS_PROFILE, or name the account under aws.accounts in firebreak.yaml")
	}
	return nil, fmt.Errorf("no configured account is meant by %q; add its id under aws.accounts in firebreak.yaml", arn)
}

// accountOf gives the account id in an ARN, "" when it has none.
func accountOf(arn string) string {
	if f := strings.SplitN(arn, ":", 6); len(f) == 6 {
		return f[4]
	}
	return ""
}

// roleName is the last part of a role's ARN: IAM takes names without their path.
func roleName(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

func (t task) account(p *Provider) (*account, error) {
	return p.account(t.Text("account"), t.Text("role"))
}

// task adds what every action here asks of its task.
type task struct{ adapters.Task }

// settle is the propagation wait in force for this action.
func (t task) settle() plan.Duration {
	if t.Action.Settle > 0 {
		return t.Action.Settle
	}
	return propagation
}

// last gives the newest attempt with this verb that certainly happened.
func (t task) last(verb string) *plan.Attempt {
	for i := len(t.History) - 1; i >= 0; i-- {
		a := &t.History[i]
		if a.Call.Verb == verb && happened(a) {
			return a
		}
	}
	return nil
}

func happened(a *plan.Attempt) bool {
	return a.Outcome != nil && a.Outcome.State == plan.Done || a.Settlement != nil && a.Settlement.Happened == "yes"
}

// unread is a reading that could not be made.
func unread(ctx context.Context, what string, err error) plan.Reading {
	r := plan.Reading{State: plan.Unknown, Detail: what + ": " + explain(err)}
	if ctx.Err() != nil {
		r.Detail = what + ": " + ctx.Err().Error()
	}
	r.Wait = plan.Duration(adapters.Waiting(err))
	if resp, _ := answered(err); resp != nil {
		if after, ok := adapters.RetryAfter(resp, adapters.Server(resp)); ok {
			r.Wait = plan.Duration(after)
		}
	}
	return r
}
