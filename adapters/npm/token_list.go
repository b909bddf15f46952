package npm

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/secret"
)

// token is an entry of the registry's list. The value is masked.
type token struct {
	Masked   string    `json:"token"`
	Key      string    `json:"key"`
	Name     string    `json:"name"`
	ReadOnly bool      `json:"readonly"`
	Created  time.Time `json:"created"`
}

// maxPages bounds a list whose pages never end.
const maxPages = 200

// tokens lists the tokens of our own token's user, all pages, sorted by key. An
// error on any page is an error of the whole: half a list proves no absence.
// Source: npm CLI, npm-profile listTokens: {objects, urls: {next}}.
func (c *client) tokens(ctx context.Context) ([]token, error) {
	all, _, err := c.listed(ctx)
	return all, err
}

// listed is tokens, and how far the registry's clock is ahead of ours at least; 0 when
// it does not say what time it is. All who ask at the same time get one list.
func (c *client) listed(ctx context.Context) ([]token, time.Duration, error) {
	l, err := c.lists.Do(ctx, "", func(ctx context.Context) (tokenList, error) {
		all, skew, err := c.list(ctx)
		return tokenList{all, skew}, err
	})
	return slices.Clone(l.tokens), l.skew, err
}

// tokenList is a whole list of tokens, and the registry's clock minus ours.
type tokenList struct {
	tokens []token
	skew   time.Duration
}

func (c *client) list(ctx context.Context) ([]token, time.Duration, error) {
	var all []token
	var skew time.Duration
	path := "/-/npm/v1/tokens"
	for range maxPages {
		var page struct {
			Objects *[]token `json:"objects"`
			URLs    struct {
				Next string `json:"next"`
			} `json:"urls"`
		}
		at, err := c.dated(ctx, path, c.token, &page)
		if err != nil {
			return nil, 0, err
		}
		if !at.IsZero() {
			skew = at.Sub(c.now())
		}
		if page.Objects == nil {
			return nil, 0, errors.New("the list of tokens has no objects; is this an npm registry?")
		}
		all = append(all, *page.Objects...)
		if page.URLs.Next == "" {
			all, err := sorted(all)
			return all, skew, err
		}
		next, err := url.Parse(page.URLs.Next)
		if err != nil {
			return nil, 0, errors.New("the list of tokens names a next page that is no address")
		}
		path = "/-/npm/v1/tokens?" + next.RawQuery // never another host or path
	}
	return nil, 0, errors.New("the list of tokens does not end")
}

func sorted(all []token) ([]token, error) {
	for _, t := range all {
		if t.Key == "" {
			return nil, errors.New("the list of tokens has an entry without a key; is this an npm registry?")
		}
	}
	slices.SortFunc(all, func(a, b token) int { return cmp.Compare(a.Key, b.Key) })
	return slices.CompactFunc(all, func(a, b token) bool { return a.Key == b.Key }), nil
}

// shows reports whether a masked entry may be the given value: the characters the
// mask leaves at both ends are the value's own. Two values may look the same.
func (t token) shows(value secret.Text) bool { return adapters.MaskFits(t.Masked, value) }

// keys are the keys of tokens, for a before-image.
func keys(all []token) []string {
	out := make([]string, 0, len(all))
	for _, t := range all {
		out = append(out, t.Key)
	}
	return out
}

// told is a token for a person.
func (t token) told() string {
	s := t.Masked + ", created " + t.Created.UTC().Format(time.RFC3339)
	if t.Name != "" {
		s += ", called " + t.Name
	}
	return s
}
