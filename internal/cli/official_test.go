package cli

import (
	"net/http"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/counterpart"
	"github.com/firebreak/firebreak/internal/rehearse"
	"github.com/firebreak/firebreak/internal/tally"
)

// toGitHub sends what is meant for GitHub by another transport.
type toGitHub struct {
	at           string // of GitHub's world
	github, rest http.RoundTripper
}

func (g toGitHub) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasPrefix(r.URL.String(), g.at+"/") {
		return g.github.RoundTrip(r)
	}
	return g.rest.RoundTrip(r)
}

// A whole incident of the shipped scenario speaks GitHub's own language: every
// request of firebreak, and every answer of the world, is held against GitHub's
// published description.
func TestRehearsalAgainstGitHubsDescription(t *testing.T) {
	official := counterpart.GitHub(t)
	s := newStageIn(t, setting{around: func(r *rehearse.Rehearsal) http.RoundTripper {
		return toGitHub{r.World.URL("github"), official.Over(t, r.Transport), r.Transport}
	}})
	r, err := s.run(nil)
	if err != nil {
		t.Fatal(err)
	}
	s.closed(r, "held against GitHub's description")
	tally.Note(t, "a rehearsal of the shipped scenario: %s", official.Figures())
}
