package postgres

import (
	"net/url"
	"strings"

	"github.com/firebreak/firebreak/internal/secret"
)

// value is what consumers read.
func value(template, role string, password secret.Text) secret.Text {
	if template == "" {
		return password
	}
	return secret.NewString(strings.NewReplacer("{role}", url.QueryEscape(role), "{password}", url.QueryEscape(password.Reveal())).Replace(template))
}

// login takes a value apart: the role it names, "" where it is a password alone, and the
// password.
func login(v secret.Text) (role string, password secret.Text) {
	u, err := url.Parse(v.Reveal())
	if err != nil || u.User == nil || u.Host == "" {
		return "", v
	}
	p, _ := u.User.Password()
	return u.User.Username(), secret.NewString(p)
}
