package github_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/world"
	fake "github.com/firebreak/firebreak/internal/world/github"
)

const (
	leakedPAT = "ghp_leaked0123456789abcdefleaked0123456789"
	twinPAT   = "ghp_twin000123456789abcdeftwin000123456789"
)

func tokens(s *fake.Seed) {
	s.Tokens = append(s.Tokens, fake.Token{Name: "BOT_PAT", Value: leakedPAT, Login: "acme-bot"}, fake.Token{Name: "TWIN_PAT", Value: twinPAT, Login: "acme-bot"})
}

func TestTokenRevoke(t *testing.T) {
	s := suite("github.token.revoke", tokens, func(s *fake.Server) bool { return !s.Takes(leakedPAT) && s.Takes(twinPAT) })
	s.Inputs = inputs("user", "acme-bot")
	s.Inputs["old"] = plan.Value{Held: "old:BOT_PAT"}
	s.Secrets = map[string]secret.Text{"old": secret.NewString(leakedPAT)}
	s.Quirks.Blind, s.Quirks.IgnoresBody = true, true
	conforms(t, s)
}

func TestTokenTest(t *testing.T) {
	s := suite("github.token.test", tokens, nil)
	s.Inputs = inputs("user", "acme-bot")
	s.Inputs["value"] = plan.Value{Output: &plan.Ref{Action: "mint", Name: "value"}}
	s.Secrets = map[string]secret.Text{"value": secret.NewString(twinPAT)}
	s.Quirks.NotByWorld = true
	conforms(t, s)
}

// The request that shows the token carries no credential of ours: GitHub refuses it then.
func TestTrapRevocationIsAnonymous(t *testing.T) {
	w, s := start(t, world.Options{}, tokens)
	a := drive(t, w, "github.token.revoke", map[string]any{"user": "acme-bot"})
	a.task.Secrets = map[string]secret.Text{"old": secret.NewString(leakedPAT)}
	if r := a.until(t); r.Proof != plan.P3 || s.Takes(leakedPAT) {
		t.Errorf("%+v", r)
	}
	for _, e := range w.Requests(true) {
		if e.Credential != "" || e.Status != http.StatusAccepted {
			t.Errorf("%+v", e)
		}
	}
}

func TestWhichTokenIsTakenBack(t *testing.T) {
	for name, x := range map[string]struct{ user, old, says string }{
		"nobody has it":             {"acme-bot", "", "nobody but acme-bot can end the token"},
		"another person's":          {"carol", leakedPAT, "is a token of acme-bot"},
		"a job's or an App's":       {"acme-bot", "ghs_0123456789abcdef0123456789abcdef0123", "ends by itself within an hour"},
		"mistyped, or dead already": {"acme-bot", "ghp_mistyped90123456789abcdefmistyped890ab", "did before anything was sent"},
		"no token at all":           {"acme-bot", "hunter2", "no token of a form"},
		"what firebreak works with": {"alice", token, "no token of a form"},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := start(t, world.Options{}, tokens)
			a := drive(t, w, "github.token.revoke", map[string]any{"user": x.user})
			a.task.Secrets = map[string]secret.Text{}
			if x.old != "" {
				a.task.Secrets["old"] = secret.NewString(x.old)
			}
			r := a.look()
			if r.State != plan.Broken || !r.Final || len(r.Next) > 0 || !strings.Contains(r.Detail, x.says) {
				t.Errorf("%+v", r)
			}
			if !s.Takes(leakedPAT) || strings.Contains(r.Detail, "hunter2") {
				t.Error("nothing may happen, and no value be shown")
			}
		})
	}
}

// What says that GitHub is not to be had now says nothing of a token.
func TestTokenIsNotDeadForALimit(t *testing.T) {
	for _, status := range []int{http.StatusForbidden, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusNotFound} {
		c := &canned{answers: map[string]reply{"GET https://ghe.example/api/v3/user": {status, nil, `{"message":"no"}`}}}
		r := over(t, c)["github.token.revoke"].Verify(t.Context(), adapters.Task{Inputs: map[string]any{"user": "acme-bot"}, Secrets: map[string]secret.Text{"old": secret.NewString(leakedPAT)}, Now: noon})
		if r.State != plan.Unknown {
			t.Errorf("%d: %+v", status, r)
		}
	}
}

// No API makes a token: a person does, and what is pasted is tried.
func TestTokenMint(t *testing.T) {
	s := suite("github.token.mint", tokens, nil)
	s.Inputs = inputs("user", "acme-bot")
	s.Quirks.NotByWorld = true
	conforms(t, s)
	c, err := over(t, &canned{})["github.token.mint"].Plan(adapters.Inputs(inputs("user", "acme-bot")), nil)
	if err != nil || c.Assisted == nil || c.Assisted.Wants != "value" || c.Assisted.Link == "" {
		t.Errorf("%+v, %v", c, err)
	}
}
