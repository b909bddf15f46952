package github

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
)

// A person's token (a personal access token, or one an app acts for somebody with) is
// known by nothing but its value: GitHub lists none to others, and takes one back from
// whoever can show it. Source: GitHub REST reference, "Revoke a list of credentials".

var tokenUser = plan.Field{Name: "user", Type: plan.String, Required: true, Doc: "login the token acts as"}

// revocable begins the values that GitHub takes back from whoever shows them.
var revocable = []string{"ghp_", "github_pat_", "gho_", "ghu_", "ghr_"}

// kindOf says what else a value is, "" where GitHub takes it back.
func kindOf(value secret.Text) string {
	for _, prefix := range revocable {
		if hasPrefix(value, prefix) {
			return ""
		}
	}
	if hasPrefix(value, "ghs_") {
		return "an installation token, which ends by itself within an hour; suspend the App's installation to end it sooner"
	}
	return "no token of a form that GitHub takes back (" + strings.Join(revocable, " ") + "); its owner deletes it in Settings, Developer settings"
}

// whose asks with a token whose it is. A 401 counts only where GitHub takes our own token
// at the same time: something in between may refuse everybody.
func (p *Provider) whose(ctx context.Context, value secret.Text) (login string, code int, server time.Time, err error) {
	login, code, server, err = p.tried(ctx, value)
	if err == nil && code == http.StatusUnauthorized {
		if _, err := get(ctx, p.reads, "rate_limit", &struct{}{}); err != nil {
			return "", 0, server, fmt.Errorf("GitHub takes no token at all now: %w", err)
		}
	}
	return login, code, server, err
}

func (p *Provider) tried(ctx context.Context, value secret.Text) (login string, code int, server time.Time, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base.JoinPath("user").String(), nil)
	if err != nil {
		return "", 0, server, err
	}
	req.Header.Set("Accept", "application/vnd.github+json")
	req.Header.Set("User-Agent", p.agent())
	present(req, value)
	var user struct {
		Login string `json:"login"`
	}
	resp, err := p.probes.Do(req)
	if err != nil {
		return "", 0, server, err
	}
	if server, err = http.ParseTime(resp.Header.Get("Date")); err != nil {
		server = time.Time{}
	}
	err = decodeProbe(resp, &user)
	return user.Login, resp.StatusCode, server, err
}

func tokenTarget(user string) plan.Target {
	return plan.Target{Provider: "github", Kind: "token", ID: user, Name: "the token of " + user}
}

func nothingToSend() adapters.Result {
	return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Detail: "this action only reads; there is nothing to send"}}
}

func probeFailed(code int, err error) plan.Reading {
	if err != nil {
		return unread("try the token", err)
	}
	return plan.Reading{State: plan.Unknown, Detail: fmt.Sprintf("GitHub answers %d to the token, which says neither that it works nor that it does not", code)}
}
