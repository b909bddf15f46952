package acceptance

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/world"
)

// What the benchmark's world and the providers' published limits make everybody wait for.
const (
	latency  = 50 * time.Millisecond
	npmDeath = time.Minute
	// Source: GitHub REST reference, "Best practices": at least one second between
	// mutations. The registry publishes nothing; ours is politeness.
	gitHubGap = time.Second
	npmGap    = 200 * time.Millisecond
	// drained is the wait between the two readings that show a workflow's runs gone.
	drained = 30 * time.Second
)

// Requests that cannot be made before the one before is answered.
const (
	// repository, its branches, a tree, a workflow file, then what the file names at AWS or
	// npm, and once more when the response is under way: before anything is changed.
	before = 6
	// the last delivery read back, its value tried, the old one destroyed, that read back.
	after = 4
	// how many of its changes AWS gets at one time.
	awsAtOnce = 4
)

// times are counted from our first request.
type times struct {
	total    time.Duration
	deaths   []time.Duration // of the tokens that publish, the first five
	requests int
}

// took reads from the world's log how long it was.
func took(log []world.Entry) times {
	var t times
	var began time.Time
	for _, e := range log {
		switch {
		case e.Kind == "request" && strings.HasPrefix(e.Agent, "firebreak/"):
			if t.requests++; began.IsZero() {
				began = e.Time.Add(-latency)
			}
			t.total = e.Time.Sub(began)
		case e.Kind == "dies" && strings.HasPrefix(e.Credential, "NPM_"):
			t.deaths = append(t.deaths, e.At.Sub(began))
		}
	}
	slices.Sort(t.deaths)
	t.deaths = t.deaths[:min(5, len(t.deaths))]
	return t
}

// boundOf is how long it takes whoever computes nothing and never idles: from the log it
// takes only how many changes each provider was sent, and which of them delivered.
func boundOf(log []world.Entry) times {
	sent := map[string]int{}
	delivered := 0
	var t times
	for _, e := range log {
		if e.Kind != "request" || !strings.HasPrefix(e.Agent, "firebreak/") || !e.Mutating {
			continue
		}
		sent[e.Provider]++
		if e.Call == "PUT secret" {
			delivered++
		}
		if n := time.Duration(sent["npm"]); e.Call == "npm DELETE token" && len(t.deaths) < 5 {
			t.deaths = append(t.deaths, before*latency+n*latency+(n-1)*npmGap+npmDeath)
		}
	}
	inARow := func(n int, gap time.Duration) time.Duration {
		if n == 0 {
			return 0
		}
		return time.Duration(n)*latency + time.Duration(n-1)*gap
	}
	t.total = before*latency + after*latency + max(
		inARow(sent["github"], gitHubGap),
		latency+drained+inARow(delivered, gitHubGap), // nothing is delivered while runs live
		inARow(sent["npm"], npmGap),
		inARow((sent["aws"]+awsAtOnce-1)/awsAtOnce, 0),
	)
	return t
}

// Checked by hand: three changes at GitHub, of which one delivers, 0.3 s before the first
// and 0.2 s after the last. Nothing is delivered in the first 30.05 s, so 30.6 s is the
// least; with forty deliveries their own gaps are more: 0.3 + 0.05 + 30 + 40 * 0.05 +
// 39 + 0.2 = 71.55 s. The second of two tokens dies 0.3 + 2 * 0.05 + 0.2 + 60 s after.
func TestSpeedBound(t *testing.T) {
	request := func(provider, call string) world.Entry {
		return world.Entry{Kind: "request", Provider: provider, Call: call, Agent: "firebreak/1", Mutating: true}
	}
	log := []world.Entry{
		{Kind: "request", Provider: "github", Call: "GET repository", Agent: "firebreak/1"}, request("github", "PUT workflow disable"), request("github", "POST run cancel"), request("github", "PUT secret"),
		request("npm", "npm DELETE token"), request("npm", "npm DELETE token"), request("aws", "iam UpdateAccessKey"), {Kind: "request", Provider: "npm", Agent: "attacker/1", Mutating: true},
	}
	got := boundOf(log)
	if got.total != 30600*time.Millisecond || len(got.deaths) != 2 || got.deaths[0] != 60350*time.Millisecond || got.deaths[1] != 60600*time.Millisecond {
		t.Errorf("%s, deaths at %s", got.total, spell(got.deaths))
	}
	for range 39 {
		log = append(log, request("github", "PUT secret"))
	}
	if got := boundOf(log); got.total != 71550*time.Millisecond {
		t.Errorf("forty deliveries: %s", got.total)
	}
}
