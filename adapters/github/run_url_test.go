package github

import (
	"strings"
	"testing"

	"github.com/firebreak/firebreak/adapters"
)

func onServer(t *testing.T, base string) *Provider {
	t.Helper()
	p, err := New(Config{BaseURL: base}, adapters.Wire{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRunAddressesOfEveryKind(t *testing.T) {
	public, own, cloud := onServer(t, ""), onServer(t, "https://git.acme.example/api/v3"), onServer(t, "https://api.acme.ghe.com")
	for _, c := range []struct {
		p    *Provider
		text string
		want RunRef
	}{
		{public, "https://github.com/acme/shop/actions/runs/123", RunRef{"acme/shop", 123, 0, 0}},
		{public, "https://github.com/acme/shop/actions/runs/123/attempts/2", RunRef{"acme/shop", 123, 2, 0}},
		{public, "https://GitHub.com/acme/shop/actions/runs/123/job/456?pr=7#step:3:14", RunRef{"acme/shop", 123, 0, 456}},
		{public, "https://github.com/acme/shop.js/actions/runs/123/attempts/2/job/456/", RunRef{"acme/shop.js", 123, 2, 456}},
		{public, "https://github.com/acme/shop/actions/runs/123/workflow", RunRef{"acme/shop", 123, 0, 0}},
		{public, "https://api.github.com/repos/acme/shop/actions/runs/123", RunRef{"acme/shop", 123, 0, 0}},
		{public, "https://api.github.com/repos/acme/shop/actions/runs/123/attempts/3", RunRef{"acme/shop", 123, 3, 0}},
		{public, "https://api.github.com/repos/acme/shop/actions/runs/123/jobs", RunRef{"acme/shop", 123, 0, 0}},
		{public, " acme/shop/actions/runs/123\n", RunRef{"acme/shop", 123, 0, 0}},
		{own, "https://git.acme.example/acme/shop/actions/runs/123", RunRef{"acme/shop", 123, 0, 0}},
		{own, "https://git.acme.example/api/v3/repos/acme/shop/actions/runs/123/attempts/1", RunRef{"acme/shop", 123, 1, 0}},
		{cloud, "https://acme.ghe.com/acme/shop/actions/runs/9/jobs/1", RunRef{"acme/shop", 9, 0, 1}},
	} {
		got, err := c.p.ParseRun(c.text)
		if err != nil || got != c.want {
			t.Errorf("%s: %+v %v", c.text, got, err)
		}
	}
}

func TestWhatIsNoRunAddressIsSaid(t *testing.T) {
	p := onServer(t, "")
	for text, says := range map[string]string{
		"":                                    "is not the address of a run",
		"123":                                 "write it like https://github.com/OWNER/NAME/actions/runs/123",
		"https://github.com/acme/shop":        "is not the address",
		"https://github.com/acme/shop/pull/7": "is not the address",
		"https://github.com/acme/shop/actions/workflows/ci.yml":                   "is not the address",
		"file:///acme/shop/actions/runs/123":                                      "is not the address",
		"https://github.com/acme/../x/actions/runs/123":                           "is not the address",
		"https://github.com/acme/shop/actions/runs/99999999999999999999999":       "too large",
		"https://git.acme.example/acme/shop/actions/runs/123":                     "set GITHUB_API_URL",
		"https://api.github.com.evil.example/repos/acme/shop/actions/runs/123":    "firebreak is pointed at api.github.com",
		"https://github.com@evil.example/acme/shop/actions/runs/123":              "the run is at evil.example",
		"https://github.com/acme/shop/actions/runs/123/attempts/1/../../../../..": "is not the address",
	} {
		if ref, err := p.ParseRun(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %+v %v, want it to say %q", text, ref, err, says)
		}
	}
}

func TestALogsHeadTellsWhatARefStoodFor(t *testing.T) {
	text := "2026-03-14T16:57:00.1234567Z Current runner version: '2.320.0'\n" +
		"2026-03-14T16:57:01.1Z Download action repository 'actions/checkout@v4' (SHA:11bd71901bbe5b1630ceea73d27597364c9af683)\n" +
		"2026-03-14T16:57:01.2Z Download action repository 'tj-actions/changed-files@v45' (SHA:0e58ed8671d6b60d0890c21b07f8835ace038e67)\n" +
		"echo Download action repository 'x' (SHA:short)\n"
	got, err := resolved(strings.NewReader(text))
	if err != nil || len(got) != 2 || got[1] != (Resolved{"tj-actions/changed-files@v45", "0e58ed8671d6b60d0890c21b07f8835ace038e67"}) {
		t.Errorf("%v %v", got, err)
	}
}
