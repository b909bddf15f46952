package npm

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// revoke deletes a user's old token and waits until the registry refuses its
// value. Which token that is, in this order of trust: the one whose first and last
// characters are those of the old value; the declared id; the only one there is.
// Where none of these tells, nothing is deleted and a person is asked: killing the
// wrong twin leaves the stolen one alive.
type revoke struct{ p *Provider }

// Spec implements adapters.Action.
func (revoke) Spec() plan.Spec {
	return plan.Spec{
		Name: "npm.token.revoke", Summary: "Delete an npm access token and prove that the registry refuses it", Target: "token",
		Inputs: []plan.Field{
			{Name: "user", Type: plan.String, Required: true, Doc: "npm user whose token it is"},
			{Name: "id", Type: plan.String, Doc: "key of the token, if it is known"},
			{Name: "old", Type: plan.Secret, Doc: "the old value: it tells which token it is, and its refusal is the proof"},
			{Name: "all", Type: plan.Bool, Doc: "delete every token of the user but firebreak's own, where it is not known which one"},
			{Name: "since", Type: plan.Timestamp, Doc: "also delete tokens created at or after this time"},
			{Name: "keep", Type: plan.String, Doc: "key of the new token, which is never deleted"},
			{Name: "otp_env", Type: plan.String, Doc: "variable that holds a current one-time password"},
		},
		Effect: plan.Irreversible, Role: plan.Kill, Lost: plan.ResendSafe, Proof: plan.P3, Without: plan.P2, Settle: death,
		Permissions: []string{permitWrite},
		Source:      "npm registry API, DELETE /-/npm/v1/tokens/token/{key}; npm docs, \"Revoking access tokens\": up to an hour until a token is dead",
	}
}

// Plan implements adapters.Action.
func (a revoke) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	r, err := surveyed(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	c := plan.Change{
		Target:   plan.Target{Provider: "npm", Kind: "token", ID: r.User + "/?", Name: r.User, Selector: true},
		Evidence: []string{"tokens:npm:" + r.User},
		Breaks:   "everything that still publishes or installs with this token",
	}
	if in["old"].Held == "" && in["old"].Output == nil {
		c.Proof, c.Shortfall = plan.P2, "the old value is not asked for, so the token is dead by its id and no probe shows it"
	}
	before := existing{Keys: []string{}}
	var theirs []snapshot.NPMToken
	for _, t := range r.Tokens {
		before.Keys = append(before.Keys, t.Key)
		if !adapters.MaskFits(t.Masked, a.p.c.token) {
			theirs = append(theirs, t)
		}
	}
	slices.Sort(before.Keys)
	target := a.pick(in, theirs)
	if target == nil {
		c.Calls = []plan.Call{{Key: "delete by value", Verb: "delete", Object: "the token of " + r.User + " that has the old value", Before: plan.Image(before)}}
		for _, t := range theirs {
			c.Kills = append(c.Kills, killKey(t.Key))
		}
		c.Gaps = []plan.Gap{{What: "which npm token of " + r.User, Why: fmt.Sprintf("no id is declared and there are %d; the old value's first and last characters tell, otherwise a person is asked", len(theirs))}}
		return c, nil
	}
	c.Target.ID, c.Target.Selector = r.User+"/"+target.Key, false
	c.Before = plan.Image(beforeToken{Key: target.Key, Masked: target.Masked})
	c.Kills = []string{killKey(target.Key)}
	if slices.Contains(before.Keys, target.Key) {
		c.Calls = []plan.Call{{Key: "delete " + target.Key, Verb: "delete", Object: target.Key, Before: plan.Image(before)}}
	}
	return c, nil
}

// beforeToken is what is relied on: that this key is this token.
type beforeToken struct {
	Key    string `json:"key"`
	Masked string `json:"masked"`
}

// pick is the token meant while planning; nil when only the old value can tell.
func (revoke) pick(in adapters.Inputs, theirs []snapshot.NPMToken) *snapshot.NPMToken {
	if id := in.Text("id"); id != "" {
		for i := range theirs {
			if theirs[i].Key == id {
				return &theirs[i]
			}
		}
		return &snapshot.NPMToken{Key: id}
	}
	if len(theirs) == 1 {
		return &theirs[0]
	}
	return nil
}

// Apply implements adapters.Action.
func (a revoke) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	return adapters.Result{Outcome: a.p.delete(ctx, t, c.Object)}
}

// Settle implements adapters.Action.
func (a revoke) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	tokens, err := a.p.c.tokens(ctx)
	if err != nil {
		return adapters.Unsettled(err)
	}
	return a.p.deleted(t, c, tokens)
}

// Verify implements adapters.Action.
func (a revoke) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	tokens, err := a.p.c.tokens(ctx)
	if err != nil {
		return adapters.Unread(err)
	}
	d := a.choose(t, tokens)
	r := plan.Reading{State: plan.Broken, Found: a.found(t, tokens, d)}
	if len(d.doomed) > 0 {
		for _, x := range d.doomed {
			call := destroy(x)
			before := existing{Keys: keys(tokens)}
			if known, ok := planned(t); ok {
				before.Keys = known
			}
			if x.shows(t.Secrets["old"]) {
				before.Accepted = a.p.accepted(ctx, t.Secrets["old"])
			}
			call.Before = plan.Image(before)
			r.Next = append(r.Next, call)
		}
		r.Before = plan.Image(beforeToken{Key: d.doomed[0].Key, Masked: d.doomed[0].Masked})
		r.Detail = d.how
		return r
	}
	if d.stuck {
		r.Final, r.Detail = true, d.how
		return r
	}
	return a.probe(ctx, t, r, d)
}

// decision is which tokens are meant, and how that is known.
type decision struct {
	doomed []token // in the list, to be deleted
	how    string
	stuck  bool // not known; a person decides
	seen   bool // the token was in a list once, so its absence means that it is gone
}

func (a revoke) choose(t adapters.Task, tokens []token) decision {
	theirs := slices.DeleteFunc(slices.Clone(tokens), func(x token) bool { return x.shows(a.p.c.token) || x.Key == t.Text("keep") })
	if a.ours(t, tokens) {
		return decision{stuck: true, how: "this token is firebreak's own credential; come back with another token in your .npmrc, then retry"}
	}
	d := a.one(t, theirs)
	if since, err := time.Parse(time.RFC3339, t.Text("since")); err == nil {
		for _, x := range theirs {
			if !x.Created.Before(since) && !slices.ContainsFunc(d.doomed, func(y token) bool { return y.Key == x.Key }) && !strings.HasPrefix(x.Name, labels(t)) {
				d.doomed = append(d.doomed, x)
			}
		}
	}
	return d
}

// ours reports whether the token meant is the one firebreak itself uses.
func (a revoke) ours(t adapters.Task, tokens []token) bool {
	if old := t.Secrets["old"]; !old.Empty() && old.Equal(a.p.c.token) {
		return true
	}
	return slices.ContainsFunc(tokens, func(x token) bool { return x.Key == t.Text("id") && x.shows(a.p.c.token) })
}

// one tells which token is the old one, and how.
func (a revoke) one(t adapters.Task, theirs []token) decision {
	id := t.Text("id")
	if id == "" {
		id = plannedTarget(t)
	}
	byID := slices.DeleteFunc(slices.Clone(theirs), func(x token) bool { return x.Key != id })
	known, ok := planned(t)
	seen := ok && slices.Contains(known, id) || len(deletions(t)) > 0
	if all, _ := t.Inputs["all"].(bool); all {
		doomed := slices.DeleteFunc(slices.Clone(theirs), func(x token) bool { return ok && !slices.Contains(known, x.Key) })
		return decision{doomed: doomed, how: "every token of the user that was there when this was planned", seen: true}
	}
	old := t.Secrets["old"]
	if old.Empty() {
		if id == "" && len(deletions(t)) == 0 {
			return decision{stuck: true, how: fmt.Sprintf("it is not known which of %d tokens is the stolen one; give its id under issuer npm.token, paste the old value, or set all", len(theirs))}
		}
		return decision{doomed: byID, how: "known by its id", seen: seen}
	}
	matching := slices.DeleteFunc(slices.Clone(theirs), func(x token) bool { return !x.shows(old) })
	switch {
	case len(matching) == 1:
		return decision{doomed: matching, how: "known by the old value's first and last characters: " + matching[0].told(), seen: true}
	case len(matching) > 1 && slices.ContainsFunc(matching, func(x token) bool { return x.Key == id }):
		return decision{doomed: byID, how: "known by its id; the old value's characters agree", seen: true}
	case len(matching) > 1:
		return decision{stuck: true, how: fmt.Sprintf("%d tokens look like the old value; give the id of the right one under issuer npm.token", len(matching))}
	case len(byID) == 1 && adapters.MaskTells(byID[0].Masked) && t.Text("id") == "":
		// The plan took the only token there was, and it is another one.
		return decision{how: "no token in the list looks like the old value"}
	case len(byID) == 1 && adapters.MaskTells(byID[0].Masked):
		return decision{stuck: true, how: "the token with the given id is not the one with the old value (" + byID[0].told() + "); correct the id under issuer npm.token"}
	}
	return decision{doomed: byID, how: "known by its id", seen: seen}
}

// plannedTarget is the key the plan named, "" when it named none.
func plannedTarget(t adapters.Task) string {
	for _, c := range t.Action.Calls {
		if c.Key == "delete "+c.Object {
			return c.Object
		}
	}
	return ""
}

// deletions are the keys this action has deleted, as far as the registry accepted it.
func deletions(t adapters.Task) []plan.Attempt {
	return slices.DeleteFunc(slices.Clone(t.History), func(a plan.Attempt) bool {
		return (a.Outcome == nil || a.Outcome.State != plan.Done) && (a.Settlement == nil || a.Settlement.Happened != "yes")
	})
}

// accepted is the user a value works as now, "" where that is not so or not known.
func (p *Provider) accepted(ctx context.Context, value secret.Text) string {
	who, err := p.c.whoami(ctx, value)
	if err != nil {
		return ""
	}
	return who
}

// acceptedBefore reports whether the old value was accepted as this user right before
// its token was deleted. Another registry than npm's own may then refuse it with 403,
// which without this could mean an address or a proxy that is not let in.
// Source: Verdaccio, a revoked token: 403 "unauthorized access"; npm/cli issue 1716, a
// network that is not let in: 403 for whoami.
func acceptedBefore(t adapters.Task) bool {
	return slices.ContainsFunc(deletions(t), func(d plan.Attempt) bool {
		was, err := image(d.Call)
		return err == nil && was.Accepted != "" && was.Accepted == t.Text("user")
	})
}

// probe asks with the old value whether it still works, once its token has left the
// list. 401 means dead; 403 does where the same value was accepted before.
func (a revoke) probe(ctx context.Context, t adapters.Task, r plan.Reading, d decision) plan.Reading {
	old := t.Secrets["old"]
	if old.Empty() {
		if !d.seen {
			return plan.Reading{State: plan.Unknown, Found: r.Found, Detail: "no token with this id was ever seen; check the id under issuer npm.token, or paste the old value"}
		}
		r.State, r.Proof, r.Detail = plan.Held, plan.P1, "the token is not in the list any more; without the old value no probe shows that it is dead"
		return r
	}
	who, err := a.p.c.whoami(ctx, old)
	code := adapters.StatusOf(err)
	refused := code == http.StatusUnauthorized || code == http.StatusForbidden && acceptedBefore(t)
	switch {
	case refused && another(t, old):
		return plan.Reading{State: plan.Unknown, Found: r.Found, Detail: "the pasted value is not the one of the token that was deleted, so its refusal proves nothing; paste the right one or go on without"}
	case refused:
		r.State, r.Proof, r.Detail = plan.Held, plan.P3, fmt.Sprintf("the registry refuses the old value (%d)", code)
		return r
	case err != nil:
		u := adapters.Unread(err)
		u.Found = r.Found
		return u
	case who != t.Text("user"):
		r.Final, r.Detail = true, "the old value works and is a token of another user, "+who+"; correct the user under issuer npm.token"
		return r
	}
	r.Wait, r.Detail = poll, "the registry still accepts the old value; a deleted token may work for up to an hour"
	for _, done := range deletions(t) {
		if t.Now.Sub(done.At) > death.D()+10*time.Minute {
			r.Final, r.Detail = true, "the registry still accepts the old value more than an hour after the deletion; it is another token than the one deleted"
		}
	}
	if len(deletions(t)) == 0 && !d.seen {
		r.Final, r.Detail = true, "the old value works, but no token in the list looks like it; delete it on the registry's page \"Access Tokens\""
	}
	return r
}

// another reports whether a pasted value is certainly not the one of the token this
// action deleted: a registry refuses every value it never gave out, too.
func another(t adapters.Task, old secret.Text) bool {
	var was beforeToken
	if json.Unmarshal(t.Action.Before, &was) != nil || !adapters.MaskTells(was.Masked) || adapters.MaskFits(was.Masked, old) {
		return false
	}
	return slices.ContainsFunc(deletions(t), func(a plan.Attempt) bool { return a.Call.Object == was.Key })
}

// found are tokens that appeared since the snapshot: the next reading of the mint
// deletes those nobody accounts for, here they are shown.
func (a revoke) found(t adapters.Task, tokens []token, d decision) []plan.Found {
	known, ok := planned(t)
	if !ok {
		return nil
	}
	var out []plan.Found
	for _, x := range tokens {
		if !slices.Contains(known, x.Key) && x.Key != t.Text("keep") && !x.shows(a.p.c.token) && !strings.HasPrefix(x.Name, labels(t)) {
			out = append(out, plan.Found{Kind: "npm.token", Target: x.Key, Why: "appeared since the snapshot: " + x.told()})
		}
	}
	return out
}
