package github

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// RunRef is a run as its address names it.
type RunRef struct {
	Repository string
	ID         int64
	Attempt    int   // 0 where the address names none
	Job        int64 // 0 where the address names none
}

// runPath is the path of a run on the web and in the API, below what precedes the
// owner. Source: GitHub REST reference, "Workflow runs"; the addresses of github.com.
var runPath = regexp.MustCompile(`^(repos/)?([A-Za-z0-9][A-Za-z0-9-]*)/([A-Za-z0-9._-]+)/actions/runs/([0-9]+)(?:/attempts/([0-9]+))?(?:/jobs?/([0-9]+))?(?:/(?:workflow|usage|jobs|logs|artifacts))?/*$`)

// ParseRun reads the address of a run, on the web or in the API. It must be on the
// server we talk to: a run of another one is not ours to look at with this token.
func (p *Provider) ParseRun(text string) (RunRef, error) {
	hint := "; write it like " + p.web() + "/OWNER/NAME/actions/runs/123"
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Host != "" && u.Scheme != "https" && u.Scheme != "http" {
		return RunRef{}, fmt.Errorf("%q is not the address of a run%s", text, hint)
	}
	path := strings.Trim(u.Path, "/")
	if u.Host != "" {
		path = strings.TrimPrefix(path, "api/v3/") // an enterprise server's API
	}
	m := runPath.FindStringSubmatch(path)
	if m == nil || u.Host == "" && u.Scheme != "" {
		return RunRef{}, fmt.Errorf("%q is not the address of a run%s", text, hint)
	}
	if u.Host != "" && !strings.EqualFold(u.Host, p.base.Host) && !strings.EqualFold(u.Host, p.webHost()) {
		return RunRef{}, fmt.Errorf("the run is at %s, and firebreak is pointed at %s; set GITHUB_API_URL, and a token of that server", u.Host, p.base.Host)
	}
	ref := RunRef{Repository: m[2] + "/" + m[3]}
	for _, n := range []struct {
		text string
		to   *int64
	}{{m[4], &ref.ID}, {m[6], &ref.Job}} {
		if n.text == "" {
			continue
		}
		if *n.to, err = strconv.ParseInt(n.text, 10, 64); err != nil {
			return RunRef{}, fmt.Errorf("%q is not the address of a run: %s is too large a number%s", text, n.text, hint)
		}
	}
	if m[5] != "" {
		if ref.Attempt, err = strconv.Atoi(m[5]); err != nil {
			return RunRef{}, fmt.Errorf("%q is not the address of a run: %s is too large a number%s", text, m[5], hint)
		}
	}
	return ref, nil
}

// webHost is where people look: github.com for api.github.com, SUB.ghe.com for
// api.SUB.ghe.com, and an enterprise server's own host.
func (p *Provider) webHost() string { return strings.TrimPrefix(p.base.Host, "api.") }

func (p *Provider) web() string { return p.base.Scheme + "://" + p.webHost() }
