package vault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// token is a token as a lookup shows it; never its value.
type token struct {
	Accessor string
	Path     string
	Type     string
	Policies []string
	Meta     map[string]string
	Created  time.Time
	Orphan   bool
}

// of reports whether a login with the role made the token.
// Source: Vault documentation, "JWT/OIDC auth": metadata "role" of the login.
func (t token) of(r jwtRole) bool {
	return t.Path == "auth/"+r.mount+"/login" && t.Meta["role"] == r.name
}

// role gives the JWT role a login with which made the token.
func (t token) role() (jwtRole, bool) {
	mount, login := strings.CutSuffix(strings.TrimPrefix(t.Path, "auth/"), "/login")
	return jwtRole{mount, t.Meta["role"]}, login && t.Meta["role"] != ""
}

func (t token) snapshot() snapshot.VaultToken {
	return snapshot.VaultToken{Accessor: t.Accessor, Path: t.Path, Role: or(t.Meta["role"], t.Meta["role_name"]), Policies: t.Policies, Type: t.Type, Meta: t.Meta, Created: t.Created}
}

func parseToken(s *api.Secret) (token, error) {
	str := func(k string) string { v, _ := s.Data[k].(string); return v }
	t := token{Accessor: str("accessor"), Path: str("path"), Type: str("type"), Meta: map[string]string{}}
	t.Orphan, _ = s.Data["orphan"].(bool)
	if t.Path == "" {
		return t, errors.New("a token's lookup has no path; is this a Vault server?")
	}
	if at, ok := number(s.Data["creation_time"]); ok {
		t.Created = time.Unix(int64(at), 0).UTC()
	}
	if l, ok := s.Data["policies"].([]any); ok {
		for _, p := range l {
			t.Policies = append(t.Policies, fmt.Sprint(p))
		}
	}
	if m, ok := s.Data["meta"].(map[string]any); ok {
		for k, v := range m {
			t.Meta[k] = fmt.Sprint(v)
		}
	}
	return t, nil
}

// self is our own token.
func (c *client) self(ctx context.Context) (token, error) {
	s, err := c.read(ctx, "auth/token/lookup-self", nil)
	if err != nil {
		return token{}, err
	}
	return parseToken(s)
}

// accessors lists the accessors of every live service token, sorted.
func (c *client) accessors(ctx context.Context) ([]string, error) {
	if c.reads == nil {
		return nil, errNoAddress
	}
	ctx, resp := listen(ctx)
	s, err := c.reads.Logical().ListWithContext(ctx, "auth/token/accessors")
	if s, err = c.answered(s, err, *resp, http.MethodGet, "auth/token/accessors"); err != nil {
		return nil, err
	}
	l, ok := s.Data["keys"].([]any)
	if !ok {
		return nil, errors.New("the list of accessors has no keys; is this a Vault server?")
	}
	var out []string
	for _, k := range l {
		a, ok := k.(string)
		if !ok || a == "" {
			return nil, errors.New("the list of accessors has an entry that is none")
		}
		out = append(out, a)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// tokens looks every accessor up, one after the other. A token that ended between
// the list and its lookup is left out, which only a second list can tell from one
// we may not look up.
func (c *client) tokens(ctx context.Context) ([]token, error) {
	list, err := c.accessors(ctx)
	if err != nil {
		return nil, err
	}
	var all []token
	var refused []string
	var why error
	for _, a := range list {
		t, err := c.lookup(ctx, a)
		var s *adapters.Status
		switch {
		case err == nil:
			all = append(all, t)
		case errors.As(err, &s) && (s.Code == http.StatusBadRequest || s.Code == http.StatusForbidden || s.Code == http.StatusNotFound):
			refused, why = append(refused, a), err
		default:
			return nil, err
		}
	}
	if len(refused) == 0 {
		return all, nil
	}
	again, err := c.accessors(ctx)
	if err != nil {
		return nil, err
	}
	for _, a := range refused {
		if slices.Contains(again, a) {
			return nil, fmt.Errorf("accessor %s is in the list and cannot be looked up: %w", a, why)
		}
	}
	return all, nil
}

func (c *client) lookup(ctx context.Context, accessor string) (token, error) {
	ctx, resp := listen(ctx)
	s, err := c.reads.Auth().Token().LookupAccessorWithContext(ctx, accessor)
	if s, err = c.answered(s, err, *resp, http.MethodPost, "auth/token/lookup-accessor"); err != nil {
		return token{}, err
	}
	t, err := parseToken(s)
	t.Accessor = accessor
	return t, err
}

// role reads a JWT role as the server has it.
func (c *client) role(ctx context.Context, r jwtRole) (json.RawMessage, error) {
	s, err := c.read(ctx, r.String(), nil)
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(s.Data)
	if err != nil {
		return nil, errors.New("the role is no plain data")
	}
	return b, nil
}

type health struct {
	cluster string
	at      time.Time
}

// health asks who the server is; it needs no token.
func (c *client) health(ctx context.Context) (health, error) {
	if c.reads == nil {
		return health{}, errNoAddress
	}
	ctx, resp := listen(ctx)
	h, err := c.reads.Sys().HealthWithContext(ctx)
	switch {
	case err != nil:
		return health{}, c.plain(err, *resp)
	case !h.Initialized && h.ClusterID == "":
		return health{}, errors.New("the server does not say who it is; is this a Vault server?")
	case h.Sealed:
		return health{}, errors.New("vault is sealed; unseal it")
	}
	out := health{cluster: h.ClusterID}
	if h.ServerTimeUTC > 0 {
		out.at = time.Unix(h.ServerTimeUTC, 0)
	}
	return out, nil
}
