package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// Survey implements adapters.Provider. What a token may not list is a gap; only a
// repository that cannot be read at all is an error. Repositories that are in s
// already are replaced.
func (p *Provider) Survey(ctx context.Context, scope adapters.Scope, s *snapshot.Snapshot) error {
	for _, name := range scope.Repositories {
		r, gaps, err := p.survey(ctx, name)
		if err != nil {
			return fmt.Errorf("survey %s: %w; check its name and that GITHUB_TOKEN may read it", name, err)
		}
		s.Repositories = slices.DeleteFunc(s.Repositories, func(x snapshot.Repository) bool { return x.FullName == r.FullName })
		s.Repositories = append(s.Repositories, *r)
		s.Gaps = slices.DeleteFunc(s.Gaps, func(g snapshot.Gap) bool {
			return g.Provider == "github" && strings.HasSuffix(g.What, " of "+r.FullName)
		})
		s.Gaps = append(s.Gaps, gaps...)
	}
	slices.SortFunc(s.Repositories, func(a, b snapshot.Repository) int { return cmp.Compare(a.FullName, b.FullName) })
	slices.SortFunc(s.Gaps, func(a, b snapshot.Gap) int {
		return cmp.Or(cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.What, b.What), cmp.Compare(a.Why, b.Why))
	})
	return nil
}

// surveyor fills one repository. Its parts run at the same time and each write
// fields of their own; gaps alone are shared.
type surveyor struct {
	*Provider
	r *snapshot.Repository

	mu   sync.Mutex
	gaps []snapshot.Gap
}

// part is one thing to list, by the name its gap would have.
type part struct {
	what string
	read func(context.Context) error
}

func (p *Provider) survey(ctx context.Context, name string) (*snapshot.Repository, []snapshot.Gap, error) {
	var repo struct {
		ID       int64  `json:"id"`
		FullName string `json:"full_name"`
		Default  string `json:"default_branch"`
		Private  bool   `json:"private"`
	}
	if _, err := get(ctx, p.surveys, at(name), &repo); err != nil {
		return nil, nil, err
	}
	if repo.FullName == "" {
		return nil, nil, errors.New("GitHub's answer names no repository")
	}
	v := &surveyor{Provider: p, r: &snapshot.Repository{FullName: repo.FullName, ID: repo.ID, DefaultBranch: repo.Default, Private: repo.Private}}
	var wait sync.WaitGroup
	for _, part := range v.parts() {
		wait.Go(func() { v.gap(part.what, part.read(ctx)) })
	}
	wait.Wait()
	return v.r, v.gaps, ctx.Err()
}

func (v *surveyor) parts() []part {
	return []part{
		{"branches and workflow files", v.files},
		{"workflows", v.workflows},
		{"environments", v.environments},
		{"repository secrets", v.secrets},
		{"variables", v.variables},
		{"live runs", v.runs},
		{"caches", v.caches},
		{"artifacts", v.artifacts},
		{"self-hosted runners", v.runners},
		{"deploy keys", v.keys},
		{"webhooks", v.hooks},
		{"default permissions of GITHUB_TOKEN", v.permissions},
		{"OIDC subject template", v.subject},
	}
}

// gap records why something could not be listed; nil is no gap.
func (v *surveyor) gap(what string, err error) {
	if err == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.gaps = append(v.gaps, snapshot.Gap{Provider: "github", What: what + " of " + v.r.FullName, Why: why(err), Passing: adapters.Passing(status(err))})
}

func why(err error) string {
	switch status(err) {
	case http.StatusForbidden, http.StatusNotFound:
		return fmt.Sprintf("GitHub answered %d: the token may not read it%s", status(err), wants(err))
	case 0:
		return adapters.Cause(err)
	}
	return fmt.Sprintf("GitHub answered %d", status(err))
}
