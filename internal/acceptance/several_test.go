package acceptance

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// A bad action reached two repositories: it is found in both, both are shut, and the
// rest is planned for both as one incident.
func TestSeveralRepositoriesAreOneIncident(t *testing.T) {
	t.Parallel()
	shop := serve(t, scenario(t, quick()...), "--no-attacker")
	web := serve(t, scenario(t, append(quick(), "    repository: acme/shop\n", "    repository: acme/web\n")...), "--no-attacker")
	if shop.Env["GITHUB_TOKEN"] != web.Env["GITHUB_TOKEN"] {
		t.Fatal("the same seed gives another token; give this test one that both worlds know")
	}
	both := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		to := shop
		if strings.HasPrefix(r.In.URL.Path, "/repos/acme/web") {
			to = web
		}
		u, err := url.Parse(to.Env["GITHUB_API_URL"])
		if err != nil {
			t.Error(err)
		}
		r.SetURL(u)
	}})
	t.Cleanup(both.Close)
	d := shop.desk(t).bare()
	d.env["GITHUB_API_URL"] = both.URL

	e := d.must(0, "contain", "acme/shop", "--repo", "acme/web", "--action", "hashicorp/vault-action@v3", "--output", "json")
	got := parse[containment](t, e.out)
	want := []string{"acme/shop/.github/workflows/pr-checks.yml", "acme/web/.github/workflows/pr-checks.yml"}
	if !slices.Equal(got.Workflows, want) {
		t.Errorf("about %v", got.Workflows)
	}
	if len(got.Scene.AffectedRuns) != 4 || len(got.Scene.Uses) < 2 || len(got.Scene.Live) != 2 {
		t.Errorf("%d affected runs, %d uses, %d live", len(got.Scene.AffectedRuns), len(got.Scene.Uses), len(got.Scene.Live))
	}
	if !strings.Contains(got.Scene.Exposure.Why, "used hashicorp/vault-action@v3") {
		t.Errorf("since %+v", got.Scene.Exposure)
	}
	for _, w := range []*served{shop, web} {
		if state := w.control(http.MethodGet, "/_world/state"); !strings.Contains(string(state), "disabled_manually") {
			t.Errorf("%s is still open", w.Config)
		}
	}
	says(t, d.must(2, "plan", playbookName, "--incident").err, "set AWS_PROFILE")
	state := d.env["XDG_STATE_HOME"]
	d = shop.desk(t)
	d.env["GITHUB_API_URL"], d.env["XDG_STATE_HOME"] = both.URL, state
	p := parse[struct {
		Subjects []string
		Inputs   struct{ Repository, Workflow []string }
		Actions  []struct{ Use string }
	}](t, d.must(0, "plan", playbookName, "--incident", "--output", "json").out)
	purges := 0
	for _, a := range p.Actions {
		if a.Use == "github.caches.purge" {
			purges++
		}
	}
	if !slices.Equal(p.Subjects, want) || len(p.Inputs.Repository) != 2 || purges != 2 {
		t.Errorf("the further plan is about %v, %d purges", p.Subjects, purges)
	}
	// A workflow named without its repository is meant wherever it is.
	named := parse[struct{ Subjects []string }](t, d.must(0, "plan", "contain", "--repo", "acme/shop", "--repo", "acme/web", "--workflow", "publish.yml", "--output", "json").out)
	if len(named.Subjects) != 2 {
		t.Errorf("%v", named.Subjects)
	}
}
