package npm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// mint makes a new token of the user. A token it made and whose value was lost is
// deleted. Any other that was not there when the response was planned may be an
// attacker's: it is shown and left to people, for a mint is reversible.
type mint struct{ p *Provider }

// existing is the before-image of a call: the keys there were, and, of a deletion,
// whom the old value was accepted as right before.
type existing struct {
	Keys     []string `json:"keys"`
	Accepted string   `json:"accepted,omitempty"`
}

// Spec implements adapters.Action.
func (mint) Spec() plan.Spec {
	return plan.Spec{
		Name: "npm.token.mint", Summary: "Create a new npm access token of a user", Target: "user",
		Inputs: []plan.Field{
			{Name: "user", Type: plan.String, Required: true, Doc: "npm user the token acts as"},
			{Name: "password_env", Type: plan.String, Doc: "variable that holds the user's password; without it a person creates the token"},
			{Name: "otp_env", Type: plan.String, Doc: "variable that holds a current one-time password"},
			{Name: "packages", Type: plan.List, Doc: "packages the token may publish; none means all of the user's"},
			{Name: "expires", Type: plan.Int, Doc: "days until the token expires; none is the registry's default"},
		},
		Outputs: []plan.Field{
			{Name: "id", Type: plan.String, Doc: "key of the token in the registry's list"},
			{Name: "value", Type: plan.Secret, Doc: "the token"},
		},
		Effect: plan.Reversible, Role: plan.Mint, Lost: plan.Detectable, Proof: plan.P1, Settle: listing,
		Permissions: []string{permitWrite, permitPassword},
		Source:      "npm registry API, POST /-/npm/v1/tokens; npm CLI 11, npm token create",
	}
}

// Plan implements adapters.Action.
func (m mint) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	r, err := surveyed(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	before := existing{Keys: []string{}}
	for _, t := range r.Tokens {
		before.Keys = append(before.Keys, t.Key)
	}
	slices.Sort(before.Keys)
	c := plan.Change{
		Target: plan.Target{Provider: "npm", Kind: "user", ID: r.User, Name: r.User},
		Calls:  []plan.Call{create(r.User, before)},
	}
	if in.Text("password_env") == "" {
		c.Assisted = &plan.Assisted{
			Instructions: "Create a granular access token for the npm user " + r.User + " which may publish what the old one could and nothing more (on the registry's page \"Access Tokens\", or with `npm token create`), and paste its value.",
			Wants:        "value",
		}
		c.Gaps = []plan.Gap{{What: "new npm token of " + r.User, Why: "issuer.npm.token has no password_env, so a person creates the token"}}
	}
	return c, nil
}

func create(user string, before existing) plan.Call {
	return plan.Call{Key: "create", Verb: adapters.Create, Object: user, Before: plan.Image(before)}
}

// Apply implements adapters.Action.
func (m mint) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	if c.Verb == "delete" {
		return adapters.Result{Outcome: m.p.delete(ctx, t, c.Object)}
	}
	password, refused := m.variable(t, "password_env")
	if refused != nil {
		return adapters.Result{Outcome: *refused}
	}
	otp, refused := m.variable(t, "otp_env")
	if refused != nil {
		return adapters.Result{Outcome: *refused}
	}
	req, err := m.p.c.request(ctx, http.MethodPost, "/-/npm/v1/tokens", m.p.c.token, body(t, password))
	if err != nil {
		return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Detail: err.Error()}}
	}
	if !otp.Empty() {
		req.Header.Set("Npm-Otp", otp.Reveal())
	}
	var made struct {
		Token string `json:"token"`
		Key   string `json:"key"`
	}
	o, _ := m.p.c.send(req, &made)
	if o.State != plan.Done {
		return adapters.Result{Outcome: o}
	}
	if made.Token == "" || made.Key == "" {
		return adapters.Result{Outcome: plan.Outcome{State: plan.Unknown, Request: o.Request, Detail: "the registry accepted the request, but its answer holds no token"}}
	}
	o.Outputs = map[string]plan.Output{"id": {Value: made.Key}}
	return adapters.Result{Outcome: o, Secrets: map[string]secret.Text{"value": secret.NewString(made.Token)}}
}

// variable reads the variable an input names; refused when the input is set and it is empty.
func (m mint) variable(t adapters.Task, input string) (secret.Text, *plan.Outcome) {
	name := t.Text(input)
	if name == "" {
		return secret.Text{}, nil
	}
	v := secret.NewString(m.p.getenv(name))
	if v.Empty() {
		return v, &plan.Outcome{State: plan.Refused, Detail: "the variable " + name + " is empty; set it and try again", Permission: input}
	}
	return v, nil
}

func body(t adapters.Task, password secret.Text) map[string]any {
	b := map[string]any{
		"password": password.Reveal(), "name": label(t), "readonly": false, "cidr_whitelist": []string{},
		"packages_and_scopes_permission": "read-write", "bypass_2fa": true, // CI cannot answer a prompt
	}
	if l := list(t.Inputs["packages"]); len(l) > 0 {
		b["packages"] = l
	}
	if days, err := strconv.Atoi(fmt.Sprint(t.Inputs["expires"])); err == nil && days > 0 {
		b["expires"] = days
	}
	return b
}

// label names a token so that people recognize it, a different one for each mint
// of a response. It is no evidence that a token is ours; a token without it is not.
func label(t adapters.Task) string {
	sum := sha256.Sum256([]byte(t.Action.ID))
	return labels(t) + "-" + hex.EncodeToString(sum[:3])
}

// labels is what the names of all tokens of a response begin with.
func labels(t adapters.Task) string { return "firebreak-" + t.Began.UTC().Format("20060102T150405Z") }

func list(v any) []string {
	var out []string
	switch x := v.(type) {
	case []string:
		out = x
	case []any:
		for _, e := range x {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
	}
	return out
}

// Settle implements adapters.Action. The one token which appeared since the intent
// and may be ours is what a lost answer leaves behind; its value is gone with the
// answer. Where several may be, a person decides.
func (m mint) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	tokens, skew, err := m.p.c.listed(ctx)
	if err != nil {
		return adapters.Unsettled(err)
	}
	if c.Verb == "delete" {
		return m.p.deleted(t, c, tokens)
	}
	before, err := image(c)
	if err != nil {
		return plan.Settlement{Happened: "unknown", Detail: err.Error()}
	}
	const leeway = 5 * time.Minute
	asked := t.Asked(c).Add(skew - leeway) // by the registry's clock
	made := t.Made()
	maybe := slices.DeleteFunc(tokens, func(x token) bool {
		return slices.Contains(before.Keys, x.Key) || slices.Contains(made, x.Key) ||
			x.Created.Before(asked) || x.Name != "" && x.Name != label(t)
	})
	switch len(maybe) {
	case 0:
		return t.Absent(c, listing, "no new token is in the list")
	case 1:
		return plan.Settlement{
			Happened: "yes", Lost: true, Outputs: map[string]plan.Output{"id": {Value: maybe[0].Key}},
			Detail: "the token " + maybe[0].told() + " appeared; its value is lost, it will be deleted",
		}
	}
	return plan.Settlement{Happened: "unknown", Wait: listing, Detail: fmt.Sprintf("%d tokens appeared and each may be ours; delete them on the registry's page \"Access Tokens\"", len(maybe))}
}

func image(c plan.Call) (existing, error) {
	var e existing
	if err := json.Unmarshal(c.Before, &e); err != nil {
		return e, fmt.Errorf("the intent does not say which tokens existed: %w", err)
	}
	return e, nil
}

// Verify implements adapters.Action.
func (m mint) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	tokens, err := m.p.c.tokens(ctx)
	if err != nil {
		return adapters.Unread(err)
	}
	if t.Action.Assisted != nil {
		return assisted(t, tokens)
	}
	want, at := t.Current()
	r := plan.Reading{State: plan.Broken, Detail: "no new token yet"}
	r.Next, r.Found = m.strays(t, tokens, want)
	there := slices.ContainsFunc(tokens, func(x token) bool { return x.Key == want })
	switch {
	case want != "" && there && len(r.Next) == 0:
		r.State, r.Proof, r.Outputs = plan.Held, plan.P1, map[string]plan.Output{"id": {Value: want}}
		r.Detail = "the new token is in the list"
	case want != "" && there:
		r.Detail = "the new token is in the list, and so is one whose value was lost"
	case want != "" && t.Now.Sub(at) < listing.D():
		r.Wait, r.Detail = plan.Duration(5*time.Second), "the new token is not in the list yet"
	default:
		r.Next = append(r.Next, create(t.Text("user"), existing{Keys: keys(tokens)}))
	}
	return r
}

// strays are tokens that were not there when this was planned, are not what we
// hold now and not our own credential. Those which this mint made and lost are
// deleted; any other may be an attacker's or somebody's new one, and is shown.
func (m mint) strays(t adapters.Task, tokens []token, want string) (calls []plan.Call, found []plan.Found) {
	known, ok := planned(t)
	made := t.Made()
	for _, x := range tokens {
		switch {
		case x.Key == want || x.shows(m.p.c.token):
		case slices.Contains(made, x.Key):
			calls = append(calls, destroy(x))
		case ok && !slices.Contains(known, x.Key):
			found = append(found, plan.Found{Kind: "npm.token", Target: x.Key, Why: "appeared since the snapshot and nobody accounts for it: " + x.told()})
		}
	}
	return calls, found
}

// planned are the keys that existed when the action was planned; not ok when
// nothing recorded them.
func planned(t adapters.Task) (known []string, ok bool) {
	calls := slices.Clone(t.Action.Calls)
	for _, a := range t.History {
		calls = append(calls, a.Call)
	}
	for _, c := range calls {
		if e, err := image(c); err == nil {
			return e.Keys, true
		}
	}
	return nil, false
}

// assisted is the reading when a person creates the token: the value is pasted,
// the list can only show that something new is there.
func assisted(t adapters.Task, tokens []token) plan.Reading {
	known, ok := planned(t)
	var fresh []token
	for _, x := range tokens {
		if ok && !slices.Contains(known, x.Key) {
			fresh = append(fresh, x)
		}
	}
	if len(fresh) == 1 {
		return plan.Reading{State: plan.Held, Proof: plan.P1, Outputs: map[string]plan.Output{"id": {Value: fresh[0].Key}}, Detail: "one new token is in the list: " + fresh[0].told()}
	}
	r := plan.Reading{State: plan.Broken, Detail: strconv.Itoa(len(fresh)) + " new tokens are in the list, one is expected"}
	for _, x := range fresh {
		r.Found = append(r.Found, plan.Found{Kind: "npm.token", Target: x.Key, Why: "appeared since the snapshot: " + x.told()})
	}
	return r
}
