package vault

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// kvDestroy removes the data of every version of a KV path that is older than the one
// with the new value: whoever may read the path reads old values by their version's
// number. A version that was only deleted can be brought back, so it is destroyed too.
type kvDestroy struct{ c *client }

const (
	kvDestroyName     = "vault.kv.destroy"
	destroyPermission = "update on MOUNT/destroy/PATH"
)

// Spec implements adapters.Action.
func (kvDestroy) Spec() plan.Spec {
	return plan.Spec{
		Name: kvDestroyName, Summary: "Destroy the versions of a Vault KV path that are older than the new value", Target: "kv",
		Inputs: []plan.Field{
			{Name: "path", Type: plan.String, Required: true, Doc: "path below the mount"},
			{Name: "below", Type: plan.String, Required: true, Doc: "the version with the new value; it and what is newer stay"},
			{Name: "mount", Type: plan.String, Doc: "KV version 2 mount; secret when left out"},
		},
		Effect: plan.Irreversible, Role: plan.Destroy, Lost: plan.ResendSafe, Proof: plan.P2, Settle: settle,
		Permissions: []string{permitMetadata, permitDestroyKV},
		Source:      "Vault API documentation, KV version 2: \"Destroy secret versions\", \"Read secret metadata\"",
	}
}

// destroyImage is what is relied on: the path. Which versions there are is no part of it,
// because our own puts add some.
type destroyImage struct {
	Path string `json:"path"`
}

// Plan implements adapters.Action. Before the new value is there nobody knows which
// versions will be older than it: those that are there now are shown.
func (kvDestroy) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	st := storeOf(in.Text)
	if err := clean(st.mount, st.path); err != nil {
		return plan.Change{}, err
	}
	var versions []int
	_, err := surveyed(s, func(v *snapshot.Vault) bool {
		for _, k := range v.KV {
			if k.Mount != st.mount || k.Path != st.path {
				continue
			}
			for n := 1; n <= k.Version; n++ {
				if !slices.Contains(k.Destroyed, n) {
					versions = append(versions, n)
				}
			}
			return true
		}
		return false
	}, &adapters.Missing{What: "Vault path " + st.String(), Scope: adapters.Scope{Stores: []adapters.Selector{{Name: "vault.kv", With: map[string]string{"mount": st.mount, "path": st.path}}}}})
	if err != nil {
		return plan.Change{}, err
	}
	if text := in.Text("below"); text != "" {
		below, err := strconv.Atoi(text)
		if err != nil {
			return plan.Change{}, fmt.Errorf("input below is %q, not a version's number", text)
		}
		versions = slices.DeleteFunc(versions, func(n int) bool { return n >= below })
	}
	c := plan.Change{
		Target: plan.Target{Provider: "vault", Kind: "kv", ID: st.String() + "#old", Name: st.String()},
		Before: plan.Image(destroyImage{st.String()}), Breaks: "whoever reads " + st.String() + " by the number of an old version",
	}
	if len(versions) > 0 {
		c.Calls = []plan.Call{destroyVersions(st, versions)}
	}
	return c, nil
}

func destroyVersions(st store, versions []int) plan.Call {
	var list []string
	for _, n := range versions {
		list = append(list, strconv.Itoa(n))
	}
	return plan.Call{Key: "destroy", Verb: "destroy", Object: st.String(), Args: map[string]string{"versions": strings.Join(list, ",")}, Before: plan.Image(destroyImage{st.String()})}
}

// Apply implements adapters.Action.
func (a kvDestroy) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	if a.c.writes == nil {
		return refused(errNoAddress.Error(), false)
	}
	below, err := strconv.Atoi(t.Text("below"))
	if err != nil {
		return refused("nothing was sent: it is not known which version has the new value", false)
	}
	var versions []int
	for text := range strings.SplitSeq(c.Args["versions"], ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n >= below { // of a plan that was made before the new version was known
			return refused("nothing was sent: version "+text+" is not older than the new value", false)
		}
		versions = append(versions, n)
	}
	st := storeOf(t.Text)
	ctx, resp := listen(ctx)
	err = a.c.writes.KVv2(st.mount).Destroy(ctx, st.path, versions)
	return adapters.Result{Outcome: a.c.judged(err, *resp, destroyPermission)}
}

// Settle implements adapters.Action.
func (a kvDestroy) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	whole, err := a.c.whole(ctx, storeOf(t.Text))
	if err != nil {
		return adapters.Unsettled(err)
	}
	for text := range strings.SplitSeq(c.Args["versions"], ",") {
		if n, err := strconv.Atoi(text); err != nil || slices.Contains(whole, n) {
			return t.Absent(c, settle, "version "+text+" still has its data")
		}
	}
	return plan.Settlement{Happened: "yes"}
}

// Verify implements adapters.Action.
func (a kvDestroy) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	st := storeOf(t.Text)
	below, err := strconv.Atoi(t.Text("below"))
	if err != nil {
		return plan.Reading{State: plan.Unknown, Detail: "it is not known which version of " + st.String() + " has the new value"}
	}
	whole, err := a.c.whole(ctx, st)
	if err != nil {
		return adapters.Unread(err)
	}
	old := slices.DeleteFunc(slices.Clone(whole), func(n int) bool { return n >= below })
	r := plan.Reading{State: plan.Held, Proof: plan.P1, Before: plan.Image(destroyImage{st.String()}), Detail: "no version before " + strconv.Itoa(below) + " has data"}
	switch {
	case !slices.ContainsFunc(whole, func(n int) bool { return n >= below }):
		// The new value is not there: what is older may be the only one.
		r.State, r.Detail = plan.Broken, "there is no version "+strconv.Itoa(below)+" with data, so nothing older is destroyed"
	case len(old) > 0:
		r.State, r.Next = plan.Broken, []plan.Call{destroyVersions(st, old)}
		r.Detail = strconv.Itoa(len(old)) + " versions before " + strconv.Itoa(below) + " still have data"
	}
	return r
}
