package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// A GitHub App's private key signs what logs in as the App everywhere it is installed. Keys
// are made and deleted in the web page alone; whether one works its signature tells, by a
// request that changes nothing.
// Source: GitHub Docs, "Managing private keys for GitHub Apps"; GitHub REST reference, "Get
// the authenticated app".

const permitAppOwner = "owner or manager of the App (in the web page)"

func appKeyInputs(more ...plan.Field) []plan.Field {
	return append([]plan.Field{
		{Name: "app", Type: plan.String, Required: true, Doc: "id of the App, a number"},
		{Name: "organization", Type: plan.String, Doc: "organization that owns the App; a person when left out"},
		{Name: "fingerprint", Type: plan.String, Doc: "of the key that leaked, as the App's settings show it (SHA256:...): no other is taken for it"},
	}, more...)
}

// leaked reports whether a key is the one that is known to have leaked; known is false where
// nobody declared which one that is.
func leaked(t adapters.Task, shown string) (is, known bool) {
	plain := func(s string) string {
		return strings.TrimRight(strings.TrimPrefix(strings.TrimSpace(s), "SHA256:"), "=")
	}
	declared := plain(t.Text("fingerprint"))
	return declared != "" && declared == plain(shown), declared != ""
}

func appTarget(app string) plan.Target {
	return plan.Target{Provider: "github", Kind: "app-key", ID: app, Name: "the private key of GitHub App " + app}
}

func appsPage(in adapters.Inputs) string {
	if org := in.Text("organization"); org != "" {
		return "https://github.com/organizations/" + org + "/settings/apps"
	}
	return "https://github.com/settings/apps"
}

// appVerdict is what GitHub said to a key.
type appVerdict struct {
	code   int
	app    string    // whose key it is, of a success
	server time.Time // GitHub's clock
	shown  string    // the key's fingerprint
}

// whichApp signs with a key and asks whose it is. The times in what is signed are GitHub's:
// a clock that is wrong makes any key look dead. A 401 counts only where GitHub takes our
// own token at the same time.
func (p *Provider) whichApp(ctx context.Context, app string, private secret.Text) (appVerdict, error) {
	key, err := appKeyOf(private)
	if err != nil {
		return appVerdict{}, err
	}
	var v appVerdict
	if v.shown, err = appFingerprint(key); err != nil {
		return v, err
	}
	at, err := get(ctx, p.reads, "rate_limit", &struct{}{})
	if err != nil {
		return v, fmt.Errorf("GitHub takes no token at all now: %w", err)
	}
	if at.IsZero() {
		return v, errors.New("GitHub does not say what time it is, so nothing can be signed")
	}
	jwt, err := appJWT(private, app, at)
	if err != nil {
		return v, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base.JoinPath("app").String(), nil)
	if err != nil {
		return v, err
	}
	req.Header.Set("Accept", "application/vnd.github+json")
	req.Header.Set("User-Agent", p.agent())
	present(req, jwt)
	answer, err := p.probes.Do(req)
	if err != nil {
		return v, err
	}
	var said struct {
		ID int64 `json:"id"`
	}
	v.code, v.server = answer.StatusCode, at
	if err := decodeProbe(answer, &said); err != nil {
		return v, err
	}
	v.app = strconv.FormatInt(said.ID, 10)
	return v, nil
}

// ownAppKey reports whether firebreak itself logs in with this key.
func (p *Provider) ownAppKey(private secret.Text) bool {
	i, ok := p.who.(*installation)
	if !ok {
		return false
	}
	ours, err1 := appKeyOf(i.app.Key)
	theirs, err2 := appKeyOf(private)
	return err1 == nil && err2 == nil && ours.PublicKey.Equal(&theirs.PublicKey) // a file may be written in more ways than one
}

// appKeyRevoke has a person delete the old key, and sees that what it signs is refused.
// That counts only of a key which GitHub was seen to take for this App: another App's key
// and one that was deleted long ago are refused too.
type appKeyRevoke struct{ *Provider }

// Spec implements adapters.Action.
func (appKeyRevoke) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.app_key.revoke", Summary: "Have a person delete a GitHub App's old private key, and see that what it signs is refused.", Target: "app-key",
		Inputs:  appKeyInputs(plan.Field{Name: "old", Type: plan.Secret, Doc: "the old private key: what it signs is refused once it is deleted"}),
		Outputs: []plan.Field{{Name: "accepted", Type: plan.String, Doc: "fingerprint of the key that GitHub was seen to take"}},
		Effect:  plan.Irreversible, Role: plan.Kill, Lost: plan.ResendSafe, Proof: plan.P3, Settle: plan.Duration(time.Minute),
		Permissions: []string{permitAppOwner},
		Source:      `GitHub Docs, "Managing private keys for GitHub Apps": the last key can be deleted only after another was made`,
	}
}

// Plan implements adapters.Action.
func (appKeyRevoke) Plan(in adapters.Inputs, _ *snapshot.Snapshot) (plan.Change, error) {
	return plan.Change{
		Target: appTarget(in.Text("app")), Breaks: "whatever logs in as the App with this key, wherever the App is installed",
		Assisted: &plan.Assisted{
			Instructions: "Delete the old private key of the App, under Private keys in its settings. Its fingerprint tells it from the others: openssl rsa -in KEY -pubout -outform DER | openssl sha256 -binary | openssl base64. The last key cannot be deleted: where it is the only one, generate another first and keep its file, it is asked for next.",
			Link:         appsPage(in),
		},
		Gaps: []plan.Gap{{
			What: "installation tokens of App " + in.Text("app"),
			Why:  "those that were made with the old key live up to an hour after it is deleted; suspend the App's installations to end them sooner",
		}},
	}, nil
}

// Apply implements adapters.Action: a person does it.
func (appKeyRevoke) Apply(context.Context, adapters.Task, plan.Call) adapters.Result {
	return nothingToSend()
}

// Settle implements adapters.Action.
func (appKeyRevoke) Settle(context.Context, adapters.Task, plan.Call) plan.Settlement {
	return plan.Settlement{Happened: "no", Detail: "this action sends nothing"}
}

// Verify implements adapters.Action.
func (a appKeyRevoke) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	old := t.Secrets["old"]
	stuck := func(why string) plan.Reading { return plan.Reading{State: plan.Broken, Final: true, Detail: why} }
	switch {
	case old.Empty():
		return stuck("without the old key nothing shows that it is deleted: GitHub tells nobody which keys an App has; paste it (@FILE reads it), or skip this once it is deleted")
	case a.ownAppKey(old):
		return stuck("this is the key firebreak itself logs in with; come back with another")
	}
	if _, err := appKeyOf(old); err != nil {
		return stuck(err.Error())
	}
	v, err := a.whichApp(ctx, t.Text("app"), old)
	is, known := leaked(t, v.shown)
	switch {
	case known && v.shown != "" && !is:
		return stuck("this is the key " + v.shown + ", and the one that leaked is declared as " + t.Text("fingerprint") + "; paste that one, or correct the fingerprint under issuer github.app_key")
	case err != nil || v.code != http.StatusOK && v.code != http.StatusUnauthorized:
		return appProbeFailed(v.code, err)
	case v.code == http.StatusUnauthorized && !is && t.Outputs["accepted"].Value != v.shown:
		return stuck("GitHub refuses what the key " + v.shown + " signs for App " + t.Text("app") + ", and was not seen to take it before: it may be another key, or another App's; compare the fingerprints in the App's settings and paste the right one, or skip this once that one is deleted")
	case v.code == http.StatusUnauthorized:
		return plan.Reading{State: plan.Held, Proof: plan.P3, Server: v.server, Detail: "GitHub refuses what the key " + v.shown + " signs for App " + t.Text("app")}
	case v.app != t.Text("app"):
		return stuck("the key is of App " + v.app + "; correct the app under issuer github.app_key")
	}
	return plan.Reading{
		State: plan.Broken, Server: v.server, Outputs: map[string]plan.Output{"accepted": {Value: v.shown}},
		Detail: "GitHub takes what the key " + v.shown + " signs; delete that one",
	}
}

func appProbeFailed(code int, err error) plan.Reading {
	switch {
	case err != nil:
		return unread("try the App's key", err)
	case code == http.StatusNotFound:
		return plan.Reading{State: plan.Unknown, Detail: "GitHub knows no such App; check the app under issuer github.app_key. Where the App itself was deleted, skip this and say so"}
	}
	return plan.Reading{State: plan.Unknown, Detail: fmt.Sprintf("GitHub answers %d to what the key signs, which says neither that it works nor that it does not", code)}
}
