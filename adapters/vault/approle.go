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
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// An AppRole's secret-id is a password of which the role may have many; its accessor names
// it and logs nobody in. The role id stands beside it, is the same for all of them, and is
// kept. What a login made is a token, which outlives the secret-id.
// Source: Vault API documentation, "AppRole".

// appRole is a role of an AppRole auth mount. Vault keeps role names in lower case.
type appRole struct{ jwtRole }

func appRoleOf(text func(string) string) appRole {
	return appRole{newRole(or(text("mount"), "approle"), text("role"))}
}

func (r appRole) id() string { return r.mount + "/" + r.name }

// issued reports whether a login with the role made the token. The name is put there by
// the server, whatever metadata the secret-id has.
// Source: hashicorp/vault, builtin/credential/approle, path_login.go.
func (r appRole) issued(t token) bool {
	return t.Path == "auth/"+r.mount+"/login" && t.Meta["role_name"] == r.name
}

func appRoleInputs(more ...plan.Field) []plan.Field {
	return append([]plan.Field{
		{Name: "role", Type: plan.String, Required: true, Doc: "AppRole"},
		{Name: "mount", Type: plan.String, Doc: "auth mount of the role; approle when left out"},
	}, more...)
}

func wantedAppRoles(scope adapters.Scope) []appRole {
	var out []appRole
	for _, sel := range scope.Issuers {
		if sel.Name == "vault.approle" && sel.With["role"] != "" {
			out = append(out, appRoleOf(func(name string) string { return sel.With[name] }))
		}
	}
	slices.SortFunc(out, func(a, b appRole) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(out)
}

// findAppRole gives the surveyed role that the inputs name.
func findAppRole(in adapters.Inputs, s *snapshot.Snapshot) (appRole, *snapshot.VaultAppRole, *snapshot.Vault, error) {
	r := appRoleOf(in.Text)
	if err := clean(r.mount, r.name); err != nil {
		return r, nil, nil, err
	}
	var found *snapshot.VaultAppRole
	v, err := surveyed(s, func(v *snapshot.Vault) bool {
		for i := range v.AppRoles {
			if v.AppRoles[i].Mount == r.mount && v.AppRoles[i].Name == r.name {
				found = &v.AppRoles[i]
				return true
			}
		}
		return false
	}, &adapters.Missing{
		What:  "Vault AppRole " + r.String(),
		Scope: adapters.Scope{Issuers: []adapters.Selector{{Name: "vault.approle", With: map[string]string{"mount": r.mount, "role": r.name}}}},
	})
	return r, found, v, err
}

func (r appRole) target(selector bool) plan.Target {
	return plan.Target{Provider: "vault", Kind: "approle", ID: r.id(), Name: r.name, Selector: selector}
}

// loose says what logs in without a secret-id, so that destroying one ends nothing.
func loose(x *snapshot.VaultAppRole) []plan.Gap {
	var d struct {
		Bound *bool `json:"bind_secret_id"`
	}
	if json.Unmarshal(x.Raw, &d) == nil && d.Bound != nil && !*d.Bound {
		return []plan.Gap{{What: "AppRole " + x.Name, Why: "it asks for no secret-id (bind_secret_id is false): whoever knows its role id logs in, whatever is rotated; set bind_secret_id"}}
	}
	return nil
}

// accessorsImage is the before-image of a call: the secret-ids there were.
type accessorsImage struct {
	Accessors []string `json:"accessors"`
}

func accessorsBefore(all []string) json.RawMessage {
	return plan.Image(accessorsImage{append([]string{}, all...)})
}

func accessorsOf(x *snapshot.VaultAppRole) []string {
	var out []string
	for _, s := range x.SecretIDs {
		out = append(out, s.Accessor)
	}
	slices.Sort(out)
	return out
}

// olds are the old values at hand. Of a pair one may be the role id, which the server
// does not know as a secret-id.
func olds(t adapters.Task) []secret.Text {
	var names []string
	for name := range t.Secrets {
		if name == "old" || strings.HasPrefix(name, "old.") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var out []secret.Text
	for _, n := range names {
		if !t.Secrets[n].Empty() {
			out = append(out, t.Secrets[n])
		}
	}
	return out
}

// secretIDs lists the accessors of a role's secret-ids, sorted.
func (c *client) secretIDs(ctx context.Context, r appRole) ([]string, error) {
	if c.reads == nil {
		return nil, errNoAddress
	}
	what := r.String() + "/secret-id"
	ctx, resp := listen(ctx)
	s, err := c.reads.Logical().ListWithContext(ctx, what)
	if err == nil && *resp != nil && (*resp).StatusCode == http.StatusNotFound {
		return nil, c.exists(ctx, r) // none is an answer, but not of a role that is not there
	}
	if s, err = c.answered(s, err, *resp, http.MethodGet, what); err != nil {
		return nil, err
	}
	l, ok := s.Data["keys"].([]any)
	if !ok {
		return nil, errors.New("the list of secret-ids has no keys; is this a Vault server?")
	}
	var out []string
	for _, k := range l {
		a, ok := k.(string)
		if !ok || a == "" {
			return nil, errors.New("the list of secret-ids has an entry that is none")
		}
		out = append(out, a)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// exists reads a role; its not being there is an error.
func (c *client) exists(ctx context.Context, r appRole) error {
	_, err := c.role(ctx, r.jwtRole)
	return err
}

// asks is a write that changes nothing: it is looked at what the server knows. nil where
// it knows nothing of the kind.
func (c *client) asks(ctx context.Context, what string, body map[string]any) (*api.Secret, error) {
	if c.reads == nil {
		return nil, errNoAddress
	}
	ctx, resp := listen(ctx)
	s, err := c.reads.Logical().WriteWithContext(ctx, what, body)
	if err == nil && *resp != nil && (*resp).StatusCode == http.StatusNoContent {
		return nil, nil
	}
	return c.answered(s, err, *resp, http.MethodPut, what)
}

// knows asks for the accessor of a value; "" where the role has no such secret-id.
func (c *client) knows(ctx context.Context, r appRole, value secret.Text) (string, error) {
	what := r.String() + "/secret-id/lookup"
	s, err := c.asks(ctx, what, map[string]any{"secret_id": value.Reveal()})
	if err != nil || s == nil {
		return "", err
	}
	a, _ := s.Data["secret_id_accessor"].(string)
	if a == "" {
		return "", errors.New("the answer to " + what + " names no accessor; is this a Vault server?")
	}
	return a, nil
}

// secretID looks an accessor up; nil where it is gone.
func (c *client) secretID(ctx context.Context, r appRole, accessor string) (*snapshot.VaultSecretID, error) {
	s, err := c.asks(ctx, r.String()+"/secret-id-accessor/lookup", map[string]any{"secret_id_accessor": accessor})
	if absent(err) || err == nil && s == nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	x := &snapshot.VaultSecretID{Accessor: accessor, CIDRs: words(s.Data["cidr_list"]), TokenCIDRs: words(s.Data["token_bound_cidrs"])}
	if at, ok := s.Data["creation_time"].(string); ok {
		if x.Created, err = time.Parse(time.RFC3339Nano, at); err != nil {
			return nil, fmt.Errorf("the creation time of secret-id %s cannot be read: %w", accessor, err)
		}
	}
	if m, ok := s.Data["metadata"].(map[string]any); ok {
		for k, v := range m {
			if x.Metadata == nil {
				x.Metadata = map[string]string{}
			}
			x.Metadata[k] = fmt.Sprint(v)
		}
	}
	return x, nil
}

func words(v any) []string {
	l, _ := v.([]any)
	var out []string
	for _, x := range l {
		out = append(out, fmt.Sprint(x))
	}
	return out
}

// appRole reads a role with its secret-ids. One that ended between the list and its
// lookup is left out.
func (c *client) appRole(ctx context.Context, r appRole) (snapshot.VaultAppRole, error) {
	out := snapshot.VaultAppRole{Mount: r.mount, Name: r.name}
	var err error
	if out.Raw, err = c.role(ctx, r.jwtRole); err != nil {
		return out, err
	}
	all, err := c.secretIDs(ctx, r)
	if err != nil {
		return out, err
	}
	for _, a := range all {
		x, err := c.secretID(ctx, r, a)
		if err != nil {
			return out, err
		}
		if x != nil {
			out.SecretIDs = append(out.SecretIDs, *x)
		}
	}
	return out, nil
}

// destroyID is the call that ends one secret-id; by tells how it is known that it is meant.
func destroyID(accessor, by string, before []string) plan.Call {
	return plan.Call{
		Key: "destroy " + accessor, Verb: "destroy", Object: "secret-id with accessor " + accessor,
		Args: map[string]string{"accessor": accessor, "by": by}, Before: accessorsBefore(before),
	}
}

// destroy sends it. Of one that is not there the server makes an error of its own.
func (c *client) destroy(ctx context.Context, t adapters.Task, call plan.Call) adapters.Result {
	if c.writes == nil {
		return refused(errNoAddress.Error(), false)
	}
	asked, resp := listen(ctx)
	_, err := c.writes.Logical().WriteWithContext(asked, appRoleOf(t.Text).String()+"/secret-id-accessor/destroy", map[string]any{"secret_id_accessor": call.Args["accessor"]})
	return adapters.Result{Outcome: c.judged(err, *resp, permitDestroyID)}
}

// destroyed settles a destruction: whose it was makes no difference.
func (c *client) destroyed(ctx context.Context, t adapters.Task, call plan.Call) plan.Settlement {
	all, err := c.secretIDs(ctx, appRoleOf(t.Text))
	switch {
	case err != nil:
		return adapters.Unsettled(err)
	case slices.Contains(all, call.Args["accessor"]):
		return t.Absent(call, settle, "the secret-id is still there")
	}
	return plan.Settlement{Happened: "yes", Detail: "the secret-id is gone"}
}
