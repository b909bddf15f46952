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
	v.addSecrets(own)
	if !v.organizationOwned() {
		return err
	}
	if v.house.whole { // by the organization's own list, instead of one list a repository
		if all, doubts, serr := v.house.secretsOf(ctx, "organization"); serr == nil {
			v.addReaching("organization", all, doubts)
			return err
		}
	}
	shared, serr := v.named(ctx, "organization", "actions", "organization-secrets")
	v.gap("organization secrets that reach it, the list", serr)
	if len(shared) > 0 {
		all, doubts, terr := v.house.secretsOf(ctx, "organization")
		for i := range shared {
			v.readers(&shared[i], all, doubts)
		}
		v.gap("who may read the organization's secrets, the list", terr)
	}
	v.addSecrets(shared)
	return err
}

// readers takes over from the organization's list who may read a secret; the
// repository's own view does not tell.
func (v *surveyor) readers(x *snapshot.Secret, all []snapshot.Secret, doubts map[string]error) {
	for _, o := range all {
		if o.Name != x.Name {
			continue
		}
		if err := doubts[o.Name]; err != nil {
			v.gap("who may read the "+x.Scope+" secret "+x.Name+", the list", err)
			return
		}
		x.Visibility, x.Selected = o.Visibility, o.Selected
	}
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
		all, doubts, serr := v.house.secretsOf(ctx, store+"-organization")
		v.gap(fmt.Sprintf("%s secrets of the organization, the list", store), serr)
		v.addReaching(store+"-organization", all, doubts)
		return err
	}
}

// addReaching adds those of an organization's secrets that can be read in the repository.
func (v *surveyor) addReaching(scope string, all []snapshot.Secret, doubts map[string]error) {
	for _, x := range all {
		if err := doubts[x.Name]; err != nil {
			v.gap(fmt.Sprintf("who may read the %s secret %s, the list", scope, x.Name), err)
			var cut *incomplete
			if !errors.As(err, &cut) {
				x.Selected = nil
			}
			x.Visibility = "" // not known who; it may reach this repository
		}
		if v.reached(x.Visibility, x.Selected) {
			v.addSecrets([]snapshot.Secret{x})
		}
	}
}

// reached says whether what an organization shares can be read in the repository, also
// where that is not known.
func (v *surveyor) reached(visibility string, chosen []int64) bool {
	switch visibility {
	case "selected":
		return slices.Contains(chosen, v.r.ID)
	case "private":
		return v.r.Private
	}
	return true
}
