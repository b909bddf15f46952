package rehearse_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/rehearse"
	"github.com/firebreak/firebreak/internal/world"
	"github.com/firebreak/firebreak/internal/world/npm"
)

// request sends one call with the npm token of a name, twice when the first answer
// was cut by the scenario's fault.
func request(t *testing.T, r *rehearse.Rehearsal, method, provider, path, token string) {
	t.Helper()
	value := ""
	if err := r.World.Do(func(world.Core) {
		for _, x := range r.World.Provider("npm").State().(*npm.State).Tokens {
			if x.Name == token {
				value = x.Value
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, r.World.URL(provider)+path, strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+value)
	req.Header.Set("User-Agent", "firebreak/test")
	resp, err := (&http.Client{Transport: r.Transport}).Do(req)
	if err != nil {
		return // the scenario's first DELETE is answered by nobody
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
}

// dispatchRebuild runs the clean builder to its end.
func dispatchRebuild(t *testing.T, r *rehearse.Rehearsal) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		r.World.URL("github")+"/repos/acme/shop/actions/workflows/rebuild.yml/dispatches", strings.NewReader(`{"ref":"main"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.Environment["GITHUB_TOKEN"])
	resp, err := (&http.Client{Transport: r.Transport}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode >= 300 {
		t.Fatalf("dispatch: %d %v", resp.StatusCode, err)
	}
	if err := r.Clock.Sleep(t.Context(), 30*time.Minute); err != nil {
		t.Fatal(err)
	}
}
