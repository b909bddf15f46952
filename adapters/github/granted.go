package github

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// granted is what GitHub's answers told of our permissions, beside what was asked.
// Requests run at the same time; what is kept does not depend on their order.
type granted struct {
	mu     sync.Mutex
	scopes []string          // of a classic token; nil where no answer told any
	denied map[string]string // "acme/shop actions" → the read that was refused for want of it
	shown  map[string]bool   // "acme/shop actions" → a read that needs it was answered
	heard  bool              // something was answered
}

// listening passes answers on and tells g what they say.
//
// A classic token's scopes stand in X-OAuth-Scopes. What a fine-grained token or an
// App would have needed stands in X-Accepted-GitHub-Permissions: alternatives apart
// by semicolons, what belongs together by commas.
// Source: GitHub Docs, "Scopes for OAuth apps" and "Troubleshooting the REST API",
// "Resource not accessible".
type listening struct {
	next http.RoundTripper
	g    *granted
}

// RoundTrip implements http.RoundTripper.
func (l listening) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.next.RoundTrip(r)
	if err == nil {
		l.g.hear(r.URL, resp)
	}
	return resp, err
}

// asked says whether anything was asked here.
func (g *granted) asked() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.heard
}

func (g *granted) hear(u *url.URL, resp *http.Response) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.heard = true
	if told, classic := resp.Header[http.CanonicalHeaderKey("X-OAuth-Scopes")]; classic {
		g.scopes = []string{}
		for s := range strings.SplitSeq(strings.Join(told, ","), ",") {
			if s = strings.TrimSpace(s); s != "" {
				g.scopes = append(g.scopes, s)
			}
		}
	}
	on, path := about(u.Path)
	accepted := resp.Header.Get("X-Accepted-GitHub-Permissions")
	if on == "" || accepted == "" {
		return
	}
	switch {
	case resp.StatusCode == http.StatusForbidden && resp.Header.Get("X-GitHub-SSO") == "": // single sign-on refuses whatever is granted
		if g.denied == nil {
			g.denied = map[string]string{}
		}
		for _, name := range lacking(accepted) {
			if was := g.denied[on+" "+name]; was == "" || path < was {
				g.denied[on+" "+name] = path
			}
		}
	case resp.StatusCode < 300 && !strings.ContainsAny(accepted, ",;"):
		if g.shown == nil {
			g.shown = map[string]bool{}
		}
		name, _, _ := strings.Cut(accepted, "=")
		g.shown[on+" "+strings.TrimSpace(name)] = true
	}
}

// lacking gives the permissions that a refused request shows to be missing: each
// alternative that is one permission. Of several that belong together nobody says
// which one is missing.
func lacking(accepted string) []string {
	var out []string
	for one := range strings.SplitSeq(accepted, ";") {
		if name, _, ok := strings.Cut(strings.TrimSpace(one), "="); ok && !strings.Contains(one, ",") {
			out = append(out, name)
		}
	}
	return out
}

// about gives what a request is about, a repository or an organization, and its path
// from there on. A base path (an enterprise server's) may stand before.
func about(path string) (on, rest string) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i, p := range parts {
		switch {
		case p == "repos" && len(parts) > i+2:
			return parts[i+1] + "/" + parts[i+2], strings.Join(parts[i:], "/")
		case p == "orgs" && len(parts) > i+1:
			return parts[i+1], strings.Join(parts[i:], "/")
		}
	}
	return "", ""
}

// scoped says whether a classic token may do what the permission stands for; known
// is false where its scopes alone do not tell.
// Source: GitHub Docs, "Scopes for OAuth apps"; GitHub REST reference, each endpoint.
func (g *granted) scoped(family, level string, private bool) (enough, known bool, needs string) {
	var any []string
	switch {
	case family == "organization_hooks":
		any = []string{"admin:org_hook"}
	case strings.HasPrefix(family, "organization_") && strings.HasSuffix(family, "secrets"):
		any = []string{"admin:org"}
	case strings.HasPrefix(family, "organization_"):
		return false, false, ""
	case level == "read" && !private:
		return false, false, "" // much of a public repository is read without any scope
	case family == "repository_hooks" && level == "read":
		any = []string{"repo", "read:repo_hook", "write:repo_hook", "admin:repo_hook"}
	case family == "repository_hooks":
		any = []string{"repo", "write:repo_hook", "admin:repo_hook"}
	default:
		any = []string{"repo"}
	}
	for _, s := range any {
		if slices.Contains(g.scopes, s) {
			return true, true, s
		}
	}
	if !private && slices.Contains(g.scopes, "public_repo") && any[0] == "repo" {
		return false, false, "" // narrower than repo; the endpoints differ in what they ask
	}
	return false, true, any[0]
}
