package github_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters/adaptertest"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/world"
	fake "github.com/firebreak/firebreak/internal/world/github"
)

const (
	signedWith = "whsec-old-0123456789abcdef"
	repoHook   = 71
	ownerHook  = 72
)

// signed has a webhook of the repository and one of its organization, each with a secret.
func signed(s *fake.Seed) {
	s.Hooks = []fake.Hook{{ID: repoHook, URL: "https://deploy.example/hook", Active: true, Events: []string{"push"}, Credential: "HOOK", Secret: signedWith}, {ID: 70, URL: "https://chat.example/", Active: true}}
	s.OwnerHooks = []fake.Hook{{ID: ownerHook, URL: "https://audit.example/hook", Active: true, Credential: "OWNER_HOOK", Secret: signedWith + "2"}}
}

// eachHook runs a test for a webhook of a repository and for one of an organization.
func eachHook(t *testing.T, f func(t *testing.T, id int64, in map[string]any)) {
	t.Helper()
	t.Run("repository", func(t *testing.T) {
		f(t, repoHook, map[string]any{"repository": shop, "hook": fmt.Sprint(repoHook)})
	})
	t.Run("organization", func(t *testing.T) {
		f(t, ownerHook, map[string]any{"organization": "acme", "hook": fmt.Sprint(ownerHook)})
	})
}

func hookSuite(action string, in map[string]any, truth func(*fake.Server) bool) adaptertest.Suite {
	s := suite(action, signed, truth)
	s.Inputs = inputs()
	for name, v := range in {
		s.Inputs[name] = plan.Value{Literal: v}
	}
	s.Canaries = append(s.Canaries, secret.NewString(signedWith))
	return s
}

func TestWebhookMint(t *testing.T) {
	eachHook(t, func(t *testing.T, id int64, in map[string]any) {
		s := hookSuite("github.webhook.mint", in, func(s *fake.Server) bool {
			return !strings.HasPrefix(s.HookSecret(id), signedWith) && s.HookSecret(id) != ""
		})
		s.Quirks.Blind = true
		conforms(t, s)
	})
}

func TestWebhookTest(t *testing.T) {
	eachHook(t, func(t *testing.T, _ int64, in map[string]any) {
		s := hookSuite("github.webhook.test", in, nil)
		s.Quirks.Blind = true
		conforms(t, s)
	})
}

func TestWebhookRevoke(t *testing.T) {
	eachHook(t, func(t *testing.T, id int64, in map[string]any) {
		s := hookSuite("github.webhook.revoke", in, nil)
		s.Values = map[string]any{"new": fmt.Sprint(id)}
		s.Values["answered"] = "2025-03-14T17:00:00Z"
		s.Inputs["new"] = plan.Value{Output: &plan.Ref{Action: "mint", Name: "id"}}
		s.Inputs["answered"] = plan.Value{Output: &plan.Ref{Action: "test", Name: "answered"}}
		s.Quirks.NotByWorld = true
		conforms(t, s)
	})
}

// Where nobody declared which webhook it is, it is the one that has the new secret.
func TestAWebhookNobodyNamedIsTheOneWithTheNewSecret(t *testing.T) {
	eachHook(t, func(t *testing.T, id int64, in map[string]any) {
		w, _ := start(t, world.Options{}, signed)
		mint := drive(t, w, "github.webhook.mint", in)
		mint.until(t)
		a := drive(t, w, "github.webhook.revoke", in)
		delete(a.task.Inputs, "hook")
		a.task.Inputs["new"] = fmt.Sprint(id)
		if r := a.look(); r.State != plan.Held {
			t.Errorf("%+v", r)
		}
	})
}

// A new secret leaves what is delivered, where and how, as it is.
func TestANewWebhookSecretChangesNothingElse(t *testing.T) {
	eachHook(t, func(t *testing.T, id int64, in map[string]any) {
		w, s := start(t, world.Options{}, signed)
		a := drive(t, w, "github.webhook.mint", in)
		r := a.until(t)
		if r.Outputs["id"].Value != fmt.Sprint(id) || s.HookSecret(id) == "" || strings.HasPrefix(s.HookSecret(id), signedWith) {
			t.Errorf("%+v, signs with %q", r, s.HookSecret(id))
		}
		for _, x := range w.Entries() {
			if x.Kind == "request" && x.Mutating && !strings.HasSuffix(x.Call, "hook config") {
				t.Errorf("sent %s", x.Call)
			}
		}
	})
}

// The receiver's answer to a ping that is newer than the secret counts, and no other.
func TestAReceiverThatKeepsTheOldSecretIsSeen(t *testing.T) {
	eachHook(t, func(t *testing.T, id int64, in map[string]any) {
		w, s := start(t, world.Options{}, signed)
		before := drive(t, w, "github.webhook.test", in)
		before.until(t)
		w.Clock.Advance(time.Minute)
		drive(t, w, "github.webhook.mint", in).until(t)
		s.ReceiverAnswers(id, 401)
		a := drive(t, w, "github.webhook.test", in)
		r := a.look()
		if r.State != plan.Broken || len(r.Next) != 1 {
			t.Fatalf("the ping from before counts: %+v", r)
		}
		if o := a.send(r.Next[0]); o.State != plan.Done {
			t.Fatal(o)
		}
		if r = a.look(); r.State != plan.Broken || len(r.Next) != 0 || r.Wait == 0 || !strings.Contains(r.Detail, "401") {
			t.Fatalf("%+v", r)
		}
		s.ReceiverAnswers(id, 200)
		w.Clock.Advance(time.Minute)
		if r = a.look(); len(r.Next) != 1 {
			t.Fatalf("it is not tried again: %+v", r)
		}
		if r = a.until(t); r.State != plan.Held || r.Proof == plan.P3 {
			t.Errorf("%+v", r)
		}
	})
}

// What is known of the old secret is known by id and time.
func TestWhatShowsThatAWebhooksSecretIsOver(t *testing.T) {
	eachHook(t, func(t *testing.T, id int64, in map[string]any) {
		w, _ := start(t, world.Options{}, signed)
		in["new"] = fmt.Sprint(id)
		a := drive(t, w, "github.webhook.revoke", in)
		a.task.Began = w.Clock.Now()
		if r := a.look(); r.State != plan.Unknown {
			t.Errorf("nothing was changed: %+v", r)
		}
		drive(t, w, "github.webhook.mint", in).until(t)
		if r := a.look(); r.State != plan.Held || r.Proof != plan.P1 {
			t.Errorf("%+v", r)
		}
		in["new"] = ""
		if r := a.look(); r.State != plan.Broken {
			t.Errorf("no secret was set: %+v", r)
		}
	})
}

// A webhook that is not known, or switched off, is said so.
func TestWhichWebhookIsMeant(t *testing.T) {
	w, _ := start(t, world.Options{}, func(s *fake.Seed) { signed(s); s.Hooks[0].Active = false })
	snap := shown(t, w)
	for name, x := range map[string]struct{ id, says string }{
		"which of two":     {"", "has 2 webhooks"},
		"one nobody knows": {"9", "correct hook"},
	} {
		for _, a := range provider(t, w, w.Wire()).Actions() {
			if !strings.HasPrefix(a.Spec().Name, "github.webhook.") {
				continue
			}
			if _, err := a.Plan(inputs("repository", shop, "hook", x.id), snap); err == nil || !strings.Contains(err.Error(), x.says) {
				t.Errorf("%s, %s: %v", name, a.Spec().Name, err)
			}
		}
	}
	r := drive(t, w, "github.webhook.test", map[string]any{"repository": shop, "hook": fmt.Sprint(repoHook)}).look()
	if r.State != plan.Unknown || !r.Final {
		t.Errorf("switched off: %+v", r)
	}
	r = drive(t, w, "github.webhook.mint", map[string]any{"repository": shop, "hook": "9"}).look()
	if r.State != plan.Unknown || !strings.Contains(r.Detail, "not there any more") {
		t.Errorf("gone: %+v", r)
	}
}
