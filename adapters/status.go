package adapters

import (
	"errors"
	"fmt"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
)

// Unconfigured is the error of a provider that was not told where it is or who we
// are. Its text says what to set. Nothing was sent.
type Unconfigured string

func (u Unconfigured) Error() string { return string(u) }

// NotThere is the error of something a user named that does not exist, as far as our
// credential may see. Its text says what. Nothing was changed.
type NotThere string

func (n NotThere) Error() string { return string(n) }

// Status is the error of a read which was answered with something else than what
// was asked for. It says nothing of the body: what a server sends is untrusted and
// may echo a credential.
type Status struct {
	Method string
	Path   string // without query
	Code   int
	// RetryAfter is when the provider wants to be asked again; 0 when it did not say.
	RetryAfter time.Duration
}

// Passing reports whether a listing that failed with this status is worth another
// try: no answer (0), a success that could not be read, a limit, or the server's own
// trouble. A missing permission is not.
func Passing(status int) bool { return status < 400 || status == 429 || status >= 500 }

// StatusOf gives the status an error carries, 0 when there is none.
func StatusOf(err error) int {
	var s *Status
	if errors.As(err, &s) {
		return s.Code
	}
	var c *coded
	if errors.As(err, &c) {
		return c.code
	}
	return 0
}

// Coded gives an error in a provider's own words the status it was answered with, for
// StatusOf; 0 for none.
func Coded(err error, status int) error { return &coded{err, status} }

type coded struct {
	error
	code int
}

func (c *coded) Unwrap() error { return c.error }

func (s *Status) Error() string {
	hint := ""
	switch s.Code {
	case 401:
		hint = "; the credential is not accepted, check that it is set and still alive"
	case 403:
		hint = "; check the credential's permissions"
	case 404:
		hint = "; it does not exist, or the credential may not see it"
	case 429:
		hint = "; asked too often, it is tried again later"
	}
	return fmt.Sprintf("%s %s answered %d%s", s.Method, s.Path, s.Code, hint)
}

// Unread is the reading of a target that could not be looked at.
func Unread(err error) plan.Reading {
	r := plan.Reading{State: plan.Unknown, Detail: Cause(err), Wait: plan.Duration(Waiting(err))}
	var s *Status
	if errors.As(err, &s) {
		r.Wait = plan.Duration(s.RetryAfter)
	}
	var lacks Unconfigured
	r.Final = errors.As(err, &lacks) // asking again gives the same
	return r
}

// Unsettled is the settlement of a call whose effect could not be looked for.
func Unsettled(err error) plan.Settlement {
	return plan.Settlement{Happened: "unknown", Wait: max(Unread(err).Wait, plan.Duration(5*time.Second)), Detail: Cause(err)}
}
