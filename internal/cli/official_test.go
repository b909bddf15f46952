package cli

import (
	"net/http"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/counterpart"
	"github.com/firebreak/firebreak/internal/rehearse"
	"github.com/firebreak/firebreak/internal/tally"
)

// toOne sends what is meant for one provider by another transport.
type toOne struct {
	at        string // of that provider's world
	one, rest http.RoundTripper
}

func (o toOne) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasPrefix(r.URL.String(), o.at+"/") {
		return o.one.RoundTrip(r)
	}
	return o.rest.RoundTrip(r)
}

// A whole incident of the shipped scenario speaks the providers' own language: every
// request of firebreak, and every answer of the world, is held against GitHub's
// published description and AWS's service models.
func TestRehearsalAgainstOfficialDescriptions(t *testing.T) {
	official, models := counterpart.GitHub(t), counterpart.AWS(t)
	s := newStageIn(t, setting{around: func(r *rehearse.Rehearsal) http.RoundTripper {
		aws := toOne{r.World.URL("aws"), models.Over(t, r.Transport), r.Transport}
		return toOne{r.World.URL("github"), official.Over(t, r.Transport), aws}
	}})
	r, err := s.run(nil)
	if err != nil {
		t.Fatal(err)
	}
	s.closed(r, "held against official descriptions")
	counterpart.Proved(t, "github", counterpart.Described, "a whole rehearsal of the shipped scenario speaks as described, named exceptions aside")
	tally.Note(t, "a rehearsal of the shipped scenario: %s; %s", official.Figures(), models.Figures())
}
