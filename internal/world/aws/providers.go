package aws

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// OIDCProvider is an OpenID Connect identity provider. One without URL was removed.
type OIDCProvider struct {
	URL         string // without https://
	Clients     []string
	Thumbprints []string
	Tags        map[string]string
}

// plantProvider is GitHub's, which every account of a scenario has.
func (s *Server) plantProvider() {
	p := always(OIDCProvider{
		URL: githubHost, Clients: []string{"sts.amazonaws.com"}, Thumbprints: []string{"6938fd4d98bab03faadb97b34396831e3780aea1"},
		Tags: map[string]string{"owner": "platform"},
	})
	s.st.Providers = map[string]*Lagged[OIDCProvider]{s.providerARN(githubHost): &p}
}

func (s *Server) providerARN(host string) string {
	return "arn:aws:iam::" + s.st.Account + ":oidc-provider/" + host
}

// issuerHost is who issued a token, without https://.
func issuerHost(claims map[string]any) string {
	return strings.TrimPrefix(fmt.Sprint(claims["iss"]), "https://")
}

// getProvider gives the URL without its scheme, as IAM does.
// Source: IAM API reference, GetOpenIDConnectProvider.
func (s *Server) getProvider(c *call) (reply, *fault) {
	arn := c.form.Get("OpenIDConnectProviderArn")
	var x OIDCProvider
	if p := s.st.Providers[arn]; p != nil {
		x = p.Shown.Get(s.core.Now())
	}
	if x.URL == "" {
		return nil, &fault{http.StatusNotFound, "NoSuchEntity", "OpenIDConnect Provider not found for arn " + arn}
	}
	return []node{
		leaf("Url", x.URL), members("ClientIDList", x.Clients), members("ThumbprintList", x.Thumbprints),
		leaf("CreateDate", stamp(s.core.Now().Add(-aYear))), x.tags(),
	}, nil
}

func members(name string, values []string) node {
	var all []node
	for _, v := range values {
		all = append(all, leaf("member", v))
	}
	return tree(name, all...)
}

func (x OIDCProvider) tags() node {
	var all []node
	for _, k := range slices.Sorted(maps.Keys(x.Tags)) {
		all = append(all, tree("member", leaf("Key", k), leaf("Value", x.Tags[k])))
	}
	return tree("Tags", all...)
}

// createProvider: the ARN follows from the URL, so that there is one for each.
// Source: IAM API reference, CreateOpenIDConnectProvider.
func (s *Server) createProvider(c *call) (reply, *fault) {
	u, err := url.Parse(c.form.Get("Url"))
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, &fault{http.StatusBadRequest, "InvalidInput", "Invalid Open ID Connect Provider URL"}
	}
	x := OIDCProvider{URL: strings.TrimPrefix(u.String(), "https://"), Clients: c.list("ClientIDList"), Thumbprints: c.list("ThumbprintList"), Tags: map[string]string{}}
	for n := 1; c.form.Has("Tags.member." + itoa(n) + ".Key"); n++ {
		at := "Tags.member." + itoa(n)
		x.Tags[c.form.Get(at+".Key")] = c.form.Get(at + ".Value")
	}
	arn := s.providerARN(x.URL)
	p := s.st.Providers[arn]
	switch {
	case p == nil:
		fresh := always(OIDCProvider{})
		p = &fresh
		s.st.Providers[arn] = p
	case p.latest().URL != "":
		return nil, &fault{http.StatusConflict, "EntityAlreadyExists", "Provider with url " + c.form.Get("Url") + " already exists."}
	}
	s.setProvider(p, x, "identity provider made")
	return []node{leaf("OpenIDConnectProviderArn", arn), x.tags()}, nil
}

// deleteProvider is idempotent, and changes no role.
// Source: IAM API reference, DeleteOpenIDConnectProvider.
func (s *Server) deleteProvider(c *call) (reply, *fault) {
	if p := s.st.Providers[c.form.Get("OpenIDConnectProviderArn")]; p != nil && p.latest().URL != "" {
		s.setProvider(p, OIDCProvider{}, "identity provider removed")
	}
	return nil, nil
}

func (s *Server) setProvider(p *Lagged[OIDCProvider], x OIDCProvider, why string) {
	p.set(s.core, x)
	for _, name := range slices.Sorted(maps.Keys(s.st.Roles)) {
		s.judge(s.st.Roles[name], why)
	}
}
