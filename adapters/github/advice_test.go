package github

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/secret"
)

type oneAnswer struct {
	code int
	body string
	head http.Header
}

func (a oneAnswer) RoundTrip(r *http.Request) (*http.Response, error) {
	h := a.head
	if h == nil {
		h = http.Header{}
	}
	return &http.Response{StatusCode: a.code, Header: h, Body: io.NopCloser(strings.NewReader(a.body)), Request: r, Proto: "HTTP/1.1"}, nil
}

func TestEveryFailedReadSaysWhatToDo(t *testing.T) {
	for _, c := range []struct {
		name string
		a    oneAnswer
		want string
	}{
		{"a dead token", oneAnswer{401, `{"message":"Bad credentials"}`, nil}, `GitHub answered 401 ("Bad credentials"); it does not accept the token`},
		{"a missing permission", oneAnswer{403, `{"message":"Resource not accessible"}`, nil}, "give it the permission"},
		{"a typo", oneAnswer{404, `{}`, nil}, "acme/shop does not exist, or the token may not see it"},
		{"trouble", oneAnswer{502, `<html>`, nil}, "try again, and look at its status page"},
		{"a login page", oneAnswer{200, `<html>`, nil}, "does not speak GitHub's API; check GITHUB_API_URL"},
		{"a limit", oneAnswer{429, `{}`, http.Header{"Retry-After": {"3600"}}}, "ask again in 1h0m0s"},
	} {
		p, err := New(Config{Token: secret.NewString("ghp_x")}, adapters.Wire{Transport: c.a, Now: time.Now, Sleep: func(context.Context, time.Duration) error { return nil }})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err = p.Glance(t.Context(), "acme/shop"); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "ghp_x") {
			t.Errorf("%s: told %v", c.name, err)
		}
		var theirs adapters.Unconfigured
		if usage := c.a.code == 401 || c.a.code == 403; errors.As(err, &theirs) != usage {
			t.Errorf("%s: whose mistake it is: %v", c.name, err)
		}
	}
}
