package rehearse

import (
	"fmt"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/world"
)

// Kinds of violation besides the words of expect.never.
const (
	claimedBeforeDead = "claimed_before_dead"        // we said dead, the world says later or never
	brokenInOverlap   = "consumer_broken_in_overlap" // invariant I9
	outsideWorld      = "reached_outside"            // somebody tried to leave the world
	notReported       = "finding_not_reported"
)

func (v *verdict) violations() {
	v.claims()
	v.overlap()
	v.early()
	v.published()
	for _, a := range v.rep.Refused {
		v.add(outsideWorld, a, time.Time{}, "a connection to "+a+" was tried and refused")
	}
	if v.s.Boundary != nil {
		for _, f := range v.rep.Findings {
			if !f.Found {
				v.add(notReported, f.Rule, time.Time{}, "the boundary did not report "+f.Rule)
			}
		}
	}
}

func (v *verdict) add(kind, target string, at time.Time, text string) {
	v.rep.Violations = append(v.rep.Violations, Violation{Kind: kind, Target: target, At: at, Text: text})
}

func (v *verdict) claims() {
	for _, c := range v.rep.Credentials {
		if c.ClaimedDead == nil {
			continue
		}
		if c.DeadAt == nil {
			v.add(claimedBeforeDead, c.ID, *c.ClaimedDead, c.ID+" was claimed dead and never died")
		} else if c.ClaimedDead.Before(*c.DeadAt) {
			v.add(claimedBeforeDead, c.ID, *c.ClaimedDead, fmt.Sprintf("%s was claimed dead %s before it died", c.ID, c.DeadAt.Sub(*c.ClaimedDead)))
		}
	}
}

// overlap: until its deadline no consumer of a credential in overlap order breaks.
func (v *verdict) overlap() {
	until := map[string]time.Time{}
	for _, a := range v.s.Actions {
		if len(a.Action.Until) > 0 {
			until[a.Action.Credential] = v.from.Add(a.Action.Deadline.D())
		}
	}
	for _, e := range v.log {
		if e.Call != consumerBroke || e.Time.Before(v.from) {
			continue
		}
		k := v.closing(e.Detail)
		if k == nil {
			continue
		}
		if d, ok := until[k.Credential]; ok && e.Time.Before(d) {
			v.add(brokenInOverlap, e.Object, e.Time, fmt.Sprintf("%s was left with a dead value of %s, %s before the deadline", e.Object, e.Detail, d.Sub(e.Time)))
		}
	}
}

// early: new values before the workflow was off, and the workflow on before the fix.
func (v *verdict) early() {
	off, fixed := false, v.r.Team.Pushes == nil
	for _, e := range v.log {
		ours := e.Kind == "request" && e.Number > 0 && (e.Status < 400 || e.Fault == world.TimeoutAfterSuccess) && e.Fault != world.TimeoutBefore
		switch {
		case strings.HasPrefix(e.Credential, wipedMark):
			v.add(machineWiped, e.Object, e.Time, "the attacker erased "+e.Object+" when "+e.Detail+" died, because its machine was still on the network")
		case e.Credential == fixedMark:
			fixed = true
		case !ours:
		case e.Call == "PUT workflow disable":
			off = true
		case e.Call == "PUT workflow enable" && strings.Contains(e.Object, "workflows") && !fixed:
			v.add(restoredBeforeBoundary, e.Object, e.Time, "the workflow was enabled again before its boundary was fixed")
		case delivers(e.Call) && !off:
			v.add(deliveredBeforeContain, e.Object, e.Time, "a new value was put into "+e.Object+" before the workflow was disabled")
		}
	}
}

func delivers(call string) bool {
	switch call {
	case "PUT secret", "PUT environment secret", "secretsmanager PutSecretValue", "ssm PutParameter", "vault PUT kv data":
		return true
	}
	return false
}

// published: a use of a credential after we said that it was dead.
func (v *verdict) published() {
	for _, c := range v.rep.Credentials {
		if c.ClaimedDead == nil {
			continue
		}
		for _, e := range v.log {
			if e.Credential == c.ID && e.Kind == "request" && strings.HasPrefix(e.Agent, "attacker/") && e.Status < 400 && e.Time.After(*c.ClaimedDead) && e.Call == "npm PUT package" {
				v.add(publishedAfterClaim, e.Object, e.Time, "the attacker published "+e.Object+" with "+c.ID+" after it was claimed dead")
			}
		}
	}
}
