package inventory

import (
	"slices"

	"github.com/firebreak/firebreak/internal/workflow"
)

// infer learns from what a job does with a secret what it is for, where nobody
// declared it. Nothing is inferred from a name alone.
func (b *builder) infer(c *Credential, all []deed, r workflow.Ref) {
	for i := range all {
		d := &all[i]
		if !d.takes(r) {
			if d.known != nil && r.How == workflow.HowWith && r.Step == d.step.Index && !d.inner && d.kind != workflow.Checkout {
				b.belongs(c, d)
			}
			continue
		}
		switch d.kind {
		case workflow.Login:
			used := later(all, i)
			for j := range used {
				b.learned(c.ID, &c.Authority, &c.Systems, &used[j], d.place)
			}
			if len(used) == 0 && d.system == "oci" { // logged in to pull
				b.learned(c.ID, &c.Authority, &c.Systems, &deed{kind: workflow.Read, system: d.system}, d.place)
			}
		case workflow.Checkout:
			b.learned(c.ID, &c.Authority, &c.Systems, pushed(all, i), "")
		case workflow.Mint:
			b.learned(c.ID, &c.Authority, &c.Systems, d, "")
			b.mints[c.ID] = append(b.mints[c.ID], MintedAppToken)
		case workflow.Caches, workflow.Setup: // a setup step's token only reads releases
		default:
			b.learned(c.ID, &c.Authority, &c.Systems, d, "")
		}
	}
}

// belongs notes the system of a value that an action is given in another place than a
// credential's: a user's name, an App's id. It shows no authority.
func (b *builder) belongs(c *Credential, d *deed) {
	name := label(d.system)
	if d.place != "" {
		name = d.place
	}
	if authority(d.kind, d.system) == nil && d.kind != workflow.Login && d.kind != workflow.Tell {
		return
	}
	if !b.said[c.ID].systems && !slices.Contains(c.Systems, name) {
		c.Systems = append(c.Systems, name)
	}
}

// MintedAppToken stands in Credential.Mints for the installation tokens of a GitHub
// App, which are in no list: they end within an hour.
// Source: GitHub Docs, "Generating an installation access token for a GitHub App".
const MintedAppToken = "minted:github-app-token"

// pushed is what a token given to checkout is for: it stays in .git/config, and a later
// push goes out with it.
// Source: actions/checkout README, token and persist-credentials.
func pushed(all []deed, at int) *deed {
	for i := at + 1; i < len(all); i++ {
		d := &all[i]
		if d.use != nil && d.kind == workflow.Repo && slices.Contains(d.use.Match, "git push") || d.known != nil && d.kind == workflow.Repo && len(d.with) == 0 {
			return d
		}
	}
	return &deed{kind: workflow.Read, system: "github"}
}

// become learns what an identity is for from what follows its login.
func (b *builder) become(i *Identity, all []deed, s *InstanceStep) {
	at := slices.IndexFunc(all, func(d deed) bool { return d.step == s })
	if at < 0 {
		return
	}
	used := later(all, at)
	for j := range used {
		b.learned(i.ID, &i.Authority, &i.Systems, &used[j], "")
	}
}
