package github

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/go-github/v62/github"

	"github.com/firebreak/firebreak/internal/snapshot"
)

// hookWire has the times, by which an added or redirected webhook is told.
type hookWire struct {
	ID      int64     `json:"id"`
	Active  bool      `json:"active"`
	Events  []string  `json:"events"`
	Created time.Time `json:"created_at"`
	Updated time.Time `json:"updated_at"`
	Config  struct {
		URL string `json:"url"`
	} `json:"config"`
}

// keyWire has who added a deploy key, which v62's callers rarely look at.
type keyWire struct {
	ID       int64     `json:"id"`
	Key      string    `json:"key"`
	Title    string    `json:"title"`
	ReadOnly bool      `json:"read_only"`
	Created  time.Time `json:"created_at"`
	AddedBy  string    `json:"added_by"`
}

// hooksAt lists the webhooks below a repository's or an organization's path.
func hooksAt(ctx context.Context, c *github.Client, path string) ([]snapshot.Hook, error) {
	all, _, err := list[hookWire](ctx, c, path, "", nil)
	var out []snapshot.Hook
	for _, h := range all {
		slices.Sort(h.Events)
		out = append(out, snapshot.Hook{ID: h.ID, Active: h.Active, URL: bareURL(h.Config.URL), Events: h.Events, Created: utc(h.Created), Updated: utc(h.Updated)})
	}
	slices.SortFunc(out, func(a, b snapshot.Hook) int { return cmp.Compare(a.ID, b.ID) })
	return out, err
}

// keysAt lists a repository's deploy keys.
func keysAt(ctx context.Context, c *github.Client, repository string) ([]snapshot.DeployKey, error) {
	all, _, err := list[keyWire](ctx, c, at(repository, "keys"), "", nil)
	var out []snapshot.DeployKey
	for _, k := range all {
		out = append(out, snapshot.DeployKey{ID: k.ID, Key: k.Key, Title: k.Title, ReadOnly: k.ReadOnly, Created: utc(k.Created), AddedBy: k.AddedBy})
	}
	slices.SortFunc(out, func(a, b snapshot.DeployKey) int { return cmp.Compare(a.ID, b.ID) })
	return out, err
}

// utc leaves no time no time: in the snapshot it is left out.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}

func (v *surveyor) keys(ctx context.Context) (err error) {
	v.r.Keys, err = keysAt(ctx, v.client, v.r.FullName)
	return err
}

func (v *surveyor) hooks(ctx context.Context) (err error) {
	v.r.Hooks, err = hooksAt(ctx, v.client, at(v.r.FullName, "hooks"))
	return err
}

// ownerHooks lists the organization's webhooks, which hear of every repository.
func (v *surveyor) ownerHooks(ctx context.Context) error {
	if !v.organizationOwned() {
		return nil
	}
	hooks, err := v.house.hooks(ctx)
	if err == nil {
		v.organization = &snapshot.Organization{Login: v.owner.Login, Hooks: hooks, Repositories: v.house.size(ctx)}
	}
	return err
}

// bareURL leaves out what may carry a token: user, query, fragment, and of the path
// all but the first segment, since chat services put a token at its end.
func bareURL(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "(not an address)"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	if first, rest, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/"); rest != "" {
		u.Path, u.RawPath = "/"+first+"/...", ""
	}
	return u.String()
}
