package github

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/snapshot"
)

// permitted says for every permission that our actions name whether we have it, as
// far as GitHub tells: an App's permissions as they are granted, a classic token's
// scopes, the user's role, and what refused reads named. "no" is always GitHub's own
// word. Of a fine-grained token's right to write nobody tells before it is used.
func (v *surveyor) permitted() []snapshot.Permission {
	var out []snapshot.Permission
	for _, name := range v.wanted() {
		family, level, _ := strings.Cut(name, "=")
		on := v.r.FullName
		if strings.HasPrefix(family, "organization_") {
			if on = v.owner.Login; !v.organizationOwned() {
				continue
			}
		}
		p := snapshot.Permission{Provider: "github", Name: name, On: on}
		page := ""
		p.Granted, p.Why, page = v.judge(on, family, level)
		if p.Granted != "yes" {
			p.Link = page
		}
		out = append(out, p)
	}
	return out
}

// wanted gives the permissions of all actions, sorted.
func (p *Provider) wanted() []string {
	var all []string
	for _, a := range p.Actions() {
		all = append(all, a.Spec().Permissions...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// judge gives "yes", "no" or "unknown", how that is known, and the page that mends it.
func (v *surveyor) judge(on, family, level string) (granted, why, page string) {
	if app, ok := v.who.(*installation); ok {
		return v.judgeApp(app, family, level)
	}
	g := v.granted
	if on == v.owner.Login && on != v.r.FullName && v.house.granted.asked() {
		g = v.house.granted
	}
	token := v.web("settings", "personal-access-tokens")
	if g.scopes != nil {
		token = v.web("settings", "tokens")
	}
	if read := g.denied[on+" "+family]; read != "" {
		return "no", fmt.Sprintf("GitHub refused to read %s for want of it", read), token
	}
	if level == "write" && !v.role["push"] && v.role != nil && writers(family) {
		return "no", "GitHub says that the token's user may not write to " + on, v.web(append(strings.Split(on, "/"), "settings", "access")...)
	}
	if g.scopes != nil {
		enough, known, scope := g.scoped(family, level, v.r.Private)
		switch {
		case known && !enough:
			return "no", fmt.Sprintf("the token has the scopes [%s], it needs %s", strings.Join(g.scopes, " "), scope), token
		case enough && (writers(family) || level == "read" && g.shown[on+" "+family]):
			return "yes", "the token has the scope " + scope + ", its user the right to write", ""
		}
		return "unknown", "the token's scopes do not tell; it depends on its user's role", token
	}
	if level == "read" && g.shown[on+" "+family] {
		return "yes", "a read that needs it was answered", ""
	}
	return "unknown", "GitHub tells a fine-grained token's permissions only when it refuses", token
}

// judgeApp reads what the installation was granted, which is all it has.
func (v *surveyor) judgeApp(app *installation, family, level string) (granted, why, page string) {
	page = v.web("settings", "installations", fmt.Sprint(app.app.Installation))
	if v.organizationOwned() {
		page = v.web("organizations", v.owner.Login, "settings", "installations", fmt.Sprint(app.app.Installation))
	}
	has := app.permissions()
	switch have := has[family]; {
	case has == nil:
		return "unknown", "GitHub did not say what the App's installation was granted", page
	case have == "write" || have == "admin" || have == level:
		return "yes", "the App's installation has " + family + "=" + have, ""
	case have == "":
		return "no", "the App's installation was not granted " + family, page
	default:
		return "no", "the App's installation has " + family + "=" + have, page
	}
}

// writers says whether who may push to a repository may write this. Administration
// and webhooks need more, and a custom role may have them without being administrator.
// Source: GitHub Docs, "Repository roles for an organization".
func writers(family string) bool {
	return slices.Contains([]string{"actions", "contents", "secrets", "dependabot_secrets", "codespaces_secrets", "environments", "variables", "deployments"}, family)
}

// web is a page of the site the repository's own page is on; "" when that is not known.
func (v *surveyor) web(parts ...string) string {
	u, err := url.Parse(v.page)
	if err != nil || u.Host == "" {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host}).JoinPath(parts...).String()
}
