package vault

import (
	"hash/fnv"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const issuedName = "vault token "

// issued tells the name of a token made by a login.
func issued(name string) bool { return strings.HasPrefix(name, issuedName) }

func loginPath(mount string) string { return "auth/" + mount + "/login" }

func (v *Server) byAccessor(a string) *Token {
	for _, t := range v.state.Tokens {
		if a != "" && t.Accessor == a && t.live(v.core.Now()) {
			return t
		}
	}
	return nil
}

func (t *Token) json(now time.Time, withID bool) map[string]any {
	ttl := 0
	if t.TTL > 0 {
		ttl = int(t.Created.Add(t.TTL).Sub(now).Seconds())
	}
	d := map[string]any{
		"accessor": t.Accessor, "creation_time": t.Created.Unix(), "creation_ttl": int(t.TTL.Seconds()), "ttl": ttl,
		"path": t.Path, "policies": t.Policies, "meta": t.Meta, "type": t.Type, "orphan": t.Parent == "", "id": "",
		"display_name": "token", "entity_id": "", "expire_time": nil, "explicit_max_ttl": 0, "num_uses": 0,
	}
	switch role := t.Meta["role"]; {
	case role != "":
		d["display_name"], d["entity_id"] = "jwt-"+role, entity(t)
	case t.Meta["role_name"] != "":
		d["display_name"], d["entity_id"] = "approle", entity(t)
	}
	if t.TTL > 0 {
		d["expire_time"] = t.Created.Add(t.TTL).UTC().Format(time.RFC3339Nano)
		d["issue_time"], d["renewable"] = t.Created.UTC().Format(time.RFC3339Nano), t.Type == "service"
	}
	if withID {
		d["id"] = t.Value
	}
	return d
}

// entity is the id of the identity a login stands for.
func entity(t *Token) string {
	h := fnv.New64a()
	h.Write([]byte(t.Path + t.Meta["role"] + t.Meta["role_name"])) //nolint:errcheck // a hash takes everything
	return "entity-" + strconv.FormatUint(h.Sum64(), 16)
}

func (v *Server) lookupSelf(w http.ResponseWriter, _ *http.Request, _ route, me *Token) {
	data(w, me.json(v.core.Now(), true))
}

func (v *Server) accessor(w http.ResponseWriter, r *http.Request) (*Token, bool) {
	var body struct {
		Accessor string `json:"accessor"`
	}
	if !decode(w, r, &body) {
		return nil, false
	}
	if body.Accessor == "" {
		refuse(w, http.StatusBadRequest, listed("missing accessor"))
		return nil, false
	}
	return v.byAccessor(body.Accessor), true
}

func (v *Server) lookupAccessor(w http.ResponseWriter, r *http.Request, _ route, _ *Token) {
	switch t, ok := v.accessor(w, r); {
	case !ok:
	case t == nil:
		refuse(w, http.StatusBadRequest, listed("invalid accessor"))
	default:
		data(w, t.json(v.core.Now(), false))
	}
}

// revokeAccessor ends a token and every token made with it. One that is not there is
// a success with a warning.
func (v *Server) revokeAccessor(w http.ResponseWriter, r *http.Request, _ route, me *Token) {
	switch t, ok := v.accessor(w, r); {
	case !ok:
	case t == nil:
		reply(w, http.StatusOK, map[string]any{"warnings": []string{"No token found with this accessor"}})
	default:
		v.revoke(t, "revoked by "+me.Name)
		w.WriteHeader(http.StatusNoContent)
	}
}

func (v *Server) revoke(t *Token, why string) {
	now := v.core.Now()
	if t.live(now) {
		t.Dead = now
		v.core.Dies(t.Name, now, why)
	}
	for _, child := range v.state.Tokens {
		if t.Accessor != "" && child.Parent == t.Accessor && child.live(now) {
			v.revoke(child, why+" with its parent")
		}
	}
}

func (v *Server) listAccessors(w http.ResponseWriter, _ *http.Request, _ route, _ *Token) {
	keys := []string{}
	for _, t := range v.state.Tokens {
		if t.Accessor != "" && t.live(v.core.Now()) {
			keys = append(keys, t.Accessor)
		}
	}
	slices.Sort(keys)
	if len(keys) == 0 {
		refuse(w, http.StatusNotFound)
		return
	}
	data(w, map[string]any{"keys": keys})
}
