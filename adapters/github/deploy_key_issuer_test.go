package github_test

import (
	"strings"
	"testing"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/world"
	fake "github.com/firebreak/firebreak/internal/world/github"
)

// pairOf is a private key made from a text.
func pairOf(t *testing.T, from string) string {
	t.Helper()
	private, err := fake.PrivateKey(from)
	if err != nil {
		t.Fatal(err)
	}
	return private
}

// keyed has two deploy keys, of which the first leaked, beside one nobody has the private half of.
func keyed(t *testing.T) func(*fake.Seed) {
	t.Helper()
	leaked, twin := pairOf(t, "leaked"), pairOf(t, "twin")
	return func(s *fake.Seed) {
		s.Keys = []fake.Key{{Title: "ci", AddedBy: "alice", Credential: "DEPLOY_KEY", Private: leaked}, {Title: "ci", AddedBy: "alice", ReadOnly: true, Credential: "twin", Private: twin}, {Title: "mirror", AddedBy: "bob"}}
	}
}

// idOf is the id of a key of the seed in the world of keyed.
func idOf(t *testing.T, credential string) string {
	t.Helper()
	_, s := start(t, world.Options{}, keyed(t))
	return s.KeyOf(credential)
}

func TestDeployKeyMint(t *testing.T) {
	s := suite("github.deploy_key.mint", keyed(t), nil)
	s.Inputs = inputs("repository", shop, "id", idOf(t, "DEPLOY_KEY"))
	s.Quirks.Blind = true
	conforms(t, s)
}

func TestDeployKeyRevoke(t *testing.T) {
	gone := func(s *fake.Server) bool {
		return s.KeyOf("DEPLOY_KEY") == "" && s.KeyOf("twin") != ""
	}
	t.Run("by id", func(t *testing.T) {
		s := suite("github.deploy_key.revoke", keyed(t), gone)
		s.Inputs = inputs("repository", shop, "id", idOf(t, "DEPLOY_KEY"))
		conforms(t, s)
	})
	t.Run("by value", func(t *testing.T) {
		s := suite("github.deploy_key.revoke", keyed(t), gone)
		s.Inputs = inputs("repository", shop)
		s.Inputs["old"] = plan.Value{Held: "old:DEPLOY_KEY"}
		s.Secrets = map[string]secret.Text{"old": secret.NewString(pairOf(t, "leaked"))}
		s.Quirks.Blind = true
		conforms(t, s)
	})
}

func TestDeployKeyTest(t *testing.T) {
	s := suite("github.deploy_key.test", keyed(t), nil)
	s.Inputs = inputs("repository", shop, "id", idOf(t, "twin"))
	s.Inputs["value"] = plan.Value{Output: &plan.Ref{Action: "mint", Name: "value"}}
	s.Secrets = map[string]secret.Text{"value": secret.NewString(pairOf(t, "twin"))}
	s.Quirks.NotByWorld = true
	conforms(t, s)
}

// What does not tell which key is meant ends none; a pasted key that is another's, or
// none, is said.
func TestWhichDeployKeyIsMeant(t *testing.T) {
	leaked, twin, other := pairOf(t, "leaked"), pairOf(t, "twin"), pairOf(t, "another")
	for name, x := range map[string]struct {
		id, old string
		deletes string // the credential whose key goes; "" for none
		says    string
	}{
		"nothing is known":        {"", "", "", "it is not known which of 3"},
		"the id alone":            {"DEPLOY_KEY", "", "DEPLOY_KEY", "known by its id"},
		"the value alone":         {"", leaked, "DEPLOY_KEY", "public half"},
		"both agree":              {"DEPLOY_KEY", leaked, "DEPLOY_KEY", "public half"},
		"they are different keys": {"DEPLOY_KEY", twin, "", "correct the id"},
		"a value of no key":       {"DEPLOY_KEY", other, "", "correct the id"},
		"no key at all":           {"DEPLOY_KEY", "hunter2", "", "no private key"},
		"an id that never was":    {"9", "", "", "was ever seen"},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := start(t, world.Options{}, keyed(t))
			in := map[string]any{"repository": shop, "id": x.id}
			if id := s.KeyOf(x.id); id != "" {
				in["id"] = id
			}
			a := drive(t, w, "github.deploy_key.revoke", in)
			a.task.Secrets = map[string]secret.Text{}
			if x.old != "" {
				a.task.Secrets["old"] = secret.NewString(x.old)
			}
			r := a.look()
			if !strings.Contains(r.Detail, x.says) || r.State != plan.Broken || r.Final != (x.deletes == "") {
				t.Fatalf("%+v", r)
			}
			if x.deletes != "" && (len(r.Next) != 1 || r.Next[0].Args["id"] != s.KeyOf(x.deletes)) {
				t.Errorf("deletes %+v", r.Next)
			}
			if strings.Contains(r.Detail, "hunter2") {
				t.Error("the pasted value is shown")
			}
		})
	}
}

// The new key may push where the old one could, and not otherwise.
func TestNewDeployKeyMayDoWhatTheOldOneCould(t *testing.T) {
	for credential, reads := range map[string]string{"DEPLOY_KEY": "false", "twin": "true"} {
		w, s := start(t, world.Options{}, keyed(t))
		p := provider(t, w, w.Wire())
		snap := shown(t, w)
		for _, a := range p.Actions() {
			if a.Spec().Name != "github.deploy_key.mint" {
				continue
			}
			c, err := a.Plan(adapters.Inputs(inputs("repository", shop, "id", s.KeyOf(credential))), snap)
			if err != nil || c.Calls[0].Args["read_only"] != reads {
				t.Errorf("%s: %+v, %v", credential, c.Calls, err)
			}
		}
	}
}
