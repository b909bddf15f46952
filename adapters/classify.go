package adapters

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
)

// Classify says what became of one mutating request, by its answer alone:
//
//	nothing was sent (blocked, refused to connect)   refused
//	no answer, or one that broke off                 unknown
//	2xx that could be read                           done
//	429, or 403 and 503 that name a time to return   refused, temporary
//	408 and other 5xx                                unknown: it may have been done
//	everything else                                  refused
//
// resp may come with an err (a client which turns statuses into errors): the
// status then decides, but a 2xx with an error did not parse and is unknown.
// A provider which promises more (its 500 never did anything) says so itself.
// The detail names method, path and status, never a query, header or body.
func Classify(resp *http.Response, err error, now time.Time) plan.Outcome {
	if resp == nil {
		return unanswered(err)
	}
	o := plan.Outcome{Request: requestID(resp), Detail: describe(resp)}
	after, limited := RetryAfter(resp, now)
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300 && err == nil:
		o.State, o.Detail = plan.Done, ""
	case code >= 200 && code < 300:
		o.State, o.Detail = plan.Unknown, o.Detail+", but the answer cannot be read"
	case code == http.StatusTooManyRequests,
		limited && (code == http.StatusForbidden || code == http.StatusServiceUnavailable):
		o.State, o.Temporary, o.RetryAfter = plan.Refused, true, plan.Duration(after)
	case code >= 500 || code == http.StatusRequestTimeout:
		o.State = plan.Unknown
	default:
		o.State = plan.Refused
	}
	return o
}

func unanswered(err error) plan.Outcome {
	o := plan.Outcome{State: plan.Unknown, Detail: Cause(err)}
	var blocked *Blocked
	switch {
	case err == nil:
		o.Detail = "no answer"
	case errors.As(err, &blocked):
		o.State = plan.Refused
	case Unsent(err):
		o.State, o.Temporary, o.RetryAfter = plan.Refused, true, plan.Duration(Waiting(err))
	}
	return o
}

// Unsent reports whether err shows that no byte of the request's own content
// left: the connection was never made, or the request was given up before.
func Unsent(err error) bool {
	var (
		blocked *Blocked
		notSent *NotSent
		op      *net.OpError
		cert    *tls.CertificateVerificationError
		dns     *net.DNSError
	)
	return errors.As(err, &blocked) || errors.As(err, &notSent) || errors.As(err, &cert) || errors.As(err, &dns) ||
		errors.As(err, &op) && op.Op == "dial"
}

// Cause gives err as text without the query of a URL, which may carry a token.
func Cause(err error) string {
	if err == nil {
		return ""
	}
	var u *url.Error
	if !errors.As(err, &u) {
		return err.Error()
	}
	if at, perr := url.Parse(u.URL); perr == nil {
		return u.Op + " " + at.Path + ": " + Cause(u.Err)
	}
	return u.Op + ": " + Cause(u.Err)
}

// RetryAfter reads when a provider wants to be asked again: the Retry-After
// header in seconds or as a date, or GitHub's X-RateLimit-Reset when nothing
// remains. ok is false when it said nothing.
// Source: RFC 9110, 10.2.3; GitHub REST reference, "Rate limits for the REST API".
func RetryAfter(resp *http.Response, now time.Time) (after time.Duration, ok bool) {
	if v := resp.Header.Get("Retry-After"); v != "" {
		if n, err := strconv.Atoi(v); err == nil && n >= 0 {
			return time.Duration(n) * time.Second, true
		}
		if at, err := http.ParseTime(v); err == nil {
			return max(0, at.Sub(serverTime(resp, now))), true
		}
	}
	if resp.Header.Get("X-RateLimit-Remaining") == "0" {
		if n, err := strconv.ParseInt(resp.Header.Get("X-RateLimit-Reset"), 10, 64); err == nil {
			return max(0, time.Unix(n, 0).Sub(serverTime(resp, now))), true
		}
		return 0, true
	}
	return 0, false
}

// serverTime is the provider's own clock where it shows it: skew must not turn a
// wait into none.
func serverTime(resp *http.Response, now time.Time) time.Time {
	if at := Server(resp); !at.IsZero() {
		return at
	}
	return now
}

// Server is the provider's time by its Date header; zero when it gave none.
func Server(resp *http.Response) time.Time {
	if resp == nil {
		return time.Time{}
	}
	at, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return at
}

func describe(resp *http.Response) string {
	if resp.Request == nil || resp.Request.URL == nil {
		return fmt.Sprintf("answered %d", resp.StatusCode)
	}
	return fmt.Sprintf("%s %s answered %d", resp.Request.Method, resp.Request.URL.Path, resp.StatusCode)
}

func requestID(resp *http.Response) string {
	for _, h := range []string{"X-GitHub-Request-Id", "X-Amzn-Requestid", "X-Vault-Request-Id", "Npm-Request-Id", "X-Request-Id"} {
		if v := resp.Header.Get(h); v != "" {
			return v
		}
	}
	return ""
}
