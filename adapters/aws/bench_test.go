package aws

import (
	"net/http"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/adaptertest"
	"github.com/firebreak/firebreak/internal/counterpart"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/world"
	awsworld "github.com/firebreak/firebreak/internal/world/aws"
	"github.com/firebreak/firebreak/internal/world/worldtest"
)

const (
	accountID = "111122223333"
	deployARN = "arn:aws:iam::111122223333:role/deploy"
	ownID     = "AKIARESPONDER0000001"
	ownSecret = "responder-canary-secret-5b1f0c7e9a"
	oldID     = "AKIAOLDDEPLOYER00001"
	oldSecret = "old-deployer-canary-secret-77d1c2"
)

const partnerARN = "arn:aws:iam::999988887777:role/partner"

func roleARN(name string) string { return "arn:aws:iam::" + accountID + ":role/" + name }

// lets is a trust policy.
func lets(arns ...string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["` + strings.Join(arns, `","`) + `"]},"Action":"sts:AssumeRole"}]}`
}

var delays = map[string]time.Duration{"iam": 8 * time.Second, "iam read": time.Second, "cloudtrail": 5 * time.Minute, "ssm": 2 * time.Second}

func seed() awsworld.Seed {
	return awsworld.Seed{
		Account:   accountID,
		Responder: awsworld.SeedKey{ID: ownID, Secret: ownSecret},
		Roles: []awsworld.SeedRole{
			{Name: "deploy", Repository: "acme/shop", Allows: []string{"s3:*", "secretsmanager:GetSecretValue"}, Sessions: 1, Tokens: 1},
			// The attacker went on to release, which lets zone in too, which lets release in.
			{Name: "release", Trust: lets(deployARN, roleARN("zone")), From: "deploy", Allows: []string{"secretsmanager:GetSecretValue", "sts:AssumeRole"}, Sessions: 1},
			{Name: "zone", Trust: lets(roleARN("release"), "arn:aws:iam::111122223333:user/deployer")},
			{Name: "whole", Trust: lets("arn:aws:iam::111122223333:root"), Allows: []string{"s3:*"}},
			{Name: "wide", Repository: "acme/docs", Allows: []string{"codeartifact:*", "ecr:GetAuthorizationToken", "iam:*"}, Sessions: 1},
			{Name: "apart", Trust: lets(roleARN("nobody")), Attached: []string{domainARN}},
		},
		Foreign:  []string{partnerARN},
		Policies: policies,
		Users: []awsworld.SeedUser{
			{Name: "deployer", Allows: []string{"secretsmanager:GetSecretValue"}, Keys: []awsworld.SeedKey{{Credential: "DEPLOY", ID: oldID, Secret: oldSecret}}},
			{Name: "twins", Keys: []awsworld.SeedKey{{Credential: "TWIN1", ID: "AKIATWIN000000000001"}, {Credential: "TWIN2", ID: "AKIATWIN000000000002", Age: time.Hour}}},
		},
		Secrets: []awsworld.SeedSecret{{Name: "ci/deployer", Pair: &awsworld.SeedPair{User: "deployer", ID: "ID", Secret: "SECRET"}, Consumers: []string{"deploy"}}},
		Tier:    "Advanced",
		Parameters: []awsworld.SeedParameter{
			{Name: "/ci/deployer", KeyID: "alias/ci", Tier: "Advanced", Description: "the deployer's key", Pattern: ".{3,}", Pair: &awsworld.SeedPair{User: "deployer", ID: "ID", Secret: "SECRET"}},
			{Name: "plain", Type: "String", Value: "old"},
			{Name: "labelled", Value: "old", Labels: []string{"live"}},
		},
	}
}

// rig is a world with the provider under test over it.
type rig struct {
	t     *testing.T
	world *worldtest.World
	aws   *awsworld.Server
	p     *Provider
	began time.Time
	ahead time.Duration // our clock before AWS's
}

// now is our own clock.
func (r *rig) now() time.Time { return r.world.Clock.Now().Add(r.ahead) }

// skewed is a rig whose own clock is ahead of AWS's, or behind it.
func skewed(t *testing.T, ahead time.Duration) *rig {
	t.Helper()
	r := newRig(t)
	r.ahead = ahead
	r.began = r.now()
	w := r.world.Wire()
	w.Now = r.now
	r.p = New(configFor(r.world), w)
	return r
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t}
	r.world = worldtest.New(t, world.Options{Delays: delays}, func(c world.Core) world.Provider {
		s, err := awsworld.New(c, seed())
		if err != nil {
			t.Fatal(err)
		}
		r.aws = s
		return s
	})
	models := counterpart.AWSWhereInstalled(t)
	r.world.Around = func(next http.RoundTripper) http.RoundTripper { return models.Over(t, next) }
	r.began = r.world.Clock.Now()
	r.p = New(configFor(r.world), r.world.Wire())
	return r
}

func configFor(w *worldtest.World) Config {
	return Config{Accounts: map[string]Account{"prod": {
		ID: accountID, Endpoint: w.URL("aws"), Static: &Static{ID: ownID, Secret: secret.NewString(ownSecret)},
	}}}
}

func everything() adapters.Scope {
	return adapters.Scope{
		Identities: map[string]string{deployARN: "aws.role", roleARN("wide"): "aws.role", githubARN: identityProvider},
		Issuers: []adapters.Selector{
			{Name: "aws.access_key", With: map[string]string{"account": "prod", "user": "deployer"}},
			{Name: "aws.access_key", With: map[string]string{"account": "prod", "user": "twins"}},
		},
		Stores: []adapters.Selector{{Name: "aws.secretsmanager", With: map[string]string{"account": "prod", "id": "ci/deployer"}}, parameterScope("/ci/deployer"), parameterScope("plain"), parameterScope("none")},
	}
}

func parameterScope(name string) adapters.Selector {
	return adapters.Selector{Name: parameterStore, With: map[string]string{"account": "prod", "id": name}}
}

func (r *rig) survey() *snapshot.Snapshot {
	r.t.Helper()
	s := &snapshot.Snapshot{Schema: snapshot.Schema, Taken: r.world.Clock.Now()}
	if err := r.p.Survey(r.t.Context(), everything(), s); err != nil {
		r.t.Fatal(err)
	}
	return s
}

func literals(kv ...string) adapters.Inputs {
	in := adapters.Inputs{}
	for i := 0; i < len(kv); i += 2 {
		in[kv[i]] = plan.Value{Literal: kv[i+1]}
	}
	return in
}

// actor carries one action out as the decider would.
type actor struct {
	*rig
	action  adapters.Action
	in      adapters.Inputs
	change  plan.Change
	values  map[string]any
	secrets map[string]secret.Text
	history []plan.Attempt
	wait    plan.Duration
}

func (r *rig) actor(name string, in adapters.Inputs) *actor {
	r.t.Helper()
	for _, a := range r.p.Actions() {
		if a.Spec().Name != name {
			continue
		}
		c, err := a.Plan(in, r.survey())
		if err != nil {
			r.t.Fatal(err)
		}
		return &actor{rig: r, action: a, in: in, change: c, wait: a.Spec().Settle}
	}
	r.t.Fatalf("no action %s", name)
	return nil
}

func (a *actor) task() adapters.Task {
	inputs := map[string]any{}
	for k, v := range a.in {
		inputs[k] = v.Literal
	}
	for k, v := range a.values {
		inputs[k] = v
	}
	return adapters.Task{
		Action: plan.Action{ID: "x", Target: a.change.Target, Before: a.change.Before, Calls: a.change.Calls, Settle: a.wait},
		Inputs: inputs, Secrets: a.secrets, History: a.history, Began: a.began, Now: a.now(),
	}
}

func (a *actor) verify() plan.Reading { return a.action.Verify(a.t.Context(), a.task()) }

func (a *actor) apply(c plan.Call) adapters.Result {
	a.t.Helper()
	a.history = append(a.history, plan.Attempt{Call: c, Number: len(a.history) + 1, At: a.now()})
	res := a.action.Apply(a.t.Context(), a.task(), c)
	out := res.Outcome
	for k := range res.Secrets {
		out.Outputs[k] = plan.Output{Sealed: "sealed:" + k}
	}
	a.history[len(a.history)-1].Outcome = &out
	return res
}

// want checks a reading's state and gives it.
func (a *actor) want(s plan.State) plan.Reading {
	a.t.Helper()
	r := a.verify()
	if r.State != s {
		a.t.Fatalf("want %s, got %+v", s, r)
	}
	return r
}

// only is the single call a reading names.
func (a *actor) only(r plan.Reading) plan.Call {
	a.t.Helper()
	if len(r.Next) != 1 {
		a.t.Fatalf("want one call, got %+v", r)
	}
	return r.Next[0]
}

// hold calls and waits until the wished state is held, and past the propagation.
func (a *actor) hold() plan.Reading {
	a.t.Helper()
	for range 10 {
		r := a.verify()
		if r.State == plan.Held {
			a.world.Clock.Advance(a.wait.D())
			return a.want(plan.Held)
		}
		for _, c := range r.Next {
			if o := a.apply(c); o.State != plan.Done {
				a.t.Fatalf("%s: %+v", c.Key, o.Outcome)
			}
		}
		a.world.Clock.Advance(a.wait.D())
	}
	a.t.Fatalf("not held: %+v", a.verify())
	return plan.Reading{}
}

// with gives clients that use h, unguarded: what an attacker has.
func (r *rig) with(h awsworld.Held) clients {
	p := New(Config{Accounts: map[string]Account{"x": {Endpoint: r.world.URL("aws"), Static: &Static{
		ID: h.ID, Secret: secret.NewString(h.Secret), Session: secret.NewString(h.Session),
	}}}}, r.world.Wire())
	a, err := p.account("x", "")
	if err != nil {
		r.t.Fatal(err)
	}
	cfg, err := a.config(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	cfg.Retryer = func() sdk.Retryer { return sdk.NopRetryer{} }
	return a.over(cfg, r.world.Wire().Transport)
}

// dead is when the log says that a credential stops working; ok is false when it does not.
func (r *rig) dead(name string) (at time.Time, ok bool) {
	for _, e := range r.world.Entries() {
		switch {
		case e.Credential == name && e.Kind == "dies":
			at, ok = e.At, true
		case e.Credential == name && e.Kind == "born":
			at, ok = time.Time{}, false
		}
	}
	return at, ok
}

// suite gives the conformance suite's world for one action; prepare may bring the
// world to where the action begins.
func suite(action string, prepare func(*rig)) adaptertest.Suite {
	var r *rig
	return adaptertest.Suite{
		Action: action, Scope: everything(), Mutates: Mutates,
		Canaries: []secret.Text{secret.NewString(ownSecret), secret.NewString(oldSecret)},
		World: func(t *testing.T) adaptertest.World {
			r = newRig(t)
			if prepare != nil {
				prepare(r)
			}
			return adaptertest.World{Transport: r.world.Wire().Transport, Now: r.world.Clock.Now, Advance: r.world.Clock.Advance}
		},
		Provider: func(_ *testing.T, w adapters.Wire) adapters.Provider { return New(configFor(r.world), w) },
	}
}
