package npm

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
)

// destroy is the call that deletes a token: an old one, or a mint's orphan.
func destroy(t token) plan.Call {
	return plan.Call{Key: "delete " + t.Key, Verb: "delete", Object: t.Key}
}

// delete removes a token by its key; one that is gone already is done.
func (p *Provider) delete(ctx context.Context, t adapters.Task, key string) plan.Outcome {
	req, err := p.c.request(ctx, http.MethodDelete, "/-/npm/v1/tokens/token/"+url.PathEscape(key), p.c.token, nil)
	if err != nil {
		return plan.Outcome{State: plan.Refused, Detail: err.Error()}
	}
	if otp := secret.NewString(p.getenv(t.Text("otp_env"))); !otp.Empty() {
		req.Header.Set("Npm-Otp", otp.Reveal())
	}
	o, status := p.c.send(req, nil)
	if status == http.StatusNotFound {
		return plan.Outcome{State: plan.Done, Request: o.Request, Detail: "the registry has no such token any more; the list tells whether that is so"}
	}
	return o
}

// deleted settles a deletion by the list.
func (p *Provider) deleted(t adapters.Task, c plan.Call, tokens []token) plan.Settlement {
	if slices.ContainsFunc(tokens, func(x token) bool { return x.Key == c.Object }) {
		return t.Absent(c, listing, "the token is still in the list")
	}
	return plan.Settlement{Happened: "yes", Detail: "the token is not in the list any more"}
}
