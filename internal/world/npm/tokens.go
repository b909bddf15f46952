package npm

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// minted begins the register's name of tokens made through the API.
const minted = "npm token "

// Mask is how the registry shows a token's value.
func Mask(value string) string {
	if len(value) < 16 {
		return "npm_..."
	}
	return value[:8] + "..." + value[len(value)-4:]
}

type tokenJSON struct {
	Token    string   `json:"token"`
	Key      string   `json:"key"`
	Name     string   `json:"name,omitempty"`
	CIDR     []string `json:"cidr_whitelist"`
	ReadOnly bool     `json:"readonly"`
	Created  string   `json:"created"`
}

func (t *Token) json(shown string) tokenJSON {
	return tokenJSON{Token: shown, Key: t.Key, Name: t.Label, ReadOnly: t.ReadOnly, Created: t.Created.UTC().Format(time.RFC3339)}
}

func (r *Registry) whoami(w http.ResponseWriter, req *http.Request, _ route) {
	t := r.caller(req)
	if t == nil {
		refuse(w, http.StatusUnauthorized, "unauthorized")
		return
	}
	reply(w, http.StatusOK, map[string]string{"username": t.User})
}

func (r *Registry) listTokens(w http.ResponseWriter, req *http.Request, _ route) {
	me := r.caller(req)
	if me == nil {
		refuse(w, http.StatusUnauthorized, "unauthorized")
		return
	}
	all := []tokenJSON{}
	for _, t := range r.state.Tokens {
		if t.User == me.User && t.Deleted.IsZero() {
			all = append(all, t.json(Mask(t.Value)))
		}
	}
	size := r.state.PageSize
	if n, err := strconv.Atoi(req.URL.Query().Get("perPage")); err == nil && n > 0 {
		size = min(n, size)
	}
	page, err := strconv.Atoi(req.URL.Query().Get("page"))
	if err != nil || page < 0 {
		page = 0
	}
	urls := map[string]string{}
	end := min(len(all), (page+1)*size)
	if end < len(all) {
		urls["next"] = fmt.Sprintf("/-/npm/v1/tokens?page=%d&perPage=%d", page+1, size)
	}
	reply(w, http.StatusOK, map[string]any{"objects": all[min(len(all), page*size):end], "total": len(all), "urls": urls})
}

// writer is the calling token when it may change tokens, which a read-only one may
// not; it has answered otherwise.
func (r *Registry) writer(w http.ResponseWriter, req *http.Request) *Token {
	me := r.caller(req)
	switch {
	case me == nil:
		refuse(w, http.StatusUnauthorized, "unauthorized")
	case me.ReadOnly:
		refuse(w, http.StatusForbidden, "a read-only token may not do this")
	default:
		return me
	}
	return nil
}

func (r *Registry) createToken(w http.ResponseWriter, req *http.Request, _ route) {
	me := r.writer(w, req)
	if me == nil {
		return
	}
	var body struct {
		Password string `json:"password"`
		Name     string `json:"name"`
		ReadOnly bool   `json:"readonly"`
	}
	if !decode(w, req, &body) {
		return
	}
	u := r.user(me.User)
	if u == nil || u.Password != body.Password {
		refuse(w, http.StatusUnauthorized, "incorrect or missing password")
		return
	}
	if u.OTP != "" && req.Header.Get("Npm-Otp") != u.OTP {
		w.Header().Set("WWW-Authenticate", "OTP")
		refuse(w, http.StatusUnauthorized, "You must provide a one-time pass")
		return
	}
	t := &Token{
		Key: r.core.Text(36), Value: "npm_" + r.core.Text(36), User: me.User,
		Label: body.Name, ReadOnly: body.ReadOnly, Created: r.core.Now(),
	}
	t.Name = minted + strconv.FormatInt(r.core.ID(), 10)
	r.core.Born(t.Name, t.Value)
	r.state.Tokens = append(r.state.Tokens, t)
	reply(w, http.StatusCreated, t.json(t.Value))
}

// deleteToken takes the token out of the listing now and lets it die later.
// A token's owner is the only one who may; an unknown key is 404.
func (r *Registry) deleteToken(w http.ResponseWriter, req *http.Request, rt route) {
	me := r.writer(w, req)
	if me == nil {
		return
	}
	now := r.core.Now()
	for _, t := range r.state.Tokens {
		if t.User == me.User && (t.Key == rt.object || t.Value == rt.object) && t.Deleted.IsZero() {
			t.Deleted, t.Dead = now, now.Add(r.core.Delay(Delay))
			r.core.Dies(t.Name, t.Dead, "deleted by "+me.Name)
			w.WriteHeader(http.StatusNoContent)
			return
		}
	}
	refuse(w, http.StatusNotFound, "token not found")
}

func (r *Registry) user(name string) *User {
	for i := range r.state.Users {
		if r.state.Users[i].Name == name {
			return &r.state.Users[i]
		}
	}
	return nil
}
