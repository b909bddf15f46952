package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// repositoriesOf lists the repositories of a house, each once, and fills in whose house
// it is. unseen tells of a person's that the token may not see; of an organization's the
// method of that name does. GitHub leaves them out of the list without a word.
func (p *Provider) repositoriesOf(ctx context.Context, h *house) (all []repositoryWire, unseen []snapshot.Gap, err error) {
	c := p.client(p.surveying)
	asked := h.login
	all, _, err = list[repositoryWire](ctx, c, "orgs/"+url.PathEscape(asked)+"/repos", "", nil)
	if h.personal = status(err) == http.StatusNotFound; h.personal {
		all, _, err = list[repositoryWire](ctx, c, "users/"+url.PathEscape(asked)+"/repos", "", nil)
	}
	switch {
	case status(err) == http.StatusNotFound:
		return nil, nil, adapters.NotThere(fmt.Sprintf("there is no organization or user %s, or the token may not see it", asked))
	case err != nil:
		return nil, nil, fmt.Errorf("list the repositories of %s: %w", asked, advised(err))
	}
	if len(all) > 0 && all[0].Owner.Login != "" {
		h.login = all[0].Owner.Login // as it is written
	}
	if h.personal {
		all, unseen, err = p.personal(ctx, h, all)
		if err != nil {
			return nil, nil, err
		}
	}
	seen := map[string]bool{}
	once := all[:0]
	for _, r := range all { // pages move while they are read
		if r.FullName == "" {
			return nil, nil, errors.New("GitHub's list of repositories has one without a name; look again")
		}
		if !seen[r.FullName] {
			seen[r.FullName], once = true, append(once, r)
		}
	}
	return once, unseen, nil
}

// unseen compares how many repositories there are with how many were listed.
// Source: GitHub REST reference, "Get an organization": how many are private is told to
// those alone who may know.
func (h *house) unseen(ctx context.Context, listed int) []snapshot.Gap {
	w, err := h.counted(ctx)
	gap := snapshot.Gap{Provider: "github", What: "private repositories of the organization " + h.login}
	switch {
	case err != nil:
		gap.Why, gap.Passing = why(err), adapters.Passing(status(err))
	case w.Private == nil:
		gap.Why = "GitHub does not tell this token how many there are, so that some may be missing; survey with a token of an owner"
	case w.Public+*w.Private > listed:
		gap.Why = fmt.Sprintf("the token may see %d of the %d repositories; give it all of them", listed, w.Public+*w.Private)
	default:
		return nil
	}
	return []snapshot.Gap{gap}
}

// totals are how many repositories an organization has.
type totals struct {
	Public  int  `json:"public_repos"`
	Private *int `json:"total_private_repos"`
}

func (h *house) counted(ctx context.Context) (totals, error) {
	return shared(h, "how many repositories", func() (w totals, err error) {
		_, err = get(ctx, h.client, "orgs/"+url.PathEscape(h.login), &w)
		return w, err
	})
}

// size is how many repositories it has, 0 where GitHub does not tell: what a change to all
// of them costs, and nothing rests on it.
func (h *house) size(ctx context.Context) int {
	w, err := h.counted(ctx)
	if err != nil || w.Private == nil {
		return 0
	}
	return w.Public + *w.Private
}

// personal lists a person's repositories. Others than that person see only the public ones.
// Source: GitHub REST reference, "List repositories for a user" and "for the authenticated user".
func (p *Provider) personal(ctx context.Context, h *house, public []repositoryWire) ([]repositoryWire, []snapshot.Gap, error) {
	var me struct {
		Login string `json:"login"`
	}
	_, err := get(ctx, h.client, "user", &me)
	if err == nil && strings.EqualFold(me.Login, h.login) {
		all, _, lerr := list[repositoryWire](ctx, h.client, "user/repos", "", url.Values{"affiliation": {"owner"}})
		if lerr != nil {
			return nil, nil, fmt.Errorf("list the repositories of %s: %w", h.login, advised(lerr))
		}
		return all, nil, nil
	}
	if err != nil && adapters.Passing(status(err)) {
		return nil, nil, fmt.Errorf("ask GitHub who we are: %w", advised(err))
	}
	return public, []snapshot.Gap{{Provider: "github", What: "private repositories of " + h.login, Why: "GitHub shows a person's private repositories to a token of that person alone; survey with one, or name the repositories"}}, nil
}
