package github

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/firebreak/firebreak/internal/snapshot"
)

// organizationOwned says whether the repository's owner can have secrets and webhooks of its own.
func (v *surveyor) organizationOwned() bool { return v.owner.Type == "Organization" }

// secrets lists names and times of the repository's own secrets and of those of the
// organization that reach it, with who may read them.
func (v *surveyor) secrets(ctx context.Context) error {
	own, err := v.named(ctx, "repository", "actions", "secrets")
	var shared []snapshot.Secret
	if v.organizationOwned() {
		var serr error
		shared, serr = v.named(ctx, "organization", "actions", "organization-secrets")
		v.gap("organization secrets that reach it, the list", serr)
		if len(shared) > 0 {
			all, terr := v.organizations(ctx, "organization")
			for i := range shared {
				v.readers(ctx, &shared[i], all)
			}
			v.gap("who may read the organization's secrets, the list", terr)
		}
	}
	v.addSecrets(own, shared)
	return err
}

// readers takes over from the organization's list who may read a secret; the
// repository's own view does not tell.
func (v *surveyor) readers(ctx context.Context, x *snapshot.Secret, all []snapshot.Secret) {
	for _, o := range all {
		if o.Name != x.Name {
			continue
		}
		if err := v.share(ctx, &o); err != nil {
			v.gap("who may read the "+x.Scope+" secret "+x.Name+", the list", err)
			return
		}
		x.Visibility, x.Selected = o.Visibility, o.Selected
	}
}

// share reads the repositories of a secret that is shared with some.
func (v *surveyor) share(ctx context.Context, x *snapshot.Secret) error {
	if x.Visibility != "selected" {
		return nil
	}
	p, err := placeOf(x.Scope)
	if err == nil {
		x.Selected, err = selected(ctx, v.client, p, v.r.FullName, x.Name)
	}
	return err
}

// organizations lists an organization's secrets of one scope.
func (v *surveyor) organizations(ctx context.Context, scope string) ([]snapshot.Secret, error) {
	p, err := placeOf(scope)
	if err != nil {
		return nil, err
	}
	all, _, err := list[secretWire](ctx, v.client, p.at(v.r.FullName), "secrets", nil)
	var out []snapshot.Secret
	for _, x := range all {
		out = append(out, snapshot.Secret{Name: x.Name, Scope: scope, Created: x.Created.UTC(), Updated: x.Updated.UTC(), Visibility: x.Visibility})
	}
	return out, err
}

// besides lists the secrets that Dependabot or Codespaces has for the repository: a
// copy of a value may lie there under the same name. GitHub has no view of these by
// repository, so an organization's secrets are gone through.
func (v *surveyor) besides(store string) func(context.Context) error {
	return func(ctx context.Context) error {
		own, err := v.named(ctx, store, store, "secrets")
		v.addSecrets(own)
		if !v.organizationOwned() {
			return err
		}
		all, serr := v.organizations(ctx, store+"-organization")
		v.gap(fmt.Sprintf("%s secrets of the organization, the list", store), serr)
		for _, x := range all {
			if err := v.share(ctx, &x); err != nil {
				v.gap(fmt.Sprintf("who may read the %s secret %s, the list", x.Scope, x.Name), err)
				var cut *incomplete
				if !errors.As(err, &cut) {
					x.Selected = nil
				}
				x.Visibility = "" // not known who; it may reach this repository
			}
			if v.reached(x) {
				v.addSecrets([]snapshot.Secret{x})
			}
		}
		return err
	}
}

// reached says whether an organization's secret can be read in the repository, also
// where that is not known.
func (v *surveyor) reached(x snapshot.Secret) bool {
	switch x.Visibility {
	case "selected":
		return slices.Contains(x.Selected, v.r.ID)
	case "private":
		return v.r.Private
	}
	return true
}
