package vault_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/adaptertest"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
	wvault "github.com/firebreak/firebreak/internal/world/vault"
)

const (
	stolenID = "5f1c7c1e-stolen-secret-id-of-deploy"
	twinID   = "9a02b8d4-the-twin-of-the-stolen-one"
)

// sowAppRoles brings a real server's AppRole mount into the state of a seed.
func (p *place) sowAppRoles(t testing.TB, s wvault.Seed) {
	t.Helper()
	p.Must(t, "POST", "sys/auth/approle", map[string]any{"type": "approle"})
	for _, r := range s.AppRoles {
		at := "auth/approle/role/" + r.Name
		p.Must(t, "POST", at, map[string]any{"token_policies": r.Policies, "token_ttl": r.TTL, "secret_id_ttl": r.IDTTL, "secret_id_num_uses": r.IDUses})
		p.Must(t, "POST", at+"/role-id", map[string]any{"role_id": r.RoleID})
		for _, x := range r.SecretIDs {
			d := p.Must(t, "POST", at+"/custom-secret-id", map[string]any{"secret_id": x.Value, "cidr_list": x.CIDRs})
			accessor, _ := d["secret_id_accessor"].(string)
			p.names[x.Name] = credential{x.Value, accessor, true}
		}
	}
}

// loginAs shows a secret-id of deploy and gives the token.
func (p *place) loginAs(t testing.TB, secretID string) (bool, credential) {
	t.Helper()
	code, answer := p.call(t, "", "POST", "auth/approle/login", map[string]any{"role_id": "role-id-of-deploy", "secret_id": secretID})
	a, _ := answer["auth"].(map[string]any)
	value, _ := a["client_token"].(string)
	accessor, _ := a["accessor"].(string)
	return code == http.StatusOK, credential{Value: value, Accessor: accessor}
}

func (p *place) logsIn(t testing.TB, secretID string) bool {
	ok, _ := p.loginAs(t, secretID)
	return ok
}

func deployRole(more ...string) adapters.Inputs {
	in := adapters.Inputs{"role": literal("deploy")}
	for i := 0; i < len(more); i += 2 {
		in[more[i]] = literal(more[i+1])
	}
	return in
}

// loggedInTwice is a ground on which both secret-ids have logged in.
func loggedInTwice(g ground) ground {
	return ground{g.name, func(t testing.TB, s wvault.Seed) *place {
		p := g.open(t, s)
		for _, name := range []string{"stolen", "twin"} {
			ok, c := p.loginAs(t, p.value(name))
			if !ok {
				t.Fatalf("%s does not log in", name)
			}
			p.names["token of "+name] = c
		}
		return p
	}}
}

func appRoleSuites(g ground) []adaptertest.Suite {
	destroy := suite(g, "vault.approle.destroy", seed(), func(t testing.TB, p *place) bool {
		return !p.logsIn(t, p.value("stolen")) && p.logsIn(t, p.value("twin"))
	})
	destroy.Inputs = deployRole()
	destroy.Inputs["old"] = plan.Value{Held: "old:SECRET_ID"}
	destroy.Secrets = map[string]secret.Text{"old": secret.NewString(stolenID)}
	destroy.Quirks.Blind, destroy.Quirks.IgnoresBody = true, true // only the value tells which is meant

	mint := suite(g, "vault.approle.mint", seed(), nil)
	mint.Inputs = deployRole()
	mint.Quirks.Blind = true

	var here *place
	test := suite(ground{g.name, func(t testing.TB, s wvault.Seed) *place {
		here = g.open(t, s)
		return here
	}}, "vault.approle.test", seed(), nil)
	test.Inputs = deployRole()
	test.Inputs["id"] = plan.Value{Output: &plan.Ref{Action: "mint", Name: "id"}}
	test.Inputs["value"] = plan.Value{Output: &plan.Ref{Action: "mint", Name: "value"}}
	open := test.World
	test.World = func(t *testing.T) adaptertest.World {
		w := open(t)
		test.Values["id"] = here.accessor("twin")
		return w
	}
	test.Values = map[string]any{}
	test.Secrets = map[string]secret.Text{"value": secret.NewString(twinID)}
	test.Quirks.NotByWorld = true

	end := suite(loggedInTwice(g), "vault.approle.end_tokens", seed(), func(t testing.TB, p *place) bool {
		return !p.live(t, "token of stolen") && !p.live(t, "token of twin") && p.live(t, "ci") && p.live(t, "operator")
	})
	end.Inputs = deployRole()
	end.Quirks.IgnoresBody = true
	return []adaptertest.Suite{destroy, mint, test, end}
}

// run carries an action out as a driver does, until it holds or nothing is left to do.
func run(t *testing.T, p *place, a adapters.Action, tk *adapters.Task) plan.Reading {
	t.Helper()
	for range 10 {
		r := a.Verify(t.Context(), *tk)
		if r.State == plan.Held || len(r.Next) == 0 {
			return r
		}
		for _, c := range r.Next {
			out := a.Apply(t.Context(), *tk, c)
			o := out.Outcome
			tk.History = append(tk.History, plan.Attempt{Call: c, Number: len(tk.History) + 1, At: tk.Now, Outcome: &o})
			for n, v := range out.Secrets {
				p.names["new "+n] = credential{Value: v.Reveal(), Accessor: o.Outputs["id"].Value, Secret: true}
			}
		}
	}
	t.Fatal("it does not come to an end")
	return plan.Reading{}
}

func TestWhichSecretIDIsDestroyed(t *testing.T) {
	both(t, func(t *testing.T, g ground) {
		old := func(v string) map[string]secret.Text { return map[string]secret.Text{"old": secret.NewString(v)} }
		for name, x := range map[string]struct {
			in     []string
			old    map[string]secret.Text
			dead   []string
			proof  plan.Proof
			says   string
			every  bool
			single bool
		}{
			"by its value":                        {old: old(stolenID), dead: []string{"stolen"}, proof: plan.P3, says: "does not know the old value"},
			"of a pair":                           {old: map[string]secret.Text{"old.ROLE_ID": secret.NewString("role-id-of-deploy"), "old.SECRET_ID": secret.NewString(stolenID)}, dead: []string{"stolen"}, proof: plan.P3, says: "does not know the old value"},
			"by its accessor":                     {in: []string{"id", "stolen"}, dead: []string{"stolen"}, proof: plan.P1, says: "not in the list any more"},
			"by both":                             {in: []string{"id", "stolen"}, old: old(stolenID), dead: []string{"stolen"}, proof: plan.P3, says: "does not know the old value"},
			"the only one":                        {single: true, dead: []string{"stolen"}, proof: plan.P1, says: "not in the list any more"},
			"every":                               {every: true, dead: []string{"stolen", "twin"}, proof: plan.P1, says: "not in the list any more"},
			"the accessor is another's":           {in: []string{"id", "twin"}, old: old(stolenID), says: "correct the id"},
			"nobody says":                         {says: "which of 2 secret-ids"},
			"a mistyped value":                    {old: old("mistyped"), says: "does not know the old value"},
			"a mistyped value with the accessor":  {in: []string{"id", "stolen"}, old: old("mistyped"), says: "paste the right value"},
			"an accessor that was never seen":     {in: []string{"id", "gone"}, says: "was ever seen"},
			"a mistyped value where none is left": {single: true, old: old("mistyped"), says: "which has 1"},
		} {
			t.Run(name, func(t *testing.T) {
				s := seed()
				if x.single {
					s.AppRoles[0].SecretIDs = s.AppRoles[0].SecretIDs[:1]
				}
				p := g.open(t, s)
				in := deployRole(x.in...)
				if id := in.Text("id"); id != "" && p.accessor(id) != "" {
					in["id"] = literal(p.accessor(id))
				}
				if x.every {
					in["every"] = plan.Value{Literal: true}
				}
				a, tk := p.acts(t, "vault.approle.destroy", in, x.old)
				r := run(t, p, a, &tk)
				if !strings.Contains(r.Detail, x.says) || r.Proof != x.proof || (r.State == plan.Held) != (x.proof != "") || r.State == plan.Broken && !r.Final {
					t.Errorf("got %+v", r)
				}
				for _, id := range s.AppRoles[0].SecretIDs {
					if dead := slices.Contains(x.dead, id.Name); p.logsIn(t, id.Value) == dead {
						t.Errorf("%s: dead must be %v", id.Name, dead)
					}
				}
			})
		}
		g.proved(t, "vault.approle.destroy", "exactly the stolen secret-id logs nobody in afterwards, and its twin does")
	})
}

// A new secret-id logs in from where the old one did, and one made beside it is shown.
func TestANewSecretID(t *testing.T) {
	both(t, func(t *testing.T, g ground) {
		p := g.open(t, seed())
		a, tk := p.acts(t, "vault.approle.mint", deployRole("id", p.accessor("stolen")), nil)
		p.Must(t, "POST", "auth/approle/role/deploy/secret-id", map[string]any{"metadata": `{"by":"somebody"}`})
		r := run(t, p, a, &tk)
		if r.State != plan.Held || len(r.Found) != 1 || !strings.Contains(r.Found[0].Why, "nobody accounts for it") {
			t.Errorf("got %+v", r)
		}
		made := p.names["new value"]
		if !p.logsIn(t, made.Value) {
			t.Error("the new secret-id does not log in")
		}
		d := p.Must(t, "POST", "auth/approle/role/deploy/secret-id-accessor/lookup", map[string]any{"secret_id_accessor": made.Accessor})
		if l, _ := d["cidr_list"].([]any); len(l) != 1 || l[0] != "127.0.0.0/8" {
			t.Errorf("it logs in from %v, want the old one's networks", d["cidr_list"])
		}
		if o := tk.History[0].Outcome.Outputs; o["role_id"].Value != "role-id-of-deploy" {
			t.Errorf("the role's id is %q", o["role_id"].Value)
		}
		g.proved(t, "vault.approle.mint", "the new secret-id logs in, from the old one's networks alone")
	})
}

// Where it is not known whose networks the new secret-id is to have, the plan says so.
func TestUnknownNetworksAreAGap(t *testing.T) {
	p := inWorld(t, seed())
	v := p.provider(t, p.wire(), p.value("operator"))
	snap := surveyOf(t, v)
	for _, a := range v.Actions() {
		if a.Spec().Name != "vault.approle.mint" {
			continue
		}
		for id, gaps := range map[string]int{"": 1, "acc-stolen": 0} {
			if c, err := a.Plan(deployRole("id", id), snap); err != nil || len(c.Gaps) != gaps {
				t.Errorf("id %q: %+v %v", id, c.Gaps, err)
			}
		}
	}
}

// A lost answer leaves a secret-id nobody has the value of: it is destroyed, and another made.
func TestALostSecretIDIsDestroyed(t *testing.T) {
	both(t, func(t *testing.T, g ground) {
		p := g.open(t, seed())
		a, tk := p.acts(t, "vault.approle.mint", deployRole(), nil)
		c := a.Verify(t.Context(), tk).Next[0]
		lost := a.Apply(t.Context(), tk, c).Outputs["id"].Value
		tk.History = []plan.Attempt{{Call: c, Number: 1, At: tk.Now, Outcome: &plan.Outcome{State: plan.Unknown}}}
		s := a.Settle(t.Context(), tk, c)
		if s.Happened != "yes" || !s.Lost || s.Outputs["id"].Value != lost || lost == "" {
			t.Fatalf("got %+v, want %s to be lost", s, lost)
		}
		tk.History[0].Settlement = &s
		if r := run(t, p, a, &tk); r.State != plan.Held {
			t.Errorf("got %+v", r)
		}
		d := p.data(t, "auth/approle/role/deploy/secret-id?list=true")
		if l, _ := d["keys"].([]any); len(l) != 3 || slices.Contains(l, any(lost)) {
			t.Errorf("the secret-ids are %v, want the two and a new one", l)
		}
	})
}

// Tokens outlive the secret-id they came from; those of a later login are spared.
func TestTokensOfAnAppRoleEnd(t *testing.T) {
	both(t, func(t *testing.T, g ground) {
		p := loggedInTwice(g).open(t, seed())
		a, tk := p.acts(t, "vault.approle.destroy", deployRole(), map[string]secret.Text{"old": secret.NewString(stolenID)})
		r := run(t, p, a, &tk)
		if !p.live(t, "token of stolen") {
			t.Error("a token must outlive its secret-id, or this action is for nothing")
		}
		p.advance(2 * time.Second)
		if g.name == realVault {
			time.Sleep(2 * time.Second) // its clock is the machine's, and a token's time has no parts of a second
		}
		if ok, c := p.loginAs(t, p.value("twin")); ok {
			p.names["later"] = c
		}
		end, tk := p.acts(t, "vault.approle.end_tokens", deployRole("stopped", r.Outputs["stopped"].Value), nil)
		if r := run(t, p, end, &tk); r.State != plan.Held {
			t.Errorf("got %+v", r)
		}
		for name, lives := range map[string]bool{"token of stolen": false, "token of twin": false, "later": true, "ci": true} {
			if p.live(t, name) != lives {
				t.Errorf("%s: alive must be %v", name, lives)
			}
		}
		g.proved(t, "vault.approle.end_tokens", "a token outlives the secret-id it came from, and is ended; one of a later login lives")
	})
}

// A role that asks for no secret-id is open whatever is rotated.
func TestARoleWithoutSecretIDsIsAGap(t *testing.T) {
	s := seed()
	s.AppRoles[0].Unbound = true
	p := inWorld(t, s)
	v := p.provider(t, p.wire(), p.value("operator"))
	snap := surveyOf(t, v)
	for _, a := range v.Actions() {
		if n := a.Spec().Name; n == "vault.approle.destroy" || n == "vault.approle.mint" {
			if c, err := a.Plan(deployRole("id", "acc-stolen"), snap); err != nil || len(c.Gaps) != 1 || !strings.Contains(c.Gaps[0].Why, "bind_secret_id") {
				t.Errorf("%s: %+v %v", n, c.Gaps, err)
			}
		}
	}
}

func surveyOf(t *testing.T, v adapters.Provider) *snapshot.Snapshot {
	t.Helper()
	s := &snapshot.Snapshot{}
	if err := v.Survey(t.Context(), scope, s); err != nil {
		t.Fatal(err)
	}
	return s
}
