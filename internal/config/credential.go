package config

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/firebreak/firebreak/internal/diag"
	"github.com/firebreak/firebreak/internal/document"
	"github.com/firebreak/firebreak/internal/plan"
)

var (
	accountID  = regexp.MustCompile(`^[0-9]{12}$`)
	roleARN    = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$`)
	secretName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// identityKinds are the kinds of identity a name may stand for.
func identityKinds() []string { return []string{"aws.role", "vault.jwt_role"} }

func (r *reader) credential(n document.Node) {
	c := Credential{Rotation: "emergency", Line: n.Pos().Line}
	var deadline, issuer document.Node
	for _, e := range n.Map("secret", "scope", "issuer", "stores", "authority", "systems", "owner", "rotation", "deadline", "mints") {
		switch e.Name {
		case "secret":
			c.Secret = secretNames(e.Value)
		case "scope":
			c.Scope = scope(e.Value)
		case "issuer":
			c.Issuer, issuer = named(e.Value, "issuer"), e.Value
		case "stores":
			for _, s := range list(e.Value) {
				if v := named(s, "store"); v != nil {
					c.Stores = append(c.Stores, *v)
				}
			}
		case "authority":
			c.Authority = authority(e.Value)
		case "systems":
			c.Systems = e.Value.Texts()
		case "owner":
			c.Owner = r.owner(e.Value)
		case "rotation":
			c.Rotation = rotation(e.Value)
		case "deadline":
			deadline = e.Value
			c.Deadline, _ = duration(e.Value)
		case "mints":
			c.Mints = e.Value.Texts()
		}
	}
	if !n.IsMap() {
		return
	}
	if len(c.Secret) == 0 && !slices.Contains(n.Keys(), "secret") {
		n.Report("the credential names no secret", "write secret: NAME as the workflow calls it")
	}
	if deadline.Exists() && c.Rotation != "overlap" {
		deadline.Report("a deadline belongs to rotation: overlap", "in emergency order the old value dies at once")
	}
	r.c.Credentials, r.issuers = append(r.c.Credentials, c), append(r.issuers, issuer)
}

func secretNames(n document.Node) []string {
	names := n.Texts()
	for _, s := range names {
		if !secretName.MatchString(s) {
			n.ReportAt(n.Find(s), fmt.Sprintf("%q is not a secret's name", s), "the name as in secrets.NAME: letters, digits and underscores")
		}
	}
	return names
}

func scope(n document.Node) string {
	s, ok := n.Text()
	if ok && !slices.Contains(scopes(), s) && (!strings.HasPrefix(s, "environment/") || s == "environment/") {
		n.Report(fmt.Sprintf("unknown scope %q", s), "environment/NAME, "+strings.Join(scopes(), ", "))
	}
	return s
}

// scopes are the places where GitHub keeps a secret, besides environment/NAME.
func scopes() []string {
	return []string{"repository", "organization", "dependabot", "dependabot-organization", "codespaces", "codespaces-organization"}
}

func rotation(n document.Node) string {
	s, ok := n.Text()
	if !ok {
		return "emergency"
	}
	if s != "emergency" && s != "overlap" {
		n.Report(fmt.Sprintf("unknown rotation %q", s), diag.DidYouMean(s, []string{"emergency", "overlap"}))
	}
	return s
}

func authority(n document.Node) []string {
	words := n.Texts()
	for _, w := range words {
		if !slices.Contains(plan.Authorities(), w) {
			n.ReportAt(n.Find(w), fmt.Sprintf("unknown authority %q", w), diag.DidYouMean(w, plan.Authorities()))
		}
	}
	return words
}

// named reads a map of one key: `npm.token: { user: acme-bot }`.
func named(n document.Node, what string) *Named {
	entries := n.Map()
	if !n.IsMap() {
		return nil
	}
	if len(entries) != 1 {
		n.Report(fmt.Sprintf("%s %s names exactly one system", article(what), what), "for example { npm.token: { user: acme-bot } }")
		return nil
	}
	e := entries[0]
	if !strings.Contains(e.Name, ".") {
		e.Key.Report(fmt.Sprintf("%q is not the name of %s %s", e.Name, article(what), what), "names have the form provider.kind, for example npm.token")
	}
	return &Named{Name: e.Name, With: settings(e.Value)}
}

func article(noun string) string {
	if strings.IndexByte("aeiou", noun[0]) >= 0 {
		return "an"
	}
	return "a"
}

// settings flattens a map to texts; lists and maps in it become compact JSON.
func settings(n document.Node) map[string]string {
	out := map[string]string{}
	if !n.Exists() {
		return out
	}
	for _, e := range n.Map() {
		switch v := e.Value.Literal().(type) {
		case nil:
		case string:
			out[e.Name] = v
		case bool:
			out[e.Name] = strconv.FormatBool(v)
		case int64:
			out[e.Name] = strconv.FormatInt(v, 10)
		default:
			b, err := json.Marshal(v)
			if err != nil {
				e.Value.Report("this value cannot be kept: "+err.Error(), "")
				continue
			}
			out[e.Name] = string(b)
		}
	}
	return out
}

func (r *reader) identities(n document.Node) {
	r.c.Identities = map[string]Identity{}
	for _, e := range n.Map() {
		if e.Value.IsMap() {
			r.c.Identities[e.Name] = r.identity(e)
		} else {
			e.Value.Map()
		}
	}
}

// identity reads { aws.role: ARN, authority, owner }; what is left over are
// settings of the kind, as mount of a Vault role.
func (r *reader) identity(e document.Entry) Identity {
	i := Identity{With: map[string]string{}, Line: e.Key.Pos().Line}
	known := append(identityKinds(), "authority", "systems", "owner", "mount", "account", "address")
	for _, f := range e.Value.Map(known...) {
		switch {
		case f.Name == "authority":
			i.Authority = authority(f.Value)
		case f.Name == "systems":
			i.Systems = f.Value.Texts()
		case f.Name == "owner":
			i.Owner = r.owner(f.Value)
		case slices.Contains(identityKinds(), f.Name):
			if i.Kind != "" {
				f.Key.Report(fmt.Sprintf("%q is %s already", e.Name, i.Kind), "a name stands for one identity")
				continue
			}
			i.Kind = f.Name
			i.Ref, _ = f.Value.Text()
			if i.Kind == "aws.role" && f.Value.IsText() && !roleARN.MatchString(i.Ref) {
				f.Value.Report(fmt.Sprintf("%q is not a role's ARN", i.Ref), "arn:aws:iam::ACCOUNT:role/NAME")
			}
		default:
			i.With[f.Name], _ = f.Value.Text()
		}
	}
	if i.Kind == "" {
		e.Key.Report(fmt.Sprintf("%q does not say which identity it is", e.Name), "add aws.role: ARN or vault.jwt_role: NAME")
	}
	return i
}

// workflows reads { ci.yml: { owner: platform } }.
func (r *reader) workflows(n document.Node) {
	r.c.Workflows = map[string]Workflow{}
	for _, e := range n.Map() {
		var w Workflow
		for _, f := range e.Value.Map("owner") {
			w.Owner = r.owner(f.Value)
		}
		if w.Owner == "" && e.Value.IsMap() {
			e.Key.Report(fmt.Sprintf("nobody is named for the workflow %q", e.Name), "add owner: NAME")
		}
		r.c.Workflows[e.Name] = w
	}
}
