package aws

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	sdk "github.com/aws/aws-sdk-go-v2/aws"

	"github.com/firebreak/firebreak/internal/plan"
)

const (
	githubHost  = "token.actions.githubusercontent.com"
	githubARN   = "arn:aws:iam::" + accountID + ":oidc-provider/" + githubHost
	githubThumb = "6938fd4d98bab03faadb97b34396831e3780aea1"
	githubImage = `{"provider":"` + githubARN + `","url":"` + githubHost + `","clients":["sts.amazonaws.com"],"thumbprints":["` + githubThumb + `"],"tags":{"owner":"platform"}}`
)

func provider(kv ...string) map[string]plan.Value {
	return literals(append([]string{"account", "prod", "provider", githubARN}, kv...)...)
}

// What a removal costs is said, and what it does not do.
func TestRemovingAProviderShutsEveryRoleThatTrustsIt(t *testing.T) {
	r := newRig(t)
	stolen := r.aws.Sessions("deploy")[0]
	a := r.actor(oidcRemoveName, provider())
	c := a.change
	if !strings.Contains(c.Breaks, "2 roles trust it: deploy, wide") || !slices.Equal(c.Doors, []string{"identity:role:deploy", "identity:role:wide"}) || !slices.Equal(c.Kills, []string{"aws:role:" + deployARN, "aws:role:" + roleARN("wide")}) || len(c.Gaps) != 1 || c.Inverse == nil || c.Inverse.With["earlier"].Literal != githubImage {
		t.Errorf("%+v", c)
	}
	if got := a.hold(); got.Proof != plan.P1 || got.Outputs["earlier"].Value != githubImage {
		t.Errorf("%+v", got)
	}
	r.world.Clock.Advance(propagation.D())
	if _, err := r.newSession(); code(err) != "InvalidIdentityToken" {
		t.Error("want InvalidIdentityToken, got", err)
	}
	if err := r.readsSecret(stolen); err != nil {
		t.Error("a session outlives the provider:", err)
	}

	b := r.actor(oidcRestoreName, provider("earlier", githubImage))
	b.hold()
	r.world.Clock.Advance(propagation.D())
	if _, err := r.newSession(); err != nil {
		t.Error("what the role trusts is there again:", err)
	}
}

// A provider that somebody makes meanwhile is removed again, and what was there at first
// is what comes back.
func TestAProviderThatComesBackIsRemovedAgain(t *testing.T) {
	r := newRig(t)
	a := r.actor(oidcRemoveName, provider())
	a.hold()
	create := func() {
		_, err := r.with(r.aws.Responder()).iam.CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{Url: sdk.String("https://" + githubHost), ClientIDList: []string{"evil"}})
		must(t, err)
		r.world.Clock.Advance(propagation.D())
	}
	create()
	back := r.actor(oidcRestoreName, provider("earlier", githubImage))
	if got := back.want(plan.Broken); !got.Final || len(got.Next) != 0 || !strings.Contains(got.Detail, "by hand") {
		t.Errorf("it is left alone: %+v", got)
	}
	a.want(plan.Broken)
	if got := a.hold(); got.Outputs["earlier"].Value != githubImage {
		t.Errorf("%+v", got.Outputs)
	}
	// Between our reading and our call somebody makes one: it is read back, not believed.
	call := back.only(back.want(plan.Broken))
	create()
	back.apply(call)
	if got := back.want(plan.Broken); !got.Final {
		t.Errorf("%+v", got)
	}
}

func TestAProviderThatWasNotThere(t *testing.T) {
	r := newRig(t)
	a := r.actor(oidcRemoveName, provider())
	a.hold()
	c, err := oidcRemove{r.p}.Plan(provider(), r.survey())
	if err != nil || len(c.Calls) != 0 || c.Inverse != nil {
		t.Errorf("there is nothing to do: %+v %v", c, err)
	}
	gone := strings.Replace(githubImage, `"url":"`+githubHost+`"`, `"url":""`, 1)
	if got := r.actor(oidcRestoreName, provider("earlier", gone)).want(plan.Held); len(got.Next) != 0 {
		t.Errorf("%+v", got)
	}
	if got := (oidcRestore{r.p}).Verify(t.Context(), r.actor(oidcRestoreName, provider("earlier", "")).task()); got.State != plan.Broken || !got.Final {
		t.Errorf("%+v", got)
	}
	for _, bad := range []string{"", "github", deployARN} {
		if _, err := (oidcRemove{r.p}).Plan(literals("provider", bad), r.survey()); err == nil || !strings.Contains(err.Error(), "oidc-provider/") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	many := whoTrusts(r.survey().AWS[0].Providers[0])
	if many != "2 roles trust it: deploy, wide" {
		t.Error(many)
	}
}

// What comes back is what the removal found, not what a survey saw hours before.
func TestWhatTheRemovalFoundComesBack(t *testing.T) {
	r := newRig(t)
	a := r.actor(oidcRemoveName, provider())
	me := r.with(r.aws.Responder()).iam
	_, err := me.DeleteOpenIDConnectProvider(t.Context(), &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: sdk.String(githubARN)})
	must(t, err)
	_, err = me.CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{Url: sdk.String("https://" + githubHost), ClientIDList: []string{"newer"}})
	must(t, err)
	r.world.Clock.Advance(propagation.D())
	if got := a.hold().Outputs["earlier"].Value; !strings.Contains(got, `"clients":["newer"]`) {
		t.Errorf("earlier: %s", got)
	}
}

// A role that denies the provider, or trusts another, does not trust it.
func TestWhoTrustsAProvider(t *testing.T) {
	for doc, want := range map[string]bool{
		`{"Statement":{"Effect":"Allow","Principal":{"Federated":"` + githubARN + `"}}}`:        true,
		`{"Statement":[{"Effect":"Deny","Principal":{"Federated":["` + githubARN + `"]}}]}`:     false,
		`{"Statement":[{"Effect":"Allow","Principal":{"Federated":"` + githubARN + `.evil"}}]}`: false,
		`{"Statement":[{"Effect":"Allow","Principal":"*"}]}`:                                    false,
	} {
		tr, err := parseTrust([]byte(doc))
		must(t, err)
		if got, err := tr.federates(githubARN); err != nil || got != want {
			t.Errorf("%s: %v %v", doc, got, err)
		}
	}
}
