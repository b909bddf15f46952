// Package all is the explicit list of providers, and how their settings come out
// of a user's environment.
//
// FromEnvironment takes the environment as data. A rehearsal gives it the world's
// variables alone, so nothing of the machine's own can reach a provider.
package all

import (
	"maps"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/aws"
	"github.com/firebreak/firebreak/adapters/github"
	"github.com/firebreak/firebreak/adapters/httpapi"
	"github.com/firebreak/firebreak/adapters/manual"
	"github.com/firebreak/firebreak/adapters/npm"
	"github.com/firebreak/firebreak/adapters/postgres"
	"github.com/firebreak/firebreak/adapters/vault"
)

// Settings say where every provider is and as whom to come. The zero value gives
// providers that can describe themselves and reach nothing.
type Settings struct {
	GitHub github.Config
	AWS    aws.Config
	Vault  vault.Config
	NPM    npm.Config
	HTTP   httpapi.Config
	DB     postgres.Config
}

// Providers lists every provider there is. It does no I/O.
func Providers(s Settings, w adapters.Wire) ([]adapters.Provider, error) {
	gh, err := github.New(s.GitHub, w)
	if err != nil {
		return nil, err
	}
	v, err := vault.New(s.Vault, w)
	if err != nil {
		return nil, err
	}
	registry, err := npm.New(s.NPM, w)
	if err != nil {
		return nil, err
	}
	services, err := httpapi.New(s.HTTP, w)
	if err != nil {
		return nil, err
	}
	return []adapters.Provider{gh, aws.New(s.AWS, w), v, registry, services, postgres.New(s.DB, w), manual.New()}, nil
}

// Catalogue is what all providers can do, made without settings or I/O.
func Catalogue() (*adapters.Catalogue, error) {
	providers, err := Providers(Settings{}, adapters.Wire{})
	if err != nil {
		return nil, err
	}
	return adapters.NewCatalogue(providers)
}

// Endpoints are the addresses in use, by provider, for the journal: resume refuses
// when one has changed. They hold no credential.
func (s Settings) Endpoints() map[string]string {
	out := map[string]string{"github": s.GitHub.BaseURL}
	if out["github"] == "" {
		out["github"] = github.PublicURL
	}
	if s.Vault.Address != "" {
		out["vault"] = s.Vault.Address
	}
	if s.NPM.Registry != "" {
		out["npm"] = s.NPM.Registry
	}
	for name, x := range s.HTTP.Services {
		out["http."+name] = x.URL
	}
	var accounts []string
	for _, name := range slices.Sorted(maps.Keys(s.AWS.Accounts)) {
		at := s.AWS.Accounts[name].Endpoint
		if at == "" {
			at = "aws"
		}
		accounts = append(accounts, name+"="+at)
	}
	if len(accounts) > 0 {
		out["aws"] = strings.Join(accounts, " ")
	}
	return out
}
