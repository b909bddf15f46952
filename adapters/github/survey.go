package github

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-github/v62/github"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// Survey implements adapters.Provider. What a token may not list is a gap; only a
// repository that cannot be read at all is an error. Repositories that are in s
// already are replaced. What several repositories of one owner share is read once.
func (p *Provider) Survey(ctx context.Context, scope adapters.Scope, s *snapshot.Snapshot) error {
	houses := map[string]*house{}
	for _, name := range scope.Repositories {
		login := strings.ToLower(owner(name))
		if houses[login] == nil {
			houses[login] = p.house(owner(name))
		}
		v, err := p.survey(ctx, name, houses[login])
		if code := status(err); code == http.StatusNotFound || code == http.StatusMovedPermanently {
			return unseen(name, err)
		}
		if err != nil {
			return fmt.Errorf("survey %s: %w", name, advised(err))
		}
		r, gaps := v.r, v.gaps
		s.Repositories = slices.DeleteFunc(s.Repositories, func(x snapshot.Repository) bool { return x.FullName == r.FullName })
		s.Repositories = append(s.Repositories, *r)
		s.Gaps = slices.DeleteFunc(s.Gaps, func(g snapshot.Gap) bool {
			return g.Provider == "github" && strings.HasSuffix(g.What, " of "+r.FullName)
		})
		s.Gaps = append(s.Gaps, gaps...)
		v.besideRepository(s)
	}
	slices.SortFunc(s.Repositories, func(a, b snapshot.Repository) int { return cmp.Compare(a.FullName, b.FullName) })
	slices.SortFunc(s.Gaps, func(a, b snapshot.Gap) int {
		return cmp.Or(cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.What, b.What), cmp.Compare(a.Why, b.Why))
	})
	p.actionRefs(ctx, scope.ActionRefs, s)
	return ctx.Err()
}

// surveyor fills one repository. Its parts run at the same time and each write
// fields of their own; gaps alone are shared.
type surveyor struct {
	*Provider
	client       *github.Client // waits out rate limits, and tells granted what GitHub says of our permissions
	granted      *granted
	house        *house // nil where one thing of the repository is looked at
	r            *snapshot.Repository
	page         string // the repository's web page
	role         map[string]bool
	owner        ownerWire
	organization *snapshot.Organization // nil when its webhooks were not listed
	template     json.RawMessage        // of OIDC subjects, the organization's, where it counts here
	shared       []snapshot.Runner      // the organization's; nil where they were not asked for

	mu   sync.Mutex
	gaps []snapshot.Gap
}

// part is one thing to list, by the name its gap would have.
type part struct {
	what string
	read func(context.Context) error
}

type ownerWire struct {
	Login string `json:"login"`
	Type  string `json:"type"` // "Organization", "User"
}

// repositoryWire is what a repository, and a list of them, says of each.
type repositoryWire struct {
	ID       int64           `json:"id"`
	FullName string          `json:"full_name"`
	Default  string          `json:"default_branch"`
	Private  bool            `json:"private"`
	Archived bool            `json:"archived"`
	Disabled bool            `json:"disabled"`
	Page     string          `json:"html_url"`
	Role     map[string]bool `json:"permissions"`
	Owner    ownerWire       `json:"owner"`
}

func (p *Provider) survey(ctx context.Context, name string, h *house) (*surveyor, error) {
	v := &surveyor{Provider: p, granted: &granted{}, house: h}
	v.client = p.client(listening{p.surveying, v.granted})
	var repo repositoryWire
	if _, err := get(ctx, v.client, at(name), &repo); err != nil {
		return nil, err
	}
	if repo.FullName == "" {
		return nil, errors.New("GitHub's answer names no repository")
	}
	return v, v.fill(ctx, repo)
}

// fill lists everything of a repository.
func (v *surveyor) fill(ctx context.Context, repo repositoryWire) error {
	v.r = &snapshot.Repository{FullName: repo.FullName, ID: repo.ID, DefaultBranch: repo.Default, Private: repo.Private}
	v.page, v.role, v.owner = repo.Page, repo.Role, repo.Owner
	var wait sync.WaitGroup
	for _, part := range v.parts() {
		wait.Go(func() { v.gap(part.what, part.read(ctx)) })
	}
	wait.Wait()
	if !v.house.whole && v.organizationOwned() && asksForOwnMachines(v.r.Files) {
		all, err := v.house.runners(ctx)
		if err == nil { // none is an answer too: what an earlier survey listed is gone
			v.shared = append([]snapshot.Runner{}, all...)
		}
		v.gap("organization runners that its jobs may run on, the list", err)
	}
	return ctx.Err()
}

// besideRepository adds what a survey learned that is not the repository's own.
func (v *surveyor) besideRepository(s *snapshot.Snapshot) {
	v.besideOwner(s)
	mine := v.permitted()
	s.Permissions = slices.DeleteFunc(s.Permissions, func(x snapshot.Permission) bool {
		return slices.ContainsFunc(mine, func(y snapshot.Permission) bool { return x.Provider == y.Provider && x.On == y.On && x.Name == y.Name })
	})
	s.Permissions = append(s.Permissions, mine...)
	snapshot.Sort(s)
}

// besideOwner adds what was learned of the organization by way of the repository.
func (v *surveyor) besideOwner(s *snapshot.Snapshot) {
	if v.organization == nil && v.template == nil && v.shared == nil {
		return
	}
	i := slices.IndexFunc(s.Organizations, func(x snapshot.Organization) bool { return x.Login == v.owner.Login })
	if i < 0 {
		i = len(s.Organizations)
		s.Organizations = append(s.Organizations, snapshot.Organization{Login: v.owner.Login})
	}
	if v.organization != nil {
		s.Organizations[i].Hooks, s.Organizations[i].Repositories = v.organization.Hooks, v.organization.Repositories
	}
	if v.shared != nil {
		s.Organizations[i].Runners = v.shared
	}
	if v.template != nil {
		s.Organizations[i].Subject = v.template
	}
}

func (v *surveyor) parts() []part {
	standing := []part{
		{"branches and workflow files", v.files},
		{"workflows", v.workflows},
		{"environments", v.environments},
		{"repository secrets", v.secrets},
		{"variables", v.variables},
		{"self-hosted runners", v.runners},
		{"deploy keys", v.keys},
		{"webhooks", v.hooks},
		{"organization webhooks, the list", v.ownerHooks},
		{"Dependabot secrets", v.besides("dependabot")},
		{"Codespaces secrets", v.besides("codespaces")},
		{"default permissions of GITHUB_TOKEN", v.permissions},
		{"approval of pull requests from forks", v.forkApproval},
		{"whether Actions is on", v.actionsSwitch},
		{"rulesets", v.rulesets},
		{"OIDC subject template", v.subject},
	}
	if v.house.whole {
		v.r.Left = []string{"artifacts", "caches", "runs"}
		return standing
	}
	return append(standing, part{"live runs", v.runs}, part{"caches", v.caches}, part{"artifacts", v.artifacts})
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
