package github

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/go-github/v62/github"

	"github.com/firebreak/firebreak/adapters"
)

// advised says of a read that failed what it was and what to do about it.
func advised(err error) error {
	var said *github.ErrorResponse
	if errors.As(err, &said) && said.Response != nil {
		code := said.Response.StatusCode
		text := fmt.Sprintf("GitHub answered %d%s; %s", code, quoted(said.Message), remedy(code))
		if code == http.StatusUnauthorized || code == http.StatusForbidden {
			err = errors.Join(err, adapters.Unconfigured(text)) // a mistake of the user's, not of ours
		}
		return &explained{text, err}
	}
	var (
		limited *Limited
		syntax  *json.SyntaxError
		kind    *json.UnmarshalTypeError
		unset   adapters.Unconfigured
	)
	switch {
	case errors.As(err, &limited):
		return err // it says itself when to come back
	case errors.As(err, &unset):
		return &explained{string(unset), err} // it says what to set
	case errors.As(err, &syntax), errors.As(err, &kind):
		return &explained{"what answers there does not speak GitHub's API; check GITHUB_API_URL (GitHub Enterprise Server: https://HOST/api/v3)", err}
	case adapters.Unsent(err):
		return &explained{adapters.Cause(err) + "; check GITHUB_API_URL and the network", err}
	}
	return err
}

func quoted(message string) string {
	if message == "" {
		return ""
	}
	return fmt.Sprintf(" (%q)", message)
}

func remedy(code int) string {
	switch {
	case code == http.StatusUnauthorized:
		return "it does not accept the token: set another one in GITHUB_TOKEN"
	case code == http.StatusForbidden:
		return "the token may not read this: give it the permission, or authorize it for the organization's single sign-on"
	case code == http.StatusNotFound:
		return "it does not exist, or the token may not see it"
	case code >= http.StatusInternalServerError:
		return "it has trouble of its own: try again, and look at its status page"
	}
	return "check GITHUB_API_URL and the token"
}

// explained is an error in our words; what it wraps still tells its kind.
type explained struct {
	text string
	err  error
}

func (t *explained) Error() string { return t.text }
func (t *explained) Unwrap() error { return t.err }
