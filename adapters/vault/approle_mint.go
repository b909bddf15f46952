package vault

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// secretIDMint makes a new secret-id of an AppRole, for the same networks as the old one
// where that is known. One it made and whose value was lost is destroyed. Any other that
// was not there when the response was planned may be an attacker's: it is shown.
type secretIDMint struct{ c *client }

const secretIDMintName = "vault.approle.mint"

// label is the key in a secret-id's metadata which says that we made it. It is no
// evidence that one is ours; one without it is not.
const label = "firebreak"

// Spec implements adapters.Action.
func (secretIDMint) Spec() plan.Spec {
	return plan.Spec{
		Name: secretIDMintName, Summary: "Make a new secret-id of a Vault AppRole", Target: "approle",
		Inputs: appRoleInputs(plan.Field{Name: "id", Type: plan.String, Doc: "accessor of the old secret-id, if it is known"}),
		Outputs: []plan.Field{
			{Name: "id", Type: plan.String, Doc: "accessor of the new secret-id"},
			{Name: "role_id", Type: plan.String, Doc: "the role's id, which stays"},
			{Name: "value", Type: plan.Secret, Doc: "the secret-id"},
		},
		Effect: plan.Reversible, Role: plan.Mint, Lost: plan.Detectable, Proof: plan.P1, Settle: settle,
		Permissions: []string{permitReadRole, permitRoleID, permitListIDs, permitMintID, permitLookupAccessor, permitDestroyID},
		Source:      "Vault API documentation, AppRole: \"Generate new secret ID\", \"Read AppRole secret ID accessor\"",
	}
}

// Plan implements adapters.Action.
func (secretIDMint) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	r, x, _, err := findAppRole(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	like, gaps := map[string]string{}, loose(x)
	if old := pickSecretID(in.Text("id"), x); old != nil {
		like["cidr_list"], like["token_bound_cidrs"] = strings.Join(old.CIDRs, ","), strings.Join(old.TokenCIDRs, ",")
	} else if slices.ContainsFunc(x.SecretIDs, func(s snapshot.VaultSecretID) bool { return len(s.CIDRs)+len(s.TokenCIDRs) > 0 }) {
		gaps = append(gaps, plan.Gap{
			What: "networks of the new secret-id of " + r.id(),
			Why:  "old ones are bound to networks, and it is not known whose the new one is to have: it has the role's alone; declare the accessor as id under issuer vault.approle",
		})
	}
	return plan.Change{Target: r.target(false), Calls: []plan.Call{makeID(r, like, accessorsOf(x))}, Gaps: gaps}, nil
}

// pickSecretID is the one meant while planning: by its accessor, or the only one there is.
func pickSecretID(accessor string, x *snapshot.VaultAppRole) *snapshot.VaultSecretID {
	for i := range x.SecretIDs {
		if x.SecretIDs[i].Accessor == accessor || accessor == "" && len(x.SecretIDs) == 1 {
			return &x.SecretIDs[i]
		}
	}
	return nil
}

func makeID(r appRole, like map[string]string, before []string) plan.Call {
	return plan.Call{Key: adapters.Create, Verb: adapters.Create, Object: "secret-id of " + r.id(), Args: like, Before: accessorsBefore(before)}
}

// idLabel tells our secret-ids apart, a different one for each mint of a response.
func idLabel(t adapters.Task) string {
	sum := sha256.Sum256([]byte(t.Action.ID))
	return t.Began.UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(sum[:3])
}

// Apply implements adapters.Action. The role id is read first: without it there is nothing
// to log in with.
func (a secretIDMint) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	if c.Verb != adapters.Create {
		return a.c.destroy(ctx, t, c)
	}
	if a.c.writes == nil {
		return refused(errNoAddress.Error(), false)
	}
	role := appRoleOf(t.Text)
	s, err := a.c.read(ctx, role.String()+"/role-id", nil)
	if err != nil {
		return refused("nothing was made, because the role's id could not be read: "+adapters.Cause(err), adapters.Passing(adapters.StatusOf(err)))
	}
	roleID, _ := s.Data["role_id"].(string)
	if roleID == "" {
		return refused("nothing was made: the answer to "+role.String()+"/role-id holds none; is this a Vault server?", false)
	}
	meta, err := json.Marshal(map[string]string{label: idLabel(t)})
	if err != nil {
		return refused(err.Error(), false)
	}
	body := map[string]any{"metadata": string(meta)}
	for _, name := range []string{"cidr_list", "token_bound_cidrs"} {
		if c.Args[name] != "" {
			body[name] = strings.Split(c.Args[name], ",")
		}
	}
	asked, resp := listen(ctx)
	made, err := a.c.writes.Logical().WriteWithContext(asked, role.String()+"/secret-id", body)
	o := a.c.judged(err, *resp, permitMintID)
	if o.State != plan.Done {
		return adapters.Result{Outcome: o}
	}
	var value, accessor string
	if made != nil {
		value, _ = made.Data["secret_id"].(string)
		accessor, _ = made.Data["secret_id_accessor"].(string)
	}
	if value == "" || accessor == "" {
		return adapters.Result{Outcome: plan.Outcome{State: plan.Unknown, Detail: "Vault accepted the request, but its answer holds no secret-id"}}
	}
	o.Outputs = map[string]plan.Output{"id": {Value: accessor}, "role_id": {Value: roleID}}
	return adapters.Result{Outcome: o, Secrets: map[string]secret.Text{"value": secret.NewString(value)}}
}

// Settle implements adapters.Action. The one secret-id that appeared since the intent under
// our label is what a lost answer leaves behind; its value is gone with the answer.
func (a secretIDMint) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	if c.Verb != adapters.Create {
		return a.c.destroyed(ctx, t, c)
	}
	var before accessorsImage
	if err := json.Unmarshal(c.Before, &before); err != nil || before.Accessors == nil {
		return plan.Settlement{Happened: "unknown", Detail: "the intent does not say which secret-ids existed"}
	}
	role, maybe := appRoleOf(t.Text), []string{}
	all, err := a.c.secretIDs(ctx, role)
	if err != nil {
		return adapters.Unsettled(err)
	}
	for _, accessor := range all {
		if slices.Contains(before.Accessors, accessor) || slices.Contains(t.Made(), accessor) {
			continue
		}
		x, err := a.c.secretID(ctx, role, accessor)
		if err != nil {
			return adapters.Unsettled(err)
		}
		if x != nil && x.Metadata[label] == idLabel(t) {
			maybe = append(maybe, accessor)
		}
	}
	switch len(maybe) {
	case 0:
		return t.Absent(c, settle, "no new secret-id is in the list")
	case 1:
		return plan.Settlement{
			Happened: "yes", Lost: true, Outputs: map[string]plan.Output{"id": {Value: maybe[0]}},
			Detail: "the secret-id with accessor " + maybe[0] + " appeared; its value is lost, it will be destroyed",
		}
	}
	return plan.Settlement{Happened: "unknown", Wait: settle, Detail: strconv.Itoa(len(maybe)) + " secret-ids appeared under our label and each may be ours; destroy those nobody uses: " + strings.Join(maybe, ", ")}
}

// Verify implements adapters.Action.
func (a secretIDMint) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	role := appRoleOf(t.Text)
	all, err := a.c.secretIDs(ctx, role)
	if err != nil {
		return adapters.Unread(err)
	}
	want, at := t.Current()
	r := plan.Reading{State: plan.Broken, Detail: "no new secret-id yet"}
	var like map[string]string
	var before accessorsImage
	for _, c := range t.Action.Calls {
		if json.Unmarshal(c.Before, &before) == nil && c.Verb == adapters.Create {
			like = c.Args
		}
	}
	for _, accessor := range all {
		switch {
		case accessor == want:
		case slices.Contains(t.Made(), accessor):
			r.Next = append(r.Next, destroyID(accessor, "orphan", all))
		case before.Accessors != nil && !slices.Contains(before.Accessors, accessor):
			r.Found = append(r.Found, plan.Found{Kind: "vault.secret_id", Target: accessor, Why: "appeared at " + role.String() + " since the snapshot and nobody accounts for it"})
		}
	}
	switch there := want != "" && slices.Contains(all, want); {
	case there && len(r.Next) == 0:
		r.State, r.Proof, r.Outputs, r.Detail = plan.Held, plan.P1, map[string]plan.Output{"id": {Value: want}}, "the new secret-id is in the list"
	case there:
		r.Detail = "the new secret-id is in the list, and so is one whose value was lost"
	case want != "" && t.Now.Sub(at) < settle.D():
		r.Wait, r.Detail = plan.Duration(time.Second), "the new secret-id is not in the list yet"
	default:
		r.Next = append(r.Next, makeID(role, like, all))
	}
	return r
}

// secretIDTest shows that the server knows a new secret-id by its value. Only a login shows
// that it works, and a login makes a token.
type secretIDTest struct{ c *client }

const secretIDTestName = "vault.approle.test"

// Spec implements adapters.Action.
func (secretIDTest) Spec() plan.Spec {
	return plan.Spec{
		Name: secretIDTestName, Summary: "Show that Vault knows a new secret-id", Target: "approle",
		Inputs: appRoleInputs(
			plan.Field{Name: "id", Type: plan.String, Required: true, Doc: "accessor of the new secret-id"},
			plan.Field{Name: "value", Type: plan.Secret, Required: true, Doc: "the new secret-id"}),
		Effect: plan.Read, Role: plan.Test, Lost: plan.ResendSafe, Proof: plan.P2, Settle: settle,
		Permissions: []string{permitLookupID},
		Source:      "Vault API documentation, AppRole: \"Read AppRole secret ID\"",
	}
}

// Plan implements adapters.Action.
func (secretIDTest) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	r, _, _, err := findAppRole(in, s)
	return plan.Change{Target: r.target(false), Proof: plan.P2, Shortfall: "only a login shows that a secret-id works, and it makes a token; the canary is the first"}, err
}

// Apply implements adapters.Action: there is nothing to send.
func (secretIDTest) Apply(context.Context, adapters.Task, plan.Call) adapters.Result {
	return refused("this action sends nothing", false)
}

// Settle implements adapters.Action.
func (secretIDTest) Settle(context.Context, adapters.Task, plan.Call) plan.Settlement {
	return plan.Settlement{Happened: "no", Detail: "this action sends nothing"}
}

// Verify implements adapters.Action.
func (a secretIDTest) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	value := t.Secrets["value"]
	if value.Empty() {
		return plan.Reading{State: plan.Unknown, Detail: "the new secret-id cannot be had, so it cannot be tried; mint again"}
	}
	accessor, err := a.c.knows(ctx, appRoleOf(t.Text), value)
	switch {
	case err != nil && adapters.StatusOf(err) == http.StatusForbidden:
		return plan.Reading{State: plan.Unknown, Detail: "Vault does not let us ask for a secret-id by its value; needed: " + permitLookupID}
	case err != nil:
		return adapters.Unread(err)
	case accessor == t.Text("id"):
		return plan.Reading{State: plan.Held, Proof: plan.P1, Detail: "Vault knows the new secret-id"}
	}
	return plan.Reading{State: plan.Broken, Wait: settle, Detail: "Vault does not know the new secret-id"}
}
