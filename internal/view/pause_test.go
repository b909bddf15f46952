package view_test

import (
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/view"
)

func TestPauses(t *testing.T) {
	for want, p := range map[string]view.Pause{
		"github: told to wait 30s (secondary rate limit) before PUT /repos/a": {Provider: "github", Limit: "secondary", Wait: plan.Duration(30 * time.Second), Request: "PUT /repos/a"},
		"github: told to wait 40m0s (primary rate limit) before GET /user":    {Provider: "github", Limit: "primary", Wait: plan.Duration(40*time.Minute + 100*time.Millisecond), Request: "GET /user"},
		"npm: told to wait 5s (rate limit) before DELETE /x":                  {Provider: "npm", Limit: "secondary", Wait: plan.Duration(5 * time.Second), Request: "DELETE /x"},
		"github: waiting 1s between two changes, before PUT /repos/a":         {Provider: "github", Limit: "pace", Wait: plan.Duration(time.Second), Request: "PUT /repos/a"},
	} {
		if got := p.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := (view.Pause{Provider: "a", Request: "GET /\x1b[2J"}).String(); strings.ContainsRune(got, 0x1b) {
		t.Errorf("a path reaches the terminal as it is: %q", got)
	}
}
