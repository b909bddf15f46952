package github_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/world"
	fake "github.com/firebreak/firebreak/internal/world/github"
)

var leakedKey, twinKey, otherKey = fake.AppPrivateKey("leaked"), fake.AppPrivateKey("twin"), fake.AppPrivateKey("other")

func appKeys(s *fake.Seed) {
	s.Apps = []fake.RegisteredApp{
		{ID: 4711, Slug: "acme-release", Keys: []fake.AppKey{{Name: "APP_KEY", Private: leakedKey}, {Name: "APP_KEY_TWIN", Private: twinKey}}},
		{ID: 815, Slug: "other", Keys: []fake.AppKey{{Name: "OTHER", Private: otherKey}}},
	}
}

func TestAppKeySuites(t *testing.T) {
	for _, action := range []string{"github.app_key.revoke", "github.app_key.mint", "github.app_key.test"} {
		t.Run(action, func(t *testing.T) {
			s := suite(action, appKeys, nil)
			s.Inputs = inputs("app", "4711")
			switch action {
			case "github.app_key.revoke":
				s.Inputs["old"] = plan.Value{Held: "old:APP_KEY"}
				s.Secrets = map[string]secret.Text{"old": secret.NewString(leakedKey)}
			case "github.app_key.test":
				s.Inputs["value"] = plan.Value{Output: &plan.Ref{Action: "mint", Name: "value"}}
				s.Secrets = map[string]secret.Text{"value": secret.NewString(twinKey)}
			}
			s.Quirks.NotByWorld = true
			conforms(t, s)
		})
	}
}

// A person deletes the key, and only what the deleted one signs closes the task.
func TestAnAppsKeyIsDeadWhenWhatItSignsIsRefused(t *testing.T) {
	w, s := start(t, world.Options{}, appKeys)
	a := drive(t, w, "github.app_key.revoke", map[string]any{"app": "4711"})
	a.task.Secrets = map[string]secret.Text{"old": secret.NewString(leakedKey)}
	var seen map[string]plan.Output
	alive := func(when string) {
		t.Helper()
		r := a.look()
		if r.State != plan.Broken || r.Final || !strings.Contains(r.Detail, "SHA256:") || r.Outputs["accepted"].Value == "" {
			t.Errorf("%s: %+v", when, r)
		}
		seen = r.Outputs
	}
	alive("before")
	if err := w.Do(func(world.Core) { s.DeleteAppKey("APP_KEY_TWIN") }); err != nil {
		t.Fatal(err)
	}
	alive("the twin is deleted instead")
	w.Clock.Advance(3 * time.Hour)
	alive("later")
	if err := w.Do(func(world.Core) { s.DeleteAppKey("APP_KEY") }); err != nil {
		t.Fatal(err)
	}
	if r := a.look(); r.State != plan.Broken || !r.Final || !strings.Contains(r.Detail, "was not seen to take it") {
		t.Errorf("a key that was never seen to work is no dead one: %+v", r)
	}
	a.task.Outputs = seen
	if r := a.look(); r.State != plan.Held || r.Proof != plan.P3 {
		t.Errorf("%+v", r)
	}
	a.task.Secrets["old"] = secret.NewString(otherKey)
	if r := a.look(); r.State != plan.Broken || !r.Final {
		t.Errorf("another key's having been taken says nothing of this one: %+v", r)
	}
}

// The key of another App is refused for this one, and lives.
func TestAnotherAppsKeyIsNotDead(t *testing.T) {
	w, _ := start(t, world.Options{}, appKeys)
	a := drive(t, w, "github.app_key.revoke", map[string]any{"app": "4711"})
	a.task.Secrets = map[string]secret.Text{"old": secret.NewString(otherKey)}
	if r := a.look(); r.State != plan.Broken || !r.Final || !strings.Contains(r.Detail, "another App's") {
		t.Errorf("%+v", r)
	}
}

func TestWhichAppsKeyItIs(t *testing.T) {
	for name, x := range map[string]struct{ app, old, says string }{
		"nobody has it":    {"4711", "", "nothing shows that it is deleted"},
		"no key":           {"4711", "hunter2", "no PEM block"},
		"no RSA key":       {"4711", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n", "not an RSA private key"},
		"signed as nobody": {"12", leakedKey, "knows no such App"},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := start(t, world.Options{}, appKeys)
			a := drive(t, w, "github.app_key.revoke", map[string]any{"app": x.app})
			a.task.Secrets = map[string]secret.Text{}
			if x.old != "" {
				a.task.Secrets["old"] = secret.NewString(x.old)
			}
			if r := a.look(); r.State == plan.Held || !strings.Contains(r.Detail, x.says) || strings.Contains(r.Detail, "hunter2") {
				t.Errorf("%+v", r)
			}
		})
	}
}

// A clock that is wrong by an hour makes no key look dead: GitHub's own is signed with.
func TestAWrongClockKillsNoAppKey(t *testing.T) {
	w, _ := start(t, world.Options{}, appKeys)
	a := drive(t, w, "github.app_key.test", map[string]any{"app": "4711"})
	a.task.Secrets = map[string]secret.Text{"value": secret.NewString(twinKey)}
	a.task.Now = a.task.Now.Add(-time.Hour)
	if r := a.look(); r.State != plan.Held || r.Proof != plan.P3 {
		t.Errorf("%+v", r)
	}
}

// What says that GitHub is not to be had now says nothing of a key.
func TestAppKeyIsNotDeadForALimit(t *testing.T) {
	for _, status := range []int{http.StatusForbidden, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusNotFound} {
		c := &canned{answers: map[string]reply{
			"GET https://ghe.example/api/v3/app":        {status, nil, `{"message":"no"}`},
			"GET https://ghe.example/api/v3/rate_limit": {http.StatusOK, map[string]string{"Date": noon.Format(http.TimeFormat)}, `{}`},
		}}
		r := over(t, c)["github.app_key.revoke"].Verify(t.Context(), adapters.Task{Inputs: map[string]any{"app": "4711"}, Secrets: map[string]secret.Text{"old": secret.NewString(leakedKey)}, Now: noon})
		if r.State != plan.Unknown {
			t.Errorf("%d: %+v", status, r)
		}
	}
}

// Where it is declared which key leaked, no other is taken for it, and it is not taken for
// the new one.
func TestADeclaredFingerprintTellsTheLeakedKey(t *testing.T) {
	w, s := start(t, world.Options{}, appKeys)
	in := map[string]any{"app": "4711", "fingerprint": appShown(t, leakedKey)}
	kill, try := drive(t, w, "github.app_key.revoke", in), drive(t, w, "github.app_key.test", in)
	kill.task.Secrets = map[string]secret.Text{"old": secret.NewString(twinKey)}
	if r := kill.look(); r.State != plan.Broken || !r.Final || !strings.Contains(r.Detail, "declared as") {
		t.Errorf("the twin: %+v", r)
	}
	try.task.Secrets = map[string]secret.Text{"value": secret.NewString(leakedKey)}
	if r := try.look(); r.State != plan.Broken || !r.Final || !strings.Contains(r.Detail, "the one that leaked") {
		t.Errorf("the leaked one as the new one: %+v", r)
	}
	try.task.Secrets["value"] = secret.NewString(twinKey)
	if r := try.look(); r.State != plan.Held {
		t.Errorf("the twin as the new one: %+v", r)
	}
	if err := w.Do(func(world.Core) { s.DeleteAppKey("APP_KEY") }); err != nil {
		t.Fatal(err)
	}
	kill.task.Secrets["old"] = secret.NewString(leakedKey)
	kill.task.Inputs["fingerprint"] = strings.TrimSuffix(strings.TrimPrefix(appShown(t, leakedKey), "SHA256:"), "=") // as other tools write it
	if r := kill.look(); r.State != plan.Held || r.Proof != plan.P3 {
		t.Errorf("deleted before anybody looked, and known to be it: %+v", r)
	}
}

func appShown(t *testing.T, private string) string {
	t.Helper()
	w, _ := start(t, world.Options{}, appKeys)
	a := drive(t, w, "github.app_key.revoke", map[string]any{"app": "4711"})
	a.task.Secrets = map[string]secret.Text{"old": secret.NewString(private)}
	return a.look().Outputs["accepted"].Value
}
