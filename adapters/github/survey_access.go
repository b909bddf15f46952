package github

import (
	"cmp"
	"context"
	"errors"
	"slices"

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
	all, _, err := list[runner](ctx, v.client, at(v.r.FullName, "actions", "runners"), "runners", nil)
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
