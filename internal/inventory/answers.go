package inventory

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/firebreak/firebreak/internal/workflow"
)

// tokenMay is what a write permission of the job's own token amounts to.
// Source: GitHub Docs, "Permissions required for GitHub Apps", by permission.
var tokenMay = []struct{ scope, authority, what string }{
	{"contents", "publish", "make releases and push tags"},
	{"contents", "escalate", "push commits"},
	{"packages", "publish", "publish packages of the repository"},
	{"deployments", "deploy", "create deployments and set their state"},
	{"pages", "publish", "publish the repository's pages"},
	{"actions", "escalate", "start, cancel and enable workflows and delete their logs"},
	{"attestations", "sign", "attest build provenance"},
	{"pull-requests", "escalate", "approve and change pull requests"},
}

// answer fills in the answers of one workflow from its jobs' reaches.
func (b *builder) answer(repository string, w *Workflow) {
	a := Answers{
		Deploy: []Answer{}, Publish: []Answer{}, Rotate: []Answer{}, Read: []Answer{}, Exfiltrate: []Answer{}, Sign: []Answer{}, Escalate: []Answer{},
		ExposedIn: []string{}, MustRotate: []string{},
	}
	for _, j := range w.Jobs {
		done := map[string]bool{}
		for _, r := range j.Reaches {
			if done[r.Credential] || r.How == HowInheritUnused {
				continue
			}
			done[r.Credential] = true
			at := Answer{Credential: r.Credential, Job: j.ID, Path: w.Path, Line: r.Line}
			switch {
			case b.creds[r.Credential] != nil:
				b.ofCredential(&a, at, b.creds[r.Credential], r)
			case b.identities[r.Credential] != nil:
				b.ofIdentity(&a, at, b.identities[r.Credential])
			case r.How == "id-token":
				at.System = "OIDC"
				at.Sentence = b.asksForTokens(j)
				a.Escalate = append(a.Escalate, at)
				at.Sentence = "OIDC tokens that job " + j.ID + " asks for can be sent anywhere its runner can reach, and exchanged from there in the minutes until they end."
				a.Exfiltrate = append(a.Exfiltrate, at)
			default:
				ofToken(&a, at, j, repository)
			}
		}
		b.exposure(&a, j)
	}
	for _, list := range []*[]Answer{&a.Deploy, &a.Publish, &a.Rotate, &a.Read, &a.Exfiltrate, &a.Sign, &a.Escalate} {
		slices.SortFunc(*list, func(x, y Answer) int {
			return cmp.Or(cmp.Compare(x.Job, y.Job), cmp.Compare(x.Line, y.Line), cmp.Compare(x.Credential, y.Credential), cmp.Compare(x.Sentence, y.Sentence))
		})
	}
	a.ExposedIn, a.MustRotate = sorted(a.ExposedIn), sorted(a.MustRotate)
	w.Answers = a
}

// list is where answers about an authority go; nil for a word that is none.
func (a *Answers) list(authority string) *[]Answer {
	switch authority {
	case "deploy":
		return &a.Deploy
	case "publish":
		return &a.Publish
	case "rotate":
		return &a.Rotate
	case "read":
		return &a.Read
	case "exfiltrate":
		return &a.Exfiltrate
	case "sign":
		return &a.Sign
	case "escalate":
		return &a.Escalate
	}
	return nil
}

var verbs = map[string]string{
	"deploy": "deploy to", "publish": "publish to", "rotate": "change credentials at", "read": "read from",
	"exfiltrate": "carry data out of", "sign": "sign with", "escalate": "gain further rights at",
}

func (b *builder) ofCredential(a *Answers, at Answer, c *Credential, r Reach) {
	at.System = cmp.Or(strings.Join(sorted(c.Systems), ", "), "a system nobody declared")
	names := strings.Join(c.Names, " and ")
	if c.Name == "*" {
		names = "any secret of the repository (no survey lists them)"
	}
	for _, authority := range sorted(c.Authority) {
		if list := a.list(authority); list != nil {
			at.Sentence = "Job " + at.Job + " can " + verbs[authority] + " " + at.System + " with " + names + "."
			if authority == "escalate" && slices.Contains(c.Mints, MintedAppToken) {
				at.Sentence = "Job " + at.Job + " can make installation tokens of a GitHub App with " + names + ", with every right the App has, wherever it is installed."
			}
			*list = append(*list, at)
		}
	}
	if !slices.Contains(c.Authority, "exfiltrate") {
		at.Sentence = "Job " + at.Job + " holds the value of " + names + " (" + r.How + ", line " + line(workflow.Pos{Line: r.Line}) + ") and can send it anywhere its runner can reach."
		switch {
		case len(c.Authority) > 0:
		case len(c.Systems) > 0:
			at.Sentence += " It is used for " + spoken(c.Systems) + "."
		default:
			at.Sentence += " What the value is good for is not declared."
		}
		a.Exfiltrate = append(a.Exfiltrate, at)
	}
	a.MustRotate = append(a.MustRotate, c.ID)
	for _, id := range b.minted(c.ID) {
		if id == MintedAppToken {
			continue // told as an escalation; it ends by itself
		}
		a.MustRotate = append(a.MustRotate, id)
		at.Credential = id
		at.Sentence = "Holding " + names + " lets job " + at.Job + " obtain " + id + "."
		a.Rotate = append(a.Rotate, at)
	}
}

// minted is everything that holding a credential leads to, however far.
func (b *builder) minted(id string) []string {
	seen := map[string]bool{id: true}
	var out []string
	var visit func(id string)
	visit = func(id string) {
		c := b.creds[id]
		if c == nil {
			return
		}
		for _, m := range c.Mints {
			if !seen[m] {
				seen[m] = true
				out = append(out, m)
				visit(m)
			}
		}
	}
	visit(id)
	return sorted(out)
}

func (b *builder) ofIdentity(a *Answers, at Answer, i *Identity) {
	at.System = strings.Join(i.systems(), ", ")
	for _, authority := range i.Authority {
		if list := a.list(authority); list != nil {
			at.Sentence = "Job " + at.Job + " can become " + i.Name + " and " + verbs[authority] + " " + at.System + " (" + briefly(i.Verdict) + ")."
			*list = append(*list, at)
		}
	}
	if len(i.Authority) == 0 {
		at.Sentence = "Job " + at.Job + " can become " + i.Name + ", and what that may do is not declared (" + briefly(i.Verdict) + ")."
		a.Escalate = append(a.Escalate, at)
	}
}

// system is how people call what an identity is at its provider.
func (i *Identity) system() string {
	switch {
	case i.ARN != "":
		return i.ARN
	case i.Kind == "vault.jwt_role":
		return "Vault role " + i.Role + " at " + i.Mount
	}
	return strings.TrimSpace(i.Provider + " " + i.Role)
}

func ofToken(a *Answers, at Answer, j Job, repository string) {
	at.System = "GitHub"
	if j.Permissions[workflow.Unknown] != "" {
		at.Sentence = "What the token of job " + j.ID + " may do in " + cmp.Or(repository, "the repository") + " is not known: the file does not say and the repository's default was not read."
		a.Escalate = append(a.Escalate, at)
		return
	}
	if j.releases > 0 && j.Permissions["contents"] == "write" {
		out := at
		out.Line = j.releases
		out.Sentence = "The token of job " + j.ID + " publishes releases of the repository, as the step at line " + line(workflow.Pos{Line: j.releases}) + " does (contents: write)."
		a.Publish = append(a.Publish, out)
	}
	var writes []string
	for _, scope := range slices.Sorted(maps.Keys(j.Permissions)) {
		if j.Permissions[scope] == "write" && scope != "id-token" {
			writes = append(writes, scope)
		}
	}
	if len(writes) > 0 {
		out := at
		out.Sentence = "The token of job " + j.ID + " (" + strings.Join(writes, ", ") + ": write) can be sent anywhere its runner can reach, and used from there until the job ends."
		a.Exfiltrate = append(a.Exfiltrate, out)
	}
	for _, t := range tokenMay {
		if j.Permissions[t.scope] == "write" && !(t.authority == "publish" && t.scope == "contents" && j.releases > 0) {
			at.Sentence = "The token of job " + j.ID + " can " + t.what + " (" + t.scope + ": write) until the job ends."
			*a.list(t.authority) = append(*a.list(t.authority), at)
		}
	}
	if j.Permissions["contents"] == "read" {
		at.Sentence = "The token of job " + j.ID + " can read the repository's contents until the job ends."
		a.Read = append(a.Read, at)
	}
}

// exposure lists where the values a job reaches appear.
func (b *builder) exposure(a *Answers, j Job) {
	for _, r := range j.Reaches {
		if r.How == HowInheritUnused {
			continue
		}
		a.ExposedIn = append(a.ExposedIn, "memory of the runner of job "+j.ID)
		switch r.How {
		case workflow.HowEnv, workflow.HowContainer, workflow.HowService:
			a.ExposedIn = append(a.ExposedIn, "environment of the processes of job "+j.ID)
		case workflow.HowRun, workflow.HowAll, workflow.HowDynamic:
			a.ExposedIn = append(a.ExposedIn, "script files and command lines of job "+j.ID)
		}
		a.ExposedIn = append(a.ExposedIn, "log of job "+j.ID+" (masking stops only the exact text)")
	}
	if len(j.Reaches) == 0 {
		return
	}
	for _, place := range j.Exposes {
		a.ExposedIn = append(a.ExposedIn, map[string]string{
			"cache":              "caches that job " + j.ID + " saves",
			"artifact":           "artifacts that job " + j.ID + " uploads",
			"self-hosted runner": "disk of the self-hosted runner of job " + j.ID,
		}[place])
	}
}

// asksForTokens says what a job's OIDC tokens open, as far as trust documents were read.
func (b *builder) asksForTokens(j Job) string {
	if len(b.doors) == 0 {
		return "Job " + j.ID + " can ask GitHub for OIDC tokens; every cloud trust that accepts its claims opens to it. Which ones do is not evaluable from the workflow alone."
	}
	var open []string
	for _, r := range j.Reaches {
		if i := b.identities[r.Credential]; i != nil && i.Verdict == "reachable" && b.doors[i.ref()] != nil {
			open = append(open, i.Name)
		}
	}
	names := strings.Join(sorted(open), ", ")
	return "Job " + j.ID + " can ask GitHub for OIDC tokens. Of the trust documents that were read (" + strconv.Itoa(len(b.doors)) + ") these let them in: " + cmp.Or(names, "none") + ". Others were not read."
}

// briefly is a verdict without its reason, which the identity has.
func briefly(verdict string) string {
	v, _, _ := strings.Cut(verdict, ":")
	return v
}
