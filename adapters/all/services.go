package all

import (
	"github.com/firebreak/firebreak/adapters/httpapi"
	"github.com/firebreak/firebreak/internal/config"
)

// services gives the services declared under http: in firebreak.yaml.
func services(env map[string]string, cfg config.Config) httpapi.Config {
	out := httpapi.Config{Services: map[string]httpapi.Service{}, Getenv: func(name string) string { return env[name] }}
	for name, s := range cfg.Services {
		x := httpapi.Service{
			URL: s.URL, Auth: httpapi.Auth{Header: s.Header, Scheme: s.Scheme, Env: s.Env, Own: s.Own}, Page: s.Page, Death: s.Death,
			List: request(s.List), Mint: request(s.Mint), Destroy: request(s.Destroy), Probe: request(s.Probe), Checks: map[string]*httpapi.Request{},
		}
		for check, r := range s.Checks {
			x.Checks[check] = request(r)
		}
		out.Services[name] = x
	}
	return out
}

func request(r *config.Request) *httpapi.Request {
	if r == nil {
		return nil
	}
	return &httpapi.Request{
		Method: r.Method, Path: r.Path, Body: r.Body, OK: r.OK, Already: r.Already, Refused: r.Refused,
		Items: r.Items, ID: r.ID, Created: r.Created, Hint: r.Hint, Next: r.Next, Value: r.Value, Is: r.Is,
	}
}
