package aws

import (
	"fmt"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
)

// clocks are by how much ours may be ahead of AWS's.
var clocks = []time.Duration{-3 * time.Hour, -20 * time.Second, 20 * time.Second, 3 * time.Hour}

// T is a time of AWS's clock, whatever ours says: it is put once, it leaves out no
// session that there was, and denies none for hours to come.
func TestTIsOfTheProvidersClock(t *testing.T) {
	for _, ahead := range clocks {
		for _, planned := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s planned %v", ahead, planned), func(t *testing.T) {
				r := skewed(t, ahead)
				stolen := r.aws.Sessions("deploy")[0]
				shutTrust(r)
				revoke := r.actor(revokeName, role())
				call := revoke.only(revoke.want(plan.Broken))
				if planned {
					call = revoke.change.Calls[0] // it has no time in it
				}
				at := r.world.Clock.Now()
				if o := revoke.apply(call); o.State != plan.Done {
					t.Fatal(o.Outcome)
				}
				r.world.Clock.Advance(propagation.D())
				if got := revoke.want(plan.Held); got.Proof != plan.P3 {
					t.Fatalf("put once it is held, got %+v", got)
				}
				role, _, err := r.with(r.aws.Responder()).role(t.Context(), deployARN)
				if err != nil {
					t.Fatal(err)
				}
				doc, _, err := r.with(r.aws.Responder()).inline(t.Context(), role.ARN, revokePolicy)
				if err != nil {
					t.Fatal(err)
				}
				if until := revokedUntil(doc); until.Before(at) || until.After(at.Add(time.Minute)) {
					t.Errorf("T is %s, AWS's clock said %s", until, at)
				}
				if err := r.readsSecret(stolen); code(err) != "AccessDeniedException" {
					t.Errorf("a session from before: want it denied, got %v", err)
				}
			})
		}
	}
}

// A key whose answer was lost is found whatever the clocks say, and never an older one.
func TestALostMintIsFoundBetweenSkewedClocks(t *testing.T) {
	for _, ahead := range clocks {
		r := skewed(t, ahead)
		mint := r.actor(keyMintName, user())
		call := mint.only(mint.want(plan.Broken))
		made := mint.apply(call)
		mint.history[0].Outcome = nil // killed before it was written down
		r.world.Clock.Advance(propagation.D())
		if s := mint.action.Settle(t.Context(), mint.task(), call); s.Happened != "yes" || s.Outputs["id"] != made.Outputs["id"] {
			t.Errorf("%s ahead: want our key found, got %+v", ahead, s)
		}
	}
}

// What was made after the response began is not the old key, whatever the clocks say.
func TestAKeyMadeSinceIsNotDestroyedBetweenSkewedClocks(t *testing.T) {
	for _, ahead := range clocks {
		r := skewed(t, ahead)
		r.world.Clock.Advance(time.Second)
		mint := r.actor(keyMintName, user())
		made := mint.apply(mint.only(mint.want(plan.Broken))).Outputs["id"].Value
		r.world.Clock.Advance(propagation.D())
		off := r.actor(keyDisableName, literals("account", "prod", "user", "deployer", "id", made))
		off.apply(off.only(off.want(plan.Broken)))
		r.world.Clock.Advance(propagation.D())
		destroy := r.actor(keyDestroyName, literals("account", "prod", "user", "deployer", "id", made))
		if got := destroy.want(plan.Broken); len(got.Next) > 0 || !got.Final {
			t.Errorf("%s ahead: %s was made after the response began, got %+v", ahead, made, got)
		}
	}
}
