package github

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/go-github/v62/github"

	"github.com/firebreak/firebreak/internal/snapshot"
)

func (v *surveyor) runners(ctx context.Context) (err error) {
	v.r.Runners, err = runnersAt(ctx, v.client, at(v.r.FullName, "actions", "runners"))
	return err
}

// asksForOwnMachines says whether a job may want a self-hosted runner: a label that is
// not one of GitHub's own behind runs-on, or a group. It is read for whether to ask who
// there is, not for what runs where.
func asksForOwnMachines(files []snapshot.File) bool {
	for _, f := range files {
		open := false // the labels stand in the lines that follow
		for line := range strings.Lines(f.Content) {
			_, v, runs := strings.Cut(line, "runs-on:")
			if !runs && !open {
				continue
			}
			if !runs {
				v = strings.TrimPrefix(strings.TrimSpace(line), "-")
			}
			v = strings.Trim(v, " \t\r\n[{\"'")
			if open = runs && v == ""; !open && !githubs(v) {
				return true
			}
		}
	}
	return false
}

func githubs(label string) bool {
	for _, own := range []string{"ubuntu", "windows", "macos", "${{", "#"} {
		if strings.HasPrefix(strings.ToLower(label), own) {
			return true
		}
	}
	return false
}

// runnersAt lists the self-hosted runners below a repository's or an organization's path.
func runnersAt(ctx context.Context, c *github.Client, path string) ([]snapshot.Runner, error) {
	all, _, err := list[runnerWire](ctx, c, path, "runners", nil)
	var out []snapshot.Runner
	for _, w := range all {
		out = append(out, w.snapshot())
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
