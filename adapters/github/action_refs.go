package github

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/firebreak/firebreak/internal/snapshot"
)

// actionRefs looks up at which commits tags and branches of actions stand. One that
// cannot be looked up is left out: pinning then has nothing to pin it to.
func (p *Provider) actionRefs(ctx context.Context, wanted []string, s *snapshot.Snapshot) {
	wanted = slices.Compact(slices.Sorted(slices.Values(wanted)))
	found := make([]string, len(wanted))
	var wait sync.WaitGroup
	turn := make(chan struct{}, 8)
	for i, w := range wanted {
		wait.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			uses, ref, _ := strings.Cut(w, "@")
			found[i] = p.commit(ctx, uses, ref)
		})
	}
	wait.Wait()
	for i, w := range wanted {
		uses, ref, _ := strings.Cut(w, "@")
		if found[i] != "" {
			s.Actions = append(s.Actions, snapshot.ActionRef{Uses: uses, Ref: ref, SHA: found[i]})
		}
	}
}

// commit is where a tag or branch stands, "" where GitHub does not say. An annotated tag
// is followed to its commit. Source: GitHub REST reference, "Get a commit", the media type
// application/vnd.github.sha.
func (p *Provider) commit(ctx context.Context, repository, ref string) string {
	c := p.client(p.surveying)
	r, err := c.NewRequest(http.MethodGet, at(repository, "commits", ref), nil)
	if err != nil {
		return ""
	}
	r.Header.Set("Accept", "application/vnd.github.sha")
	var b bytes.Buffer
	if _, err := c.Do(ctx, r, &b); err != nil {
		return ""
	}
	if sha := strings.TrimSpace(b.String()); snapshot.IsCommit(sha) {
		return sha
	}
	return ""
}
