package vault

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"

	"github.com/firebreak/firebreak/adapters"
)

// blockedClaim is a bound claim of ours. Its list of accepted values is empty, so that
// no JWT has one of them, whatever its issuer puts in: bound claims are ANDed, and the
// values of one are ORed. A JWT without the claim is refused before that.
// Source: hashicorp/vault-plugin-auth-jwt, claims.go, validateBoundClaims.
const blockedClaim = "firebreak_blocked"

// roleDocument is a JWT role as the server has it. What it holds is kept as it is.
type roleDocument map[string]any

// parseRoleDocument reads a role of a snapshot or an answer; numbers stay as written.
func parseRoleDocument(raw json.RawMessage) (roleDocument, error) {
	var d roleDocument
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&d); err != nil {
		return nil, errors.New("the role is no plain data")
	}
	if len(d) == 0 {
		return nil, errors.New("the role has no fields; is this a JWT auth mount?")
	}
	if _, err := d.claims(); err != nil {
		return nil, err
	}
	return d, nil
}

// claims are the role's bound claims; nil when there are none.
func (d roleDocument) claims() (map[string]any, error) {
	if d["bound_claims"] == nil {
		if _, ok := d["bound_claims"]; !ok {
			return nil, errors.New("the role has no bound_claims; is this a JWT auth mount?")
		}
		return nil, nil
	}
	c, ok := d["bound_claims"].(map[string]any)
	if !ok {
		return nil, errors.New("the role's bound_claims are no map")
	}
	return c, nil
}

// blocked reports whether our claim stands as we write it.
func (d roleDocument) blocked() bool {
	c, err := d.claims()
	if err != nil {
		return false
	}
	values, ok := c[blockedClaim].([]any)
	return ok && len(values) == 0
}

// block is the document to write: everything there was, and our claim. A write resets
// role_type and bound_claims_type where they are left out, so all of it is sent;
// what is null was never set, and stays so by being left out.
// Source: hashicorp/vault-plugin-auth-jwt, path_role.go, pathRoleCreateUpdate.
func (d roleDocument) block() (map[string]any, error) {
	have, err := d.claims()
	if err != nil {
		return nil, err
	}
	claims := maps.Clone(have)
	if claims == nil {
		claims = map[string]any{}
	}
	claims[blockedClaim] = []any{}
	out := map[string]any{}
	for k, v := range d {
		if v != nil {
			out[k] = v
		}
	}
	out["bound_claims"] = claims
	return out, nil
}

// document reads a role's document. One that is not there is an *adapters.Status with 404.
func (c *client) document(ctx context.Context, r jwtRole) (roleDocument, error) {
	raw, err := c.role(ctx, r)
	if err != nil {
		return nil, err
	}
	d, err := parseRoleDocument(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r, err)
	}
	return d, nil
}

// writeRole writes a role's whole document.
func (c *client) writeRole(ctx context.Context, r jwtRole, doc map[string]any) (*http.Response, error) {
	ctx, resp := listen(ctx)
	_, err := c.writes.Logical().WriteWithContext(ctx, r.String(), doc)
	return *resp, err
}

func absent(err error) bool {
	var s *adapters.Status
	return errors.As(err, &s) && s.Code == http.StatusNotFound
}
