package aws

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// keyImage is what the actions on an old key rely on. Status is left out where
// another action of the same plan changes it.
type keyImage struct {
	User   string `json:"user"`
	ID     string `json:"id"`
	Status string `json:"status,omitempty"`
}

var keyID = regexp.MustCompile(`^AKIA[A-Z0-9]{12,124}$`)

func keyInputs(more ...plan.Field) []plan.Field {
	return append([]plan.Field{
		{Name: "account", Type: plan.String, Doc: "Account name in firebreak.yaml; may be left out where there is one."},
		{Name: "user", Type: plan.String, Required: true, Doc: "IAM user the key belongs to."},
	}, more...)
}

var (
	idField  = plan.Field{Name: "id", Type: plan.String, Doc: "Access key id of the old key; left out, the user's only key is meant, or the one of the pasted pair."}
	oldField = plan.Field{Name: "old", Type: plan.Secret, Doc: "Secret of the old key, for the probe that it is dead; the parts of a pair as old.<NAME>."}
)

// pasted gives the parts of the old pair that could be had, told apart by their
// shape: a key id is no secret and looks like one.
func pasted(t adapters.Task) (id string, value secret.Text) {
	for name, s := range t.Secrets {
		if name != "id" && name != "old" && !strings.HasPrefix(name, "old.") && !strings.HasPrefix(name, "old_") {
			continue
		}
		if v := s.Reveal(); keyID.MatchString(v) {
			id = v
		} else {
			value = s
		}
	}
	return id, value
}

// oldKey says which key is meant: the declared one, the pasted one, or the one
// that was the user's only key when the plan was made. trouble, when set, says
// why nobody can tell.
func oldKey(t adapters.Task) (id string, value secret.Text, trouble string) {
	held, value := pasted(t)
	id = t.Text("id")
	if id == "" {
		id = planned(t.Action)
	}
	switch {
	case id != "" && held != "" && id != held:
		return "", value, fmt.Sprintf("the pasted key is %s, but %s is the one the plan names; correct the id in firebreak.yaml and plan again", held, id)
	case id != "":
		return id, value, ""
	case held != "":
		return held, value, ""
	}
	return "", value, "which key leaked is not known; declare its id in firebreak.yaml or paste the old pair"
}

// planned is the id a plan resolved.
func planned(a plan.Action) string {
	if _, id, ok := strings.Cut(a.Target.ID, "/"); ok && !a.Target.Selector {
		return id
	}
	return ""
}

// plannedKey resolves the old key in a snapshot: declared, or the only one.
func plannedKey(in adapters.Inputs, s *snapshot.Snapshot) (account string, u snapshot.User, k *snapshot.AccessKey, err error) {
	acc, u, err := findUser(in, s)
	if err != nil {
		return "", u, nil, err
	}
	if id := in.Text("id"); id != "" {
		for i := range u.Keys {
			if u.Keys[i].ID == id {
				return acc, u, &u.Keys[i], nil
			}
		}
		return acc, u, &snapshot.AccessKey{ID: id, Status: gone}, nil
	}
	if len(u.Keys) == 1 {
		return acc, u, &u.Keys[0], nil
	}
	return acc, u, nil, nil
}

// gone is the status of a key that is not listed.
const gone = "gone"

func findUser(in adapters.Inputs, s *snapshot.Snapshot) (string, snapshot.User, error) {
	user := in.Text("user")
	for _, acc := range s.AWS {
		if name := in.Text("account"); name != "" && name != acc.Name {
			continue
		}
		for _, u := range acc.Users {
			if u.Name == user {
				return acc.Name, u, nil
			}
		}
	}
	with := map[string]string{"user": user}
	if name := in.Text("account"); name != "" {
		with["account"] = name
	}
	return "", snapshot.User{}, &adapters.Missing{What: "IAM user " + user, Scope: adapters.Scope{Issuers: []adapters.Selector{{Name: "aws.access_key", With: with}}}}
}

// oldKeyChange begins the change of an action on the old key. Without a key it
// stands for the user, and a person says which one is meant.
func oldKeyChange(account string, u snapshot.User, k *snapshot.AccessKey, verb string) plan.Change {
	if k == nil {
		return plan.Change{
			Target: plan.Target{Provider: "aws", Kind: "access_key", ID: u.Name, Name: u.Name, Selector: true},
			Before: plan.Image(keyImage{User: u.Name}),
			Assisted: &plan.Assisted{
				Instructions: fmt.Sprintf("Find out which access key of IAM user %s leaked (%s), %s it, or declare its id in firebreak.yaml and plan again.", u.Name, listing(u.Keys), verb),
				Link:         "https://console.aws.amazon.com/iam/home#/users/details/" + u.Name + "?section=security_credentials",
			},
			Gaps: []plan.Gap{{What: "which access key of " + u.Name + " leaked", Why: "its id is not declared and the user has more than one key, or none: " + listing(u.Keys)}},
		}
	}
	return plan.Change{
		Target:   plan.Target{Provider: "aws", Kind: "access_key", ID: u.Name + "/" + k.ID, Name: k.ID},
		Kills:    []string{"aws:key:" + k.ID},
		Evidence: []string{keysEvidence(account, u.Name)},
		Breaks:   "everything that signs with access key " + k.ID + " of " + u.Name,
	}
}

func keysEvidence(account, user string) string { return "keys:aws:" + account + "/" + user }

func listing(keys []snapshot.AccessKey) string {
	var out []string
	for _, k := range keys {
		out = append(out, fmt.Sprintf("%s %s, created %s", k.ID, strings.ToLower(k.Status), text(k.Created)))
	}
	if len(out) == 0 {
		return "no key"
	}
	return strings.Join(out, "; ")
}

func statusOf(keys []snapshot.AccessKey, id string) string {
	if i := slices.IndexFunc(keys, func(k snapshot.AccessKey) bool { return k.ID == id }); i >= 0 {
		return keys[i].Status
	}
	return gone
}

// probeDead asks with the old key who it is. The answer InvalidClientTokenId means
// that the key authenticates nothing any more.
// Source: STS API reference, "Common Errors"; GetCallerIdentity needs no permission.
func (a *account) probeDead(ctx context.Context, r plan.Reading, id string, value secret.Text) plan.Reading {
	if value.Empty() {
		return r
	}
	c, err := a.as(ctx, id, value)
	if err != nil {
		return unread(ctx, "probe "+id, err)
	}
	_, err = c.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	switch {
	case err == nil:
		r.State, r.Proof, r.Next = plan.Broken, "", nil
		r.Detail = "IAM shows " + id + " as dead, but it still authenticates"
	case code(err) == "InvalidClientTokenId":
		r.Proof = plan.P3
	case code(err) == "SignatureDoesNotMatch":
		r.State, r.Proof = plan.Unknown, ""
		r.Detail = "the pasted value is not the secret of " + id + ", so it proves nothing; paste the right one or go on without"
	default:
		return unread(ctx, "probe "+id, err)
	}
	return r
}
