package aws

import (
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
)

const parameterName = "/ci/deployer"

// parameter is the put of a value into a parameter.
func (r *rig) parameter(name, value string) *actor {
	a := r.actor(parameterPutName, literals("account", "prod", "id", name))
	a.secrets = held("value", value)
	return a
}

// others puts a value as somebody else does, and waits until it shows.
func (r *rig) others(name, value string) {
	r.t.Helper()
	h, ok := r.aws.Key("TWIN2")
	if !ok {
		r.t.Fatal("the seed has no such key")
	}
	if _, err := r.with(h).ssm.PutParameter(r.t.Context(), &ssm.PutParameterInput{Name: &name, Value: &value, Overwrite: sdk.Bool(true), KeyId: sdk.String("alias/ci")}); err != nil {
		r.t.Fatal(err)
	}
	r.world.Clock.Advance(propagation.D())
}

// kept are the values a reader of the history gets, oldest first.
func (r *rig) kept(name string) []string {
	r.t.Helper()
	out, err := r.with(r.aws.Responder()).ssm.GetParameterHistory(r.t.Context(), &ssm.GetParameterHistoryInput{Name: &name, WithDecryption: sdk.Bool(true)})
	if err != nil {
		r.t.Fatal(err)
	}
	var values []string
	for _, p := range out.Parameters {
		values = append(values, *p.Value)
	}
	return values
}

func gapsOf(c plan.Change) string {
	var all []string
	for _, g := range c.Gaps {
		all = append(all, g.Why)
	}
	return strings.Join(all, "\n")
}

// A put leaves everything but the value as it is, and the plan says that the old value
// stays: it does.
func TestParameterKeepsWhatItIs(t *testing.T) {
	r := newRig(t)
	a := r.parameter(parameterName, "the new value")
	if !strings.Contains(gapsOf(a.change), historyPermission) {
		t.Errorf("the plan does not say that the history keeps old values: %+v", a.change.Gaps)
	}
	was := r.survey().AWS[0].Parameters[0]
	if res := a.apply(a.only(a.want(plan.Broken))); res.State != plan.Done || res.Outputs["version"].Value != "2" {
		t.Fatalf("%+v", res.Outcome)
	}
	if got := a.want(plan.Broken); got.Wait <= 0 || len(got.Next) > 0 {
		t.Fatalf("what is not shown yet is waited for: %+v", got)
	}
	r.world.Clock.Advance(delays["ssm"])
	a.want(plan.Held)
	now := r.survey().AWS[0].Parameters[0]
	if !strings.HasSuffix(now.By, "firebreak-responder") {
		t.Errorf("put by %s", now.By)
	}
	was.Version, was.By = 2, now.By
	if now != was {
		t.Errorf("was %+v\nis  %+v", was, now)
	}
	if got := r.aws.Parameter(parameterName); got != "the new value" {
		t.Errorf("got %s", got)
	}
	if got := r.kept(parameterName); len(got) != 2 || !strings.Contains(got[0], oldSecret) {
		t.Errorf("the gap is wrong: the history keeps %d values", len(got))
	}
}

func TestParameterOfAKeyAndOfPlainText(t *testing.T) {
	r := newRig(t)
	a := r.actor(parameterPutName, literals("account", "prod", "id", "plain", "key", "token"))
	a.secrets = held("value", "v")
	if !strings.Contains(gapsOf(a.change), "type String") {
		t.Errorf("nobody is told that it is not encrypted: %+v", a.change.Gaps)
	}
	a.hold()
	if got := r.aws.Parameter("plain"); got != `{"token":"v"}` {
		t.Errorf("got %s", got)
	}
	fresh := r.parameter("none", "v")
	if !strings.Contains(gapsOf(fresh.change), "no parameter of this name") {
		t.Errorf("%+v", fresh.change.Gaps)
	}
	fresh.hold()
	for _, x := range r.survey().AWS[0].Parameters {
		if x.Name == "none" && (x.Type != secureString || x.Version != 1) || x.Name == "plain" && (x.Type != "String" || x.Tier != "Standard") {
			t.Errorf("%+v", x)
		}
	}
	if _, err := (parameterPut{}).Plan(literals("id", "arn:aws:ssm:us-east-1:111122223333:parameter/ci/deployer"), r.survey()); err == nil || !strings.Contains(err.Error(), "write the name") {
		t.Error("an ARN is not a name:", err)
	}
}

// What somebody else puts is never taken for ours, and ours is found whatever follows it.
func TestParameterInDoubt(t *testing.T) {
	for _, c := range []struct {
		name, want string
		happens    func(*rig, func())
	}{
		{"nothing was sent", "no", func(*rig, func()) {}},
		{"it arrived", "yes", func(_ *rig, call func()) { call() }},
		{"somebody else put another", "no", func(r *rig, _ func()) { r.others(parameterName, "theirs") }},
		{"it arrived, and somebody else put another", "yes", func(r *rig, call func()) { call(); r.others(parameterName, "theirs") }},
	} {
		for _, denied := range []bool{false, true} {
			name, want := c.name, c.want
			if denied {
				name += ", values may not be read"
				if strings.Contains(c.name, "arrived, and") {
					want = "unknown"
				}
			}
			t.Run(name, func(t *testing.T) {
				r := newRig(t)
				r.policy("twins", strings.Replace(putter, "DENIED", "", 1))
				a := r.parameter(parameterName, "the new value")
				call := a.only(a.want(plan.Broken))
				c.happens(r, func() { a.apply(call) })
				a.history = []plan.Attempt{{Call: call, Number: 1, At: r.now(), Outcome: &plan.Outcome{State: plan.Unknown}}}
				r.world.Clock.Advance(propagation.D())
				if denied {
					r.policy("firebreak-responder", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"ssm:GetParameter","Resource":"*"}]}`)
				}
				s := a.action.Settle(t.Context(), a.task(), call)
				if s.Happened != want || want == "yes" && s.Outputs["version"].Value != "2" {
					t.Errorf("want %s, got %+v", want, s)
				}
				if denied && want == "yes" {
					a.history[0].Settlement = &s
					if got := a.want(plan.Held); !strings.Contains(got.Detail, "may not be read") {
						t.Errorf("%+v", got)
					}
				}
			})
		}
	}
}

const putter = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ssm:*","iam:Get*","iam:List*","iam:SimulatePrincipalPolicy"],"Resource":"*"}]}`

// A parameter that was deleted and made anew since the call counts from 1: nobody knows
// whether ours was one of those that are gone.
func TestParameterDeletedMeanwhile(t *testing.T) {
	r := newRig(t)
	a := r.parameter(parameterName, "the new value")
	call := putParameter(snapshot.AWSParameter{Name: parameterName, Version: 7}, "")
	a.history = []plan.Attempt{{Call: call, Number: 1, At: r.now(), Outcome: &plan.Outcome{State: plan.Unknown}}}
	r.world.Clock.Advance(propagation.D())
	if s := a.action.Settle(t.Context(), a.task(), call); s.Happened != "unknown" || !strings.Contains(s.Detail, "deleted meanwhile") {
		t.Errorf("%+v", s)
	}
}

// Nothing is put over a version that nobody has seen.
func TestParameterMeanwhile(t *testing.T) {
	r := newRig(t)
	r.policy("twins", putter)
	a := r.parameter(parameterName, "the new value")
	call := a.only(a.want(plan.Broken))
	r.others(parameterName, "theirs")
	if o := a.apply(call); o.State != plan.Refused || !o.Temporary || !strings.Contains(o.Detail, "version 2") {
		t.Fatalf("%+v", o.Outcome)
	}
	a.hold()
	if got := r.kept(parameterName); len(got) != 3 {
		t.Errorf("%d values", len(got))
	}
	fresh := r.parameter("none", "v")
	made := fresh.only(fresh.want(plan.Broken))
	if _, err := r.with(r.aws.Responder()).ssm.PutParameter(t.Context(), &ssm.PutParameterInput{Name: sdk.String("none"), Value: sdk.String("theirs"), Type: secureString}); err != nil {
		t.Fatal(err)
	}
	if o := fresh.apply(made); o.State != plan.Refused || r.aws.Parameter("none") != "theirs" { // it is not shown yet
		t.Errorf("a parameter that somebody made is not written over: %+v", o.Outcome)
	}
}

// The hundredth version drops the first, unless that has a label: AWS refuses then, and
// says what to do.
func TestParameterWithALabelledFirstVersion(t *testing.T) {
	r := newRig(t)
	us := r.with(r.aws.Responder())
	for range 99 {
		if _, err := us.ssm.PutParameter(t.Context(), &ssm.PutParameterInput{Name: sdk.String("labelled"), Value: sdk.String("v"), Overwrite: sdk.Bool(true)}); err != nil {
			t.Fatal(err)
		}
	}
	r.world.Clock.Advance(propagation.D())
	a := &actor{rig: r, action: parameterPut{r.p}, in: literals("account", "prod", "id", "labelled"), wait: propagation, secrets: held("value", "new")}
	if o := a.apply(a.only(a.want(plan.Broken))); o.State != plan.Refused || !strings.Contains(o.Detail, "Move the label") {
		t.Errorf("%+v", o.Outcome)
	}
}

// A parameter's value is compared and dropped: it is in no reading, and no outcome.
func TestParameterValueIsNotKept(t *testing.T) {
	r := newRig(t)
	a := r.parameter(parameterName, "the new value")
	for _, s := range []string{string(plan.Image(a.want(plan.Broken))), string(plan.Image(r.survey())), string(plan.Image(a.change))} {
		if strings.Contains(s, oldSecret) {
			t.Error("the old value is in it")
		}
	}
	k, err := (&account{r.p, "prod", r.p.accounts["prod"]}).reader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if same, which, err := k.holds(t.Context(), parameterName, 0, secret.NewString("x")); same || which != 1 || err != nil {
		t.Errorf("%v %d %v", same, which, err)
	}
	if _, err := k.ssm.GetParameterHistory(t.Context(), &ssm.GetParameterHistoryInput{Name: sdk.String(parameterName)}); err == nil || !strings.Contains(err.Error(), "was not sent") {
		t.Error("a reader has no business with the history:", err)
	}
}

var _ adapters.Action = parameterPut{}
