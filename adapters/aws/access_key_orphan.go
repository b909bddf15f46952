package aws

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// strangers are the keys that are neither in the call's before-image nor ours by
// the journal. Created before the intent by AWS's clock, a key is not the call's: it
// was listed late, or it is somebody else's.
func strangers(t adapters.Task, c plan.Call, l listed) []snapshot.AccessKey {
	const leeway = 5 * time.Minute
	var before mintImage
	if json.Unmarshal(c.Before, &before) != nil {
		return nil
	}
	asked, ours := t.Asked(c).Add(l.skew-leeway), minted(t)
	return slices.DeleteFunc(slices.Clone(l.keys), func(k snapshot.AccessKey) bool {
		return slices.Contains(before.IDs, k.ID) || slices.Contains(ours, k.ID) || k.Created.Before(asked)
	})
}

// minted lists the ids that a mint of ours answered, oldest first.
func minted(t adapters.Task) []string {
	var ids []string
	for _, a := range t.History {
		if made(a) {
			ids = append(ids, a.Outcome.Outputs["id"].Value)
		}
	}
	return ids
}

func made(a plan.Attempt) bool {
	return a.Call.Verb == "mint" && a.Outcome != nil && a.Outcome.State == plan.Done
}

// lost reports whether what a call gave is gone.
func lost(a plan.Attempt) bool {
	return a.Settlement != nil && a.Settlement.Happened == "yes" && a.Settlement.Lost
}

// lastMint is the newest mint whose verdict counts and whose value is sealed.
func lastMint(t adapters.Task) *plan.Attempt {
	for i := len(t.History) - 1; i >= 0; i-- {
		if a := &t.History[i]; made(*a) && !a.Superseded && !lost(*a) {
			return a
		}
	}
	return nil
}

// orphans are listed keys which the journal says were made for us and whose values
// are gone: the call's answer or its sealed value was lost, or a person began the
// action anew. A key that only might be ours is not among them.
func orphans(t adapters.Task, keys []snapshot.AccessKey) []snapshot.AccessKey {
	var ids []string
	for _, a := range t.History {
		switch {
		case made(a) && (a.Superseded || lost(a)):
			ids = append(ids, a.Outcome.Outputs["id"].Value)
		case a.Call.Verb == "mint" && lost(a):
			ids = append(ids, a.Settlement.Outputs["id"].Value)
		}
	}
	return slices.DeleteFunc(slices.Clone(keys), func(k snapshot.AccessKey) bool { return !slices.Contains(ids, k.ID) })
}

// removal is the next call that takes an orphan away: first made inactive, then deleted.
func removal(user string, k snapshot.AccessKey) plan.Call {
	verb := "delete-orphan"
	if k.Status == string(types.StatusTypeActive) {
		verb = "disable-orphan"
	}
	return plan.Call{Key: verb + " " + k.ID, Verb: verb, Object: k.ID, Before: plan.Image(keyImage{user, k.ID, k.Status})}
}
