package playbook

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/plan"
)

const rotateAll = `
version: 1
playbook: rotate-all
inputs:
  repository: { type: repository, required: true }
  workflow: { type: [workflow], required: true }
  since: { type: timestamp }
  package: { type: string }
steps:
  rotate:
    - for: c in inventory.credentials
      rotate: "${{ c }}"
`

// byUse finds the one action of a kind.
func byUse(t *testing.T, p *plan.Plan, use string) plan.Action {
	t.Helper()
	var found []plan.Action
	for _, a := range p.Actions {
		if a.Use == use {
			found = append(found, a)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d actions %s in\n%s", len(found), use, describe(p))
	}
	return found[0]
}

func closingOf(t *testing.T, p *plan.Plan, id string) plan.Closing {
	t.Helper()
	i := slices.IndexFunc(p.Closings, func(c plan.Closing) bool { return c.Credential == id })
	if i < 0 {
		t.Fatalf("no closing for %s in\n%s", id, describe(p))
	}
	return p.Closings[i]
}

// edited compiles rotateAll after changing credentials of the shop.
func edited(t *testing.T, edit func(deploy, npm *inventory.Credential)) *plan.Plan {
	t.Helper()
	r := request()
	deploy, npm := &r.Inventory.Credentials[0], &r.Inventory.Credentials[2]
	if deploy.ID != deployID || npm.ID != npmID {
		t.Fatal("the shop's credentials have moved")
	}
	edit(deploy, npm)
	return mustCompile(t, rotateAll, r)
}

func TestEmergencyKillsBeforeItMints(t *testing.T) {
	p := edited(t, func(deploy, _ *inventory.Credential) { deploy.Rotation = "emergency" })
	disable, mint, destroy := byUse(t, p, "aws.access_key.disable"), byUse(t, p, "aws.access_key.mint"), byUse(t, p, "aws.access_key.destroy")
	if len(disable.After)+len(disable.Until) > 0 {
		t.Errorf("killing must not wait: %v %v", disable.After, disable.Until)
	}
	if !slices.Contains(mint.After, disable.ID) {
		t.Errorf("the mint waits for %v", mint.After)
	}
	if !slices.Contains(destroy.After, byUse(t, p, "aws.access_key.test").ID) {
		t.Errorf("the old key is destroyed before the new one is tested: %v", destroy.After)
	}
	if destroy.Inputs["new"].Output == nil || destroy.Inputs["new"].Output.Action != mint.ID {
		t.Errorf("destroy does not know which key is new: %+v", destroy.Inputs)
	}
	for _, a := range []plan.Action{disable} {
		if a.ProofWithout != plan.P2 || a.Shortfall == "" || a.Proof != plan.P3 {
			t.Errorf("%s: %s without the old value %s, %q", a.ID, a.Proof, a.ProofWithout, a.Shortfall)
		}
	}
}

func TestOldValuesOfAPair(t *testing.T) {
	p := edited(t, func(_, _ *inventory.Credential) {})
	in := byUse(t, p, "aws.access_key.disable").Inputs
	if got := in["old.DEPLOY_AWS_SECRET_ACCESS_KEY"].Held; got != "old:"+deployID+"/DEPLOY_AWS_SECRET_ACCESS_KEY" {
		t.Errorf("the secret half is %q", got)
	}
	if _, asked := in["old.DEPLOY_AWS_ACCESS_KEY_ID"]; asked {
		t.Error("the id is asked for although it is known which key leaked")
	}
	unknown := edited(t, func(deploy, _ *inventory.Credential) { delete(deploy.Issuer.With, "id") })
	in = byUse(t, unknown, "aws.access_key.disable").Inputs
	if got := in["old.DEPLOY_AWS_ACCESS_KEY_ID"].Held; got != "old:"+deployID+"/DEPLOY_AWS_ACCESS_KEY_ID" {
		t.Errorf("nobody is asked which key leaked: %+v", in)
	}
	if got := byUse(t, p, "npm.token.revoke").Inputs["old"].Held; got != "old:"+npmID {
		t.Errorf("old is %q", got)
	}
}

func TestPairGoesWhereItBelongs(t *testing.T) {
	p := edited(t, func(deploy, _ *inventory.Credential) {
		deploy.Stores = append(deploy.Stores, inventory.System{Name: "vault.kv", With: map[string]string{"mount": "secret", "path": "ci/deployer"}})
	})
	mint := byUse(t, p, "aws.access_key.mint").ID
	got := map[string]string{}
	for _, a := range p.Actions {
		for name, v := range a.Inputs {
			if a.Role == plan.Deliver && v.Output != nil && v.Output.Action == mint {
				got[fmt.Sprintf("%s %v%v %s", a.Use, a.Inputs["name"].Literal, a.Inputs["key"].Literal, name)] = v.Output.Name
			}
		}
	}
	want := map[string]string{
		"github.secret.put DEPLOY_AWS_ACCESS_KEY_ID<nil> value":                "id",
		"github.secret.put DEPLOY_AWS_SECRET_ACCESS_KEY<nil> value":            "value",
		"aws.secretsmanager.put <nil><nil> value.DEPLOY_AWS_ACCESS_KEY_ID":     "id",
		"aws.secretsmanager.put <nil><nil> value.DEPLOY_AWS_SECRET_ACCESS_KEY": "value",
		"vault.kv.put <nil>DEPLOY_AWS_ACCESS_KEY_ID value":                     "id",
		"vault.kv.put <nil>DEPLOY_AWS_SECRET_ACCESS_KEY value":                 "value",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestOverlapWithoutDisableFlipsByDestroying(t *testing.T) {
	p := edited(t, func(_, npm *inventory.Credential) { npm.Rotation, npm.Deadline = "overlap", "" })
	revoke := byUse(t, p, "npm.token.revoke")
	if revoke.Role != plan.Destroy || revoke.Deadline.D() != time.Hour || !slices.Contains(revoke.Until, byUse(t, p, "npm.token.test").ID) {
		t.Errorf("%s until %v for %s", revoke.Role, revoke.Until, revoke.Deadline.D())
	}
	if len(revoke.After) != 0 {
		t.Errorf("the deadline could never pass: %v", revoke.After)
	}
	if mint := byUse(t, p, "npm.token.mint"); len(mint.After) != 0 {
		t.Errorf("in overlap nothing dies before the mint: %v", mint.After)
	}
}

func TestWhatMintsOthersGoesFirst(t *testing.T) {
	p := edited(t, func(deploy, npm *inventory.Credential) { deploy.Mints = []string{npm.ID} })
	disable := byUse(t, p, "aws.access_key.disable")
	if len(disable.Until) != 0 {
		t.Error("a credential that mints others is left alive until a deadline")
	}
	for _, use := range []string{"npm.token.revoke", "npm.token.mint"} {
		if a := byUse(t, p, use); !slices.Contains(a.After, disable.ID) {
			t.Errorf("%s waits for %v", use, a.After)
		}
	}
}

func TestCredentialsThatMintEachOther(t *testing.T) {
	p := edited(t, func(deploy, npm *inventory.Credential) {
		deploy.Mints, npm.Mints = []string{npm.ID}, []string{deploy.ID}
	})
	if err := plan.Validate(p); err != nil {
		t.Error(err)
	}
}

func TestNobodyDeclaredIt(t *testing.T) {
	p := edited(t, func(_, npm *inventory.Credential) { npm.Declared, npm.Issuer = false, nil })
	if c := closingOf(t, p, npmID); c.Open == "" || len(c.Actions) != 0 {
		t.Errorf("%+v", c)
	}
	if strings.Contains(describe(p), "npm.token") {
		t.Error("something is done to a credential nobody knows")
	}
}

func TestNoAdapterForTheIssuer(t *testing.T) {
	for _, issuer := range []*inventory.System{nil, {Name: "pypi.token", With: map[string]string{"user": "x"}}} {
		p := edited(t, func(_, npm *inventory.Credential) { npm.Issuer = issuer })
		mint := byUse(t, p, "manual.task")
		if mint.Role != plan.Mint || mint.Assisted == nil || mint.Assisted.Wants != "value" {
			t.Errorf("%+v", mint)
		}
		put := byUse(t, p, "vault.kv.put")
		if put.Inputs["value"].Output == nil || put.Inputs["value"].Output.Action != mint.ID {
			t.Errorf("%+v", put.Inputs)
		}
		if c := closingOf(t, p, npmID); !strings.Contains(c.Open, "no adapter can prove") {
			t.Errorf("%+v", c)
		}
	}
}

func TestJobTokenDiesWithItsRun(t *testing.T) {
	r := request()
	id := "acme/shop:job-token"
	r.Inventory.Credentials = append(r.Inventory.Credentials, inventory.Credential{ID: id, Name: "GITHUB_TOKEN", Kind: "job-token", Repository: "acme/shop", ReachedBy: []string{".github/workflows/pr-checks.yml"}})
	if c := closingOf(t, mustCompile(t, shippedText(t), r), id); c.Open != "" || len(c.Actions) != 2 {
		t.Errorf("%+v", c)
	}
	if c := closingOf(t, mustCompile(t, rotateAll, r), id); c.Open == "" {
		t.Errorf("%+v", c)
	}
}

// A store that keeps old values forgets them last: when the old is dead, the new one is
// everywhere and tested. Of a pair in one document the last write counts. Where nothing
// tests the new value, old ones stay.
func TestOldValuesAreForgottenLast(t *testing.T) {
	p := edited(t, func(deploy, _ *inventory.Credential) {
		deploy.Stores = append(deploy.Stores, inventory.System{Name: "vault.kv", With: map[string]string{"mount": "secret", "path": "ci/deployer"}})
	})
	of := func(id string) string {
		return p.Actions[slices.IndexFunc(p.Actions, func(b plan.Action) bool { return b.ID == id })].Credential
	}
	found := 0
	for _, a := range p.Actions {
		if a.Use != "vault.kv.destroy" {
			continue
		}
		found++
		ref := a.Inputs["below"].Output
		if a.Role != plan.Destroy || a.Credential != "" || ref == nil || ref.Name != "version" || !strings.HasPrefix(ref.Action, "rotate/vault.kv.put/") {
			t.Errorf("%+v", a)
		}
		for _, b := range p.Actions {
			same := b.Credential == of(ref.Action) && b.ID != a.ID
			waited := b.Role == plan.Kill || b.Role == plan.Test || b.Role == plan.Deliver && b.Inputs["path"].Literal == a.Inputs["path"].Literal
			if same && waited && !slices.Contains(a.After, b.ID) {
				t.Errorf("%s does not wait for %s", a.ID, b.ID)
			}
			if b.Use == "vault.kv.put" && same && slices.Contains(b.After, ref.Action) {
				t.Errorf("%s is written after the version that stays", b.ID)
			}
		}
	}
	if found != 2 { // the pair's document, and the token's
		t.Errorf("%d stores forget", found)
	}
	p = edited(t, func(_, npm *inventory.Credential) { npm.Issuer = nil })
	for _, a := range p.Actions {
		if a.Use == "vault.kv.destroy" {
			t.Errorf("a person made the new value, and %s is forgotten", a.ID)
		}
	}
}

// Sessions that a key made outlive it: they end after it, and the credential is not
// closed before. In overlap order they cannot be told from the new key's: a gap.
func TestSessionsEndAfterTheKeyThatMadeThem(t *testing.T) {
	p := edited(t, func(deploy, _ *inventory.Credential) { deploy.Rotation = "emergency" })
	cut := byUse(t, p, "aws.user.revoke_sessions")
	first := byUse(t, p, "aws.access_key.disable")
	if cut.Role != plan.Cut || !slices.Contains(cut.After, first.ID) || !slices.Contains(closingOf(t, p, deployID).Actions, cut.ID) {
		t.Errorf("%+v, closing %+v", cut, closingOf(t, p, deployID))
	}
	if mint := byUse(t, p, "aws.access_key.mint"); slices.Contains(mint.After, cut.ID) {
		t.Error("the new key waits for the sessions of the old one")
	}
	p = edited(t, func(deploy, _ *inventory.Credential) { deploy.Rotation = "overlap" })
	for _, a := range p.Actions {
		if a.Use == "aws.user.revoke_sessions" {
			t.Errorf("in overlap order: %s", a.ID)
		}
	}
	if !slices.ContainsFunc(p.Gaps, func(g plan.Gap) bool { return strings.HasPrefix(g.What, "sessions that were made with") }) {
		t.Errorf("gaps %+v", p.Gaps)
	}
}

// Where the new value takes the old one's place, it is made at once, in either order, and
// the old one is over when the new one is everywhere and was tried.
func TestWhatIsReplacedIsOverWhenTheNewValueIsEverywhere(t *testing.T) {
	for _, order := range []string{"emergency", "overlap"} {
		p := edited(t, func(_, npm *inventory.Credential) {
			npm.Rotation, npm.Issuer = order, &inventory.System{Name: "github.webhook", With: map[string]string{"repository": "acme/shop", "hook": "71"}}
		})
		mint, over, test := byUse(t, p, "github.webhook.mint"), byUse(t, p, "github.webhook.revoke"), byUse(t, p, "github.webhook.test")
		if len(mint.After)+len(mint.Until) > 0 {
			t.Errorf("%s: the new value waits for %v %v", order, mint.After, mint.Until)
		}
		if over.Role != plan.Kill || !slices.Contains(over.After, mint.ID) || !slices.Contains(over.After, test.ID) || over.Inputs["new"].Output == nil || over.Deadline != 0 {
			t.Errorf("%s: %+v", order, over)
		}
		if o := over.Inputs["answered"].Output; o == nil || o.Action != test.ID {
			t.Errorf("%s: a test that was skipped must not let the old value be over: %+v", order, over.Inputs)
		}
		if c := closingOf(t, p, npmID); c.Open != "" || !slices.Equal(c.Actions, []string{over.ID}) {
			t.Errorf("%s: %+v", order, c)
		}
		if told := slices.ContainsFunc(p.Gaps, func(g plan.Gap) bool {
			return strings.Contains(g.Why, "one value at a time") && !strings.Contains(g.Why, "give it two")
		}); told != (order == "overlap") {
			t.Errorf("%s: gaps %+v", order, p.Gaps)
		}
	}
}
