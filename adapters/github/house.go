package github

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/google/go-github/v62/github"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// house is what the repositories of one owner share. Each thing is read once for all of
// them, when the first needs it; an answer or a refusal then counts for the others. What
// failed in passing is asked again by the next.
type house struct {
	login string
	whole bool // all of its repositories are surveyed
	// personal: it is a person's, who has nothing but repositories.
	personal bool
	client   *github.Client // tells granted what GitHub says of our permissions there
	granted  *granted
	memory   Memory   // nil for none
	once     sync.Map // what → *read; the content of a git blob too
}

func (p *Provider) house(login string) *house {
	h := &house{login: login, granted: &granted{}}
	h.client = p.client(listening{p.surveying, h.granted})
	return h
}

// read is one thing that was asked for.
type read struct {
	mu    sync.Mutex
	kept  bool
	value any
	err   error
}

// shared reads a thing of the owner's once. With an error that may pass nothing is kept,
// what came with it is given all the same.
func shared[T any](h *house, what string, ask func() (T, error)) (T, error) {
	x, _ := h.once.LoadOrStore(what, &read{})
	r, ok := x.(*read)
	if !ok {
		panic("github: a house keeps reads alone")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.kept {
		v, err := ask()
		r.value, r.err, r.kept = v, err, err == nil || !adapters.Passing(status(err))
	}
	v, _ := r.value.(T)
	return v, r.err
}

// secretsOf lists the owner's secrets of a store with who may read them. doubts are
// those of which the readers could not be listed, by name; err is one of them where
// asking again may help.
func (h *house) secretsOf(ctx context.Context, scope string) (all []snapshot.Secret, doubts map[string]error, err error) {
	type answer struct {
		all    []snapshot.Secret
		doubts map[string]error
	}
	a, err := shared(h, scope+" secrets", func() (answer, error) {
		p, err := placeOf(scope)
		if err != nil {
			return answer{}, err
		}
		wires, _, err := list[secretWire](ctx, h.client, inOrganization(h.login, p.store, "secrets"), "secrets", nil)
		a := answer{doubts: map[string]error{}}
		for _, w := range wires {
			x := snapshot.Secret{Name: w.Name, Scope: scope, Created: w.Created.UTC(), Updated: w.Updated.UTC(), Visibility: w.Visibility}
			if w.Visibility == "selected" {
				ids, serr := selected(ctx, h.client, p, h.login+"/", w.Name)
				if x.Selected = ids; serr != nil {
					a.doubts[w.Name] = serr
					if err == nil && adapters.Passing(status(serr)) {
						err = serr
					}
				}
			}
			a.all = append(a.all, x)
		}
		return a, err
	})
	return slices.Clone(a.all), a.doubts, err
}

// variableOf is a variable of the owner's with who may read it.
type variableOf struct {
	snapshot.Variable
	visibility string
	selected   []int64
}

// variables lists the owner's variables. Where the readers of one could not be listed
// that is an error: each repository can be asked which variables reach it.
func (h *house) variables(ctx context.Context) ([]variableOf, error) {
	return shared(h, "variables", func() ([]variableOf, error) {
		type wire struct {
			variableWire
			Visibility string `json:"visibility"`
		}
		wires, _, err := list[wire](ctx, h.client, inOrganization(h.login, "actions", "variables"), "variables", nil)
		var out []variableOf
		for _, w := range wires {
			v := variableOf{snapshot.Variable{Name: w.Name, Scope: "organization", Value: w.Value}, w.Visibility, nil}
			if w.Visibility == "selected" {
				repos, _, serr := list[struct {
					ID int64 `json:"id"`
				}](ctx, h.client, inOrganization(h.login, "actions", "variables", w.Name, "repositories"), "repositories", nil)
				if serr != nil {
					return nil, serr
				}
				for _, r := range repos {
					v.selected = append(v.selected, r.ID)
				}
			}
			out = append(out, v)
		}
		return out, err
	})
}

// hooks lists the owner's webhooks, which hear of every repository.
func (h *house) hooks(ctx context.Context) ([]snapshot.Hook, error) {
	return shared(h, "hooks", func() ([]snapshot.Hook, error) {
		return hooksAt(ctx, h.client, inOrganization(h.login, "hooks"))
	})
}

// ruleset reads one that repositories inherit. Through which of them it is asked for
// makes no difference: that it is inherited is all that is taken over.
func (h *house) ruleset(ctx context.Context, through string, id int64) (rulesetWire, error) {
	return shared(h, fmt.Sprint("ruleset ", id), func() (rulesetWire, error) { return rulesetOf(ctx, h.client, through, id) })
}

// subject reads the owner's template of OIDC subjects, which counts for repositories
// that ask for it. Source: GitHub REST reference, "Actions OIDC".
func (h *house) subject(ctx context.Context) (raw []byte, err error) {
	return shared(h, "OIDC subject template", func() ([]byte, error) {
		var raw json.RawMessage
		_, err := get(ctx, h.client, inOrganization(h.login, "actions", "oidc", "customization", "sub"), &raw)
		return raw, err
	})
}

// runners lists the self-hosted runners that several repositories can use.
func (h *house) runners(ctx context.Context) ([]snapshot.Runner, error) {
	return shared(h, "runners", func() ([]snapshot.Runner, error) {
		return runnersAt(ctx, h.client, inOrganization(h.login, "actions", "runners"))
	})
}

// apps lists the Apps that are installed in the organization.
func (h *house) apps(ctx context.Context) ([]snapshot.App, error) {
	return shared(h, "apps", func() ([]snapshot.App, error) {
		type wire struct {
			ID          int64             `json:"id"`
			AppID       int64             `json:"app_id"`
			Slug        string            `json:"app_slug"`
			Selection   string            `json:"repository_selection"`
			Permissions map[string]string `json:"permissions"`
			Suspended   *string           `json:"suspended_at"`
		}
		all, _, err := list[wire](ctx, h.client, inOrganization(h.login, "installations"), "installations", nil)
		var out []snapshot.App
		for _, w := range all {
			out = append(out, snapshot.App{ID: w.ID, AppID: w.AppID, Slug: w.Slug, Selection: w.Selection, Permissions: w.Permissions, Suspended: w.Suspended != nil})
		}
		return out, err
	})
}

// tokenDefaults reads what GITHUB_TOKEN gets in repositories that say nothing of their own.
func (h *house) tokenDefaults(ctx context.Context) ([]byte, error) {
	return shared(h, "default permissions", func() ([]byte, error) {
		var raw json.RawMessage
		_, err := get(ctx, h.client, inOrganization(h.login, "actions", "permissions", "workflow"), &raw)
		return raw, err
	})
}
