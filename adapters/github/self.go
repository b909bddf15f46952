package github

import (
	"context"
	"fmt"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
)

// Self implements adapters.Provider. The account is the API's host: GitHub has no
// other identity of its own that every token may read.
func (p *Provider) Self(ctx context.Context) (adapters.Self, error) {
	if app, ok := p.who.(*installation); ok {
		if _, err := app.token(ctx); err != nil {
			return adapters.Self{}, fmt.Errorf("ask GitHub who we are: %w", err)
		}
		who := fmt.Sprintf("app/%d", app.app.ID)
		return adapters.Self{Provider: "github", Account: p.base.Host, Who: who, Kills: []string{"github:token:" + who}}, nil
	}
	var user struct {
		Login string `json:"login"`
	}
	server, err := get(ctx, p.reads, "user", &user)
	if err != nil {
		return adapters.Self{}, adapters.Coded(fmt.Errorf("ask GitHub who we are: %w; check GITHUB_TOKEN", err), status(err))
	}
	self := adapters.Self{Provider: "github", Account: p.base.Host, Who: user.Login, Kills: []string{"github:token:" + user.Login}}
	if !server.IsZero() {
		self.Skew = plan.Duration(server.Sub(p.wire.Now()))
	}
	return self, nil
}
