// Package github is the adapter for GitHub: repositories, Actions workflows, runs,
// logs, caches and secrets. Begin with New.
//
// Requests go out through go-github v62, over two clients. The one for reading has
// a guard below it that lets through the named reads of routes.go and nothing
// else; only Apply sees the other one. What v62 lacks or loses (force-cancel, the
// id of a dispatched run, secrets of environments by name) is asked for through
// NewRequest and decoded into the types of wire.go.
//
// Rate limits never reach go-github, which would remember them by the wall clock
// and fail other calls: the transport turns them into *Limited.
//
// Source of every endpoint: GitHub REST reference, version 2022-11-28.
package github

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-github/v62/github"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
)

// PublicURL is the API of github.com.
const PublicURL = "https://api.github.com/"

// Config says where GitHub is and as whom to come. Token or App, not both.
type Config struct {
	BaseURL string // "" for PublicURL; an enterprise server's ends in /api/v3
	Token   secret.Text
	App     *App
}

// App is a GitHub App's installation to act as.
type App struct {
	ID, Installation int64
	Key              secret.Text // PEM
}

// Provider is GitHub. Its methods may be called concurrently.
type Provider struct {
	base      *url.URL
	wire      adapters.Wire
	who       authenticator
	reads     *github.Client    // behind the guard
	surveying http.RoundTripper // behind the guard; waits out rate limits
	writes    *github.Client    // Apply alone; the guarded one in a dry run
	downloads *http.Client      // without our token; GET only
	probes    *http.Client      // with a token that is tried instead of ours; reads whose it is
	open      *http.Client      // without any token; the guarded one in a dry run
	looks     adapters.Together[alive]
}

// New builds the provider. It does no I/O; a missing token shows when it is first
// needed, so that specs can be listed without one.
func New(c Config, w adapters.Wire) (*Provider, error) {
	base := c.BaseURL
	if base == "" {
		base = PublicURL
	}
	u, err := url.Parse(strings.TrimSuffix(base, "/") + "/")
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("github: %q is not an address; set GITHUB_API_URL to one like %s", c.BaseURL, PublicURL)
	}
	if c.App != nil && !c.Token.Empty() {
		return nil, errors.New("github: both a token and an App are configured; unset GITHUB_TOKEN or remove github.app from firebreak.yaml")
	}
	p := &Provider{base: u, wire: w}
	paced := limits{adapters.Paced(w, adapters.Pace{Provider: "github", Reads: 6, Gap: time.Second, Told: told, Quiet: quiet, PerMinute: 900}), w.Now}
	p.who = identify(c, u, paced, w)
	signed := signer{paced, p.who, u}
	reads := adapters.Under(u.Path, routes())
	p.reads = p.client(adapters.ReadOnly(signed, reads))
	p.surveying = adapters.ReadOnly(patient{signed}, reads)
	p.writes = p.client(signed)
	if w.ReadOnly {
		p.writes = p.reads
	}
	p.probes = adapters.Direct(adapters.ReadOnly(paced, adapters.Under(u.Path, []adapters.Route{{Name: "whose a token is", Method: http.MethodGet, Pattern: "/user"}, {Name: "whose an App's key is", Method: http.MethodGet, Pattern: "/app"}})), probing)
	p.open = adapters.Direct(paced, probing)
	if w.ReadOnly {
		p.open = p.probes
	}
	p.downloads = &http.Client{Transport: adapters.ReadOnlyFunc(w.Transport, plainGet)}
	return p, nil
}

// probing bounds a request that is made without our token.
const probing = time.Minute

func (p *Provider) client(rt http.RoundTripper) *github.Client {
	// A redirect would be followed with another method or to another host than the one judged.
	c := github.NewClient(&http.Client{Transport: rt, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }})
	c.BaseURL, c.UserAgent = p.base, p.agent()
	return c
}

func (p *Provider) agent() string {
	if p.wire.Agent == "" {
		return "firebreak"
	}
	return p.wire.Agent
}

func plainGet(r *http.Request) bool {
	return r.Method == http.MethodGet && r.Header.Get("Authorization") == ""
}

// Name implements adapters.Provider.
func (*Provider) Name() string { return "github" }

// Actions implements adapters.Provider.
func (p *Provider) Actions() []adapters.Action {
	return []adapters.Action{
		workflowDisable{p}, workflowEnable{p}, runsCancel{p}, secretPut{p}, logsExport{p}, cachesPurge{p}, workflowDispatch{p},
		artifactsExport{p}, accessReview{p}, runnerIsolate{p}, runnerRemove{p}, actionsStop{p}, actionsReopen{p}, deployKeysRemove{p}, hooksDeactivate{p},
		tokenMint{p}, tokenRevoke{p}, tokenTest{p}, appKeyMint{p}, appKeyRevoke{p}, appKeyTest{p}, deployKeyMint{p}, deployKeyRevoke{p}, deployKeyTest{p},
		orgActionsStop{p}, orgActionsReopen{p}, webhookMint{p}, webhookRevoke{p}, webhookTest{p},
		environmentFreeze{p}, environmentLift{p}, rulesetFreeze{p}, rulesetLift{p},
		forkApprovalRequire{p}, forkApprovalLift{p}, defaultTokenRestrict{p}, defaultTokenLift{p},
	}
}

// Issuers implements adapters.Provider.
func (*Provider) Issuers() []plan.Issuer {
	return []plan.Issuer{{
		Name: "github.deploy_key", Mint: "github.deploy_key.mint", Test: "github.deploy_key.test", Destroy: "github.deploy_key.revoke",
		Outputs: []string{"value"}, Provider: "github",
	}, {
		Name: "github.token", Mint: "github.token.mint", Test: "github.token.test", Destroy: "github.token.revoke",
		Outputs: []string{"value"}, Provider: "github",
	}, {
		Name: "github.app_key", Mint: "github.app_key.mint", Test: "github.app_key.test", Destroy: "github.app_key.revoke",
		Outputs: []string{"value"}, Provider: "github",
	}, {
		Name: "github.webhook", Mint: "github.webhook.mint", Test: "github.webhook.test", Destroy: "github.webhook.revoke",
		Replaces: true, Outputs: []string{"value"}, Provider: "github",
	}}
}

// Stores implements adapters.Provider.
func (*Provider) Stores() []plan.StoreKind {
	return []plan.StoreKind{{Name: "github.secret", Put: "github.secret.put", Provider: "github"}}
}
