package github

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-github/v62/github"
)

// sharing says who may read an organization's secret. A PUT replaces all of it, so
// it goes with every one, as it was read: v62 leaves empty lists out and a PUT
// without the repositories clears them.
// Source: GitHub REST reference, "Create or update an organization secret".
type sharing struct {
	Visibility string  // "all", "private", "selected"; "" where it is not known or does not apply
	Selected   []int64 // repository ids, sorted; only with "selected"
}

func (s sharing) equal(o sharing) bool {
	return s.Visibility == o.Visibility && slices.Equal(s.Selected, o.Selected)
}

// String says it for a person.
func (s sharing) String() string {
	if s.Visibility != "selected" {
		return s.Visibility
	}
	return fmt.Sprintf("selected (repositories %s)", s.ids())
}

func (s sharing) ids() string {
	var out []string
	for _, id := range s.Selected {
		out = append(out, strconv.FormatInt(id, 10))
	}
	return strings.Join(out, " ")
}

// args puts the sharing among a call's arguments, so that what is resent is exactly
// what the call was made for.
func (s sharing) args(into map[string]string) {
	if s.Visibility != "" {
		into["visibility"], into["selected"] = s.Visibility, s.ids()
	}
}

// sharingOf is the inverse of args.
func sharingOf(args map[string]string) (sharing, error) {
	s := sharing{Visibility: args["visibility"]}
	for _, text := range strings.Fields(args["selected"]) {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return s, fmt.Errorf("repository id %q of the call is no number", text)
		}
		s.Selected = append(s.Selected, id)
	}
	return s, nil
}

// selected lists the repositories of an organization's secret.
func selected(ctx context.Context, c *github.Client, p place, repository, name string) ([]int64, error) {
	type repo struct {
		ID int64 `json:"id"`
	}
	all, _, err := list[repo](ctx, c, p.at(repository, name, "repositories"), "repositories", nil)
	if err != nil {
		return nil, err // part of the list would take the secret away from the rest
	}
	ids := []int64{}
	for _, r := range all {
		ids = append(ids, r.ID)
	}
	slices.Sort(ids)
	return ids, nil
}
