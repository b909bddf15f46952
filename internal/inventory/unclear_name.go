package inventory

import (
	"slices"
	"strings"
)

// RuleUnclearName tells of a shared secret whose name says neither where nor what for,
// where the workflows do say both.
const RuleUnclearName = "unclear-secret-name"

// vague are the words that say what form a value has and which provider it is of, and
// nothing of its place or purpose.
var vague = strings.Fields("AWS AZURE GCP GOOGLE ACCESS KEY KEYS ID SECRET TOKEN PASSWORD PASS PWD USER USERNAME LOGIN API CREDENTIALS CREDENTIAL CREDS " +
	"CLIENT TENANT SUBSCRIPTION SERVICE ACCOUNT SA JSON SSH PRIVATE RSA ED25519 HOST URL DATABASE DB KUBE KUBECONFIG KUBERNETES K8S CONFIG CERT CERTIFICATE DATA BASE64 B64 AUTH SESSION CLOUD SERVER MY")

// unclear suggests a name for a credential of a repository or organization that lets
// jobs of exactly one environment change a running system.
func (b *builder) unclear(c *Credential) {
	if c.Scope != "repository" && c.Scope != "organization" && c.Scope != unknown {
		return
	}
	purpose := ""
	for _, a := range []string{"deploy", "rotate"} {
		if slices.Contains(c.Authority, a) {
			purpose = strings.ToUpper(a)
			break
		}
	}
	u := b.uses[c.ID]
	_, name, _ := strings.Cut(c.Repository, "/")
	if purpose == "" || u == nil || name == "" || c.Name == "*" {
		return
	}
	for word := range strings.SplitSeq(c.Name, "_") {
		if !slices.Contains(vague, word) {
			return
		}
	}
	environment := u.holders[0].environment
	if environment == "" || strings.Contains(environment, "${{") || slices.ContainsFunc(u.holders, func(h holder) bool { return h.environment != environment }) {
		return
	}
	f := b.firstUse(c.ID)
	f.Rule, f.Severity = RuleUnclearName, "low"
	better := word(short(environment)) + "_" + purpose + "_" + word(name) + "_" + c.Name
	f.Message = "the name " + c.Name + " says neither where nor what for; only environment " + environment + " uses it, to " + strings.ToLower(purpose) + ": call it " + better
	f.Fix = "store it as a secret of environment " + environment + ", or under the name " + better
	b.findings = append(b.findings, f)
}

func short(environment string) string {
	switch strings.ToLower(environment) {
	case "production":
		return "prod"
	case "development":
		return "dev"
	}
	return environment
}

// word writes a name as a part of a secret's: upper case, digits and underscores.
func word(s string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, s), "_")
}
