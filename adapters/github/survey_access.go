package github

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/google/go-github/v62/github"

	"github.com/firebreak/firebreak/internal/snapshot"
)

func (v *surveyor) runners(ctx context.Context) (err error) {
	v.r.Runners, err = runnersAt(ctx, v.client, at(v.r.FullName, "actions", "runners"))
	return err
}

// runnersAt lists the self-hosted runners below a repository's or an organization's path.
func runnersAt(ctx context.Context, c *github.Client, path string) ([]snapshot.Runner, error) {
	type runner struct {
		ID     int64  `json:"id"`
		Name   string `json:"name"`
		Status string `json:"status"`
		Busy   bool   `json:"busy"`
		Labels []struct {
			Name string `json:"name"`
		} `json:"labels"`
	}
	all, _, err := list[runner](ctx, c, path, "runners", nil)
	var out []snapshot.Runner
	for _, r := range all {
		x := snapshot.Runner{ID: r.ID, Name: r.Name, Status: r.Status, Busy: r.Busy}
		for _, l := range r.Labels {
			x.Labels = append(x.Labels, l.Name)
		}
		slices.Sort(x.Labels)
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b snapshot.Runner) int { return cmp.Compare(a.ID, b.ID) })
	return out, err
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
