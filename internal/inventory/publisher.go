package inventory

import (
	"cmp"
	"strings"

	"github.com/firebreak/firebreak/internal/workflow"
)

// publishers records the trusted publishers a job is: a registry that takes its OIDC
// token in place of a secret. The registry knows it by repository and workflow file,
// so that each file is an identity of its own.
// Source: npm Docs, "Trusted publishing for npm packages"; PyPI Docs, "Trusted
// Publishers"; RubyGems Guides, "Trusted Publishing"; crates.io, "Trusted Publishing".
func (b *builder) publishers(m *Model, in *Instance, j *Job, all []deed) {
	if in.Permissions["id-token"] != "write" {
		return
	}
	for i := range all {
		d := &all[i]
		title := trustedAs(d)
		if title == "" || b.byValue(in, d) {
			continue
		}
		file := in.Start.Path[strings.LastIndexByte(in.Start.Path, '/')+1:]
		id := d.system + ":trusted-publisher:" + cmp.Or(b.where(m), ".") + "/" + file
		x := b.identities[id]
		if x == nil {
			x = &Identity{
				ID: id, Name: title + " OIDC", Provider: d.system, Kind: d.system + ".trusted_publisher", Role: file, Authority: []string{"publish"}, ReachedBy: []string{},
				Systems: []string{label(d.system)}, Owner: b.ownerOf(m.Repository, in.Start.Path),
				Verdict: "not evaluable: job " + in.Top.ID + " of " + in.Start.Path + " publishes without a token and has id-token: write; whether the registry names this workflow a trusted publisher was not read",
			}
			x.Contact = b.cfg.Owners[x.Owner].Contact
			b.identities[id] = x
		}
		b.reached(id, in, b.line(in, d.step.Shown), nil)
		j.Reaches = append(j.Reaches, Reach{Credential: id, Name: x.Name, How: "id-token", Line: b.line(in, d.step.Shown)})
	}
}

// trustedAs names what a deed becomes when it publishes by OIDC, "" where it cannot.
func trustedAs(d *deed) string {
	switch {
	case d.use != nil && d.use.OIDC:
		return d.use.Trusted
	case d.known != nil && d.step.ByOIDC():
		if d.known.Input != "" {
			if v, set := d.step.Input(d.known.Input); set && v.Value != "" {
				return "" // a login as something the step names
			}
		}
		return d.known.Trusted
	}
	return ""
}

// byValue says whether a credential for the deed is in the job's reach, so that it does
// not publish by OIDC.
func (b *builder) byValue(in *Instance, d *deed) bool {
	for _, r := range in.Job.Refs {
		if r.Kind == workflow.Secret && d.takes(r) {
			return true
		}
	}
	for _, r := range in.File.Refs {
		if r.Kind == workflow.Secret && d.takes(r) {
			return true
		}
	}
	return false
}
