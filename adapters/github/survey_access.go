package github

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/go-github/v62/github"

	"github.com/firebreak/firebreak/internal/snapshot"
)

func (v *surveyor) runners(ctx context.Context) error {
	type runner struct {
		ID     int64  `json:"id"`
		Name   string `json:"name"`
		Status string `json:"status"`
		Busy   bool   `json:"busy"`
		Labels []struct {
			Name string `json:"name"`
		} `json:"labels"`
	}
	all, _, err := list[runner](ctx, v.surveys, at(v.r.FullName, "actions", "runners"), "runners", nil)
	for _, r := range all {
		x := snapshot.Runner{ID: r.ID, Name: r.Name, Status: r.Status, Busy: r.Busy}
		for _, l := range r.Labels {
			x.Labels = append(x.Labels, l.Name)
		}
		slices.Sort(x.Labels)
		v.r.Runners = append(v.r.Runners, x)
	}
	slices.SortFunc(v.r.Runners, func(a, b snapshot.Runner) int { return cmp.Compare(a.ID, b.ID) })
	return err
}

func (v *surveyor) keys(ctx context.Context) error {
	type key struct {
		ID       int64     `json:"id"`
		Title    string    `json:"title"`
		ReadOnly bool      `json:"read_only"`
		Created  time.Time `json:"created_at"`
		AddedBy  string    `json:"added_by"`
	}
	all, _, err := list[key](ctx, v.surveys, at(v.r.FullName, "keys"), "", nil)
	for _, k := range all {
		v.r.Keys = append(v.r.Keys, snapshot.DeployKey{ID: k.ID, Title: k.Title, ReadOnly: k.ReadOnly, Created: k.Created.UTC(), AddedBy: k.AddedBy})
	}
	slices.SortFunc(v.r.Keys, func(a, b snapshot.DeployKey) int { return cmp.Compare(a.ID, b.ID) })
	return err
}

func (v *surveyor) hooks(ctx context.Context) error {
	type hook struct {
		ID     int64    `json:"id"`
		Active bool     `json:"active"`
		Events []string `json:"events"`
		Config struct {
			URL string `json:"url"`
		} `json:"config"`
	}
	all, _, err := list[hook](ctx, v.surveys, at(v.r.FullName, "hooks"), "", nil)
	for _, h := range all {
		slices.Sort(h.Events)
		v.r.Hooks = append(v.r.Hooks, snapshot.Hook{ID: h.ID, Active: h.Active, URL: bareURL(h.Config.URL), Events: h.Events})
	}
	slices.SortFunc(v.r.Hooks, func(a, b snapshot.Hook) int { return cmp.Compare(a.ID, b.ID) })
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

// wants tells which permission would have done, from GitHub's own header.
func wants(err error) string {
	var said *github.ErrorResponse
	if !errors.As(err, &said) || said.Response == nil {
		return ""
	}
	if p := said.Response.Header.Get("X-Accepted-GitHub-Permissions"); p != "" {
		return "; it needs " + p
	}
	return ""
}
