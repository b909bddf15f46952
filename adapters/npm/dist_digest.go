package npm

import (
	"context"
	"encoding/hex"
	"net/url"
	"strings"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// digest reads back what consumers get: the tarball behind a dist-tag must have
// the digest of the rebuilt one. A person publishes; this says when it is true.
// The registry's own checksums are not trusted: the tarball is fetched and hashed.
type digest struct{ p *Provider }

// Spec implements adapters.Action.
func (digest) Spec() plan.Spec {
	return plan.Spec{
		Name: "npm.dist.digest", Summary: "Read back that the tarball behind a dist-tag has a given SHA-256 digest", Target: "package",
		Inputs: []plan.Field{
			{Name: "package", Type: plan.String, Required: true, Doc: "package name, with its scope"},
			{Name: "tag", Type: plan.String, Doc: "dist-tag consumers install by; latest when left out"},
			{Name: "digest", Type: plan.String, Required: true, Doc: "SHA-256 of the rebuilt tarball in hex, with or without sha256: in front"},
		},
		Effect: plan.Read, Role: plan.Promote, Lost: plan.ResendSafe, Proof: plan.P2, Settle: plan.Duration(30 * time.Second),
		Source: "npm registry API, package metadata: dist-tags and versions[].dist.tarball",
	}
}

func tagOf(s string) string {
	if s == "" {
		return "latest"
	}
	return s
}

// Plan implements adapters.Action.
func (digest) Plan(in adapters.Inputs, _ *snapshot.Snapshot) (plan.Change, error) {
	name := in.Text("package") + "@" + tagOf(in.Text("tag"))
	return plan.Change{
		Target:   plan.Target{Provider: "npm", Kind: "package", ID: name, Name: name},
		Assisted: &plan.Assisted{Instructions: "Publish the rebuilt tarball of " + in.Text("package") + " under a version number that was never used, and let the dist-tag " + tagOf(in.Text("tag")) + " point to it."},
	}, nil
}

// Apply implements adapters.Action: there is nothing to send.
func (digest) Apply(context.Context, adapters.Task, plan.Call) adapters.Result {
	return nothingToSend()
}

// Settle implements adapters.Action.
func (digest) Settle(context.Context, adapters.Task, plan.Call) plan.Settlement {
	return plan.Settlement{Happened: "no", Detail: "this action sends nothing"}
}

// Verify implements adapters.Action.
func (a digest) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	want := strings.ToLower(strings.TrimPrefix(t.Text("digest"), "sha256:"))
	if b, err := hex.DecodeString(want); err != nil || len(b) != 32 {
		return plan.Reading{State: plan.Unknown, Detail: "the rebuilt tarball's digest is not known yet"}
	}
	name, tag := t.Text("package"), tagOf(t.Text("tag"))
	var doc struct {
		Tags     map[string]string `json:"dist-tags"`
		Versions map[string]struct {
			Dist struct {
				Tarball string `json:"tarball"`
			} `json:"dist"`
		} `json:"versions"`
	}
	if err := a.p.c.get(ctx, "/"+escape(name), a.p.c.token, &doc); err != nil {
		return adapters.Unread(err)
	}
	if doc.Versions == nil {
		return plan.Reading{State: plan.Unknown, Detail: "the package's metadata has no versions; is this an npm registry?"}
	}
	r := plan.Reading{State: plan.Broken, Wait: plan.Duration(10 * time.Second)}
	version := doc.Tags[tag]
	if version == "" {
		r.Detail = name + " has no dist-tag " + tag
		return r
	}
	have, err := a.p.c.hash(ctx, doc.Versions[version].Dist.Tarball)
	if err != nil {
		return adapters.Unread(err)
	}
	r.Before = plan.Image(map[string]string{"version": version, "sha256": have})
	if have != want {
		r.Detail = name + "@" + tag + " is " + version + " with sha256 " + have + ", the rebuilt one has " + want
		return r
	}
	r.State, r.Proof, r.Wait = plan.Held, plan.P1, 0
	r.Detail = name + "@" + tag + " is " + version + ", the rebuilt tarball"
	return r
}

// escape writes a package's name as one path segment: @scope%2fname.
func escape(name string) string {
	if scope, rest, ok := strings.Cut(name, "/"); ok && strings.HasPrefix(scope, "@") {
		return "@" + url.PathEscape(scope[1:]) + "%2f" + url.PathEscape(rest)
	}
	return url.PathEscape(name)
}
