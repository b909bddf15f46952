package cli

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/rehearse"
	"github.com/firebreak/firebreak/internal/tally"
	"github.com/firebreak/firebreak/internal/world"
)

// An incident under each shape of each provider's rate limit ends as one that met
// none: nothing is lost, nothing is sent twice, and by the world's own log nothing is
// asked of a provider before the time it named. Every pause is told.
func TestIncidentsUnderRateLimits(t *testing.T) {
	if testing.Short() {
		t.Skip("incidents over HTTP; run without -short")
	}
	calm := newStage(t)
	r, err := calm.run(nil)
	if err != nil {
		t.Fatal(err)
	}
	calm.closed(r, "calm")
	github := rehearse.Limit{Provider: "github", Calls: 30, Per: 2 * time.Minute}
	primary := func(status int) rehearse.Limit {
		l := github
		l.Status, l.Primary = status, true
		return l
	}
	secondary := func(status int) rehearse.Limit {
		l := github
		l.Status, l.RetryAfter = status, 70*time.Second
		return l
	}
	silent, changes := github, github
	silent.Status, silent.Silent, silent.RetryAfter = 403, true, time.Minute
	changes.Calls, changes.Mutating = 2, true
	aws := rehearse.Limit{Provider: "aws", Calls: 8, Per: 7 * time.Second, Silent: true}
	vault := rehearse.Limit{Provider: "vault", Calls: 8, Per: 20 * time.Second}
	npm := rehearse.Limit{Provider: "npm", Calls: 4, Per: 45 * time.Second}
	total := 0
	for name, limits := range map[string][]rehearse.Limit{
		"GitHub primary 403":        {primary(403)},
		"GitHub primary 429":        {primary(429)},
		"GitHub secondary 403":      {secondary(403)},
		"GitHub secondary 429":      {secondary(429)},
		"GitHub secondary, no time": {silent},
		"GitHub changes":            {changes},
		"AWS":                       {aws},
		"Vault":                     {vault},
		"npm":                       {npm},
		"all at once":               {secondary(403), aws, vault, npm},
	} {
		t.Run(name, func(t *testing.T) {
			var said bytes.Buffer
			s := newStageIn(t, setting{limits: limits, said: &said})
			r, err := s.run(nil)
			if err != nil {
				t.Fatal(err)
			}
			s.closed(r, name)
			if d := differences(s.projection(), calm.projection()); d != "" {
				t.Errorf("ends otherwise:\n%s", d)
			}
			if d := differences(effects(s), effects(calm)); d != "" {
				t.Errorf("sent more or less often:\n%s", d)
			}
			refused := s.pauses(limits)
			if n := strings.Count(said.String(), ": told to wait "); n < len(refused) {
				t.Errorf("%d pauses were told, the world made %d:\n%s", n, len(refused), said.String())
			}
			total += len(refused)
		})
	}
	tally.Note(t, "%d pauses in 10 incidents under GitHub's, AWS's, Vault's and npm's rate limits: nothing lost, sent twice or asked too early", total)
}

// again are the changes of which more or fewer are right when an incident takes
// longer: the team's mistakes are undone, and what goes on by itself is stopped.
var again = []string{"PUT workflow disable", "PUT workflow enable", "POST run cancel", "POST run force-cancel", "DELETE cache"}

// made are ids that a world makes, in the order in which things come about.
var made = regexp.MustCompile(`/[0-9]+\b`)

// effects counts the changes of firebreak that a world carried out.
func effects(s *stage) map[string]string {
	n := map[string]int{}
	for _, e := range s.r.World.Entries() {
		if e.Kind == "request" && e.Mutating && e.Number > 0 && e.Status < 400 && !slices.Contains(again, e.Call) {
			n[e.Call+" "+made.ReplaceAllString(e.Object, "/N")]++
		}
	}
	out := map[string]string{}
	for k, v := range n {
		out[k] = fmt.Sprint(v)
	}
	return out
}

// onTheWay is how many requests may be refused at one moment: a survey has six reads
// out at once. The clock stands still while they are on their way.
const onTheWay = 6

// pauses gives the pauses that a world's limits made, and fails where something was
// asked within one.
func (s *stage) pauses(limits []rehearse.Limit) (all []world.Entry) {
	s.t.Helper()
	// What there is to wait where a limit names no time.
	quiet := map[string]time.Duration{}
	for _, l := range limits {
		if l.Silent {
			quiet[l.Provider] = map[string]time.Duration{"github": time.Minute, "aws": 2 * time.Second}[l.Provider]
		}
	}
	type pause struct {
		at, until time.Time
		refused   int
	}
	on := map[string]*pause{}
	for _, e := range s.r.World.Entries() {
		if e.Kind != "request" || !strings.HasPrefix(e.Agent, "firebreak/") || e.Call == "GET download" {
			continue // a download is from a storage host
		}
		p := on[e.Provider]
		if p != nil && e.Time.After(p.at) && e.Time.Before(p.until) {
			s.t.Errorf("asked %s after a refusal, %s too early: %s %s", e.Time.Sub(p.at), p.until.Sub(e.Time), e.Call, e.Object)
		}
		if e.Fault != world.RateLimited {
			continue
		}
		until := e.At
		if q := quiet[e.Provider]; q > 0 {
			until = e.Time.Add(q)
		}
		if p == nil || !p.at.Equal(e.Time) {
			p = &pause{at: e.Time, until: until}
			on[e.Provider] = p
			all = append(all, e)
		}
		if p.refused++; p.refused > onTheWay {
			s.t.Errorf("%d requests were refused at one moment, the last was %s %s", p.refused, e.Call, e.Object)
		}
	}
	for _, l := range limits {
		if on[l.Provider] == nil {
			s.t.Errorf("the limit of %s was never met", l.Provider)
		}
	}
	return all
}
