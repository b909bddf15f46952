package aws

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// wide is a role that makes tokens and changes itself.
func wide() map[string]plan.Value { return literals("account", "prod", "role", roleARN("wide")) }

func (r *rig) surveyed(arn string) snapshot.Role {
	r.t.Helper()
	s := &snapshot.Snapshot{}
	must(r.t, r.p.Survey(r.t.Context(), adapters.Scope{Identities: map[string]string{arn: "aws.role"}}, s))
	i := slices.IndexFunc(s.AWS[0].Roles, func(x snapshot.Role) bool { return x.ARN == arn })
	if i < 0 {
		r.t.Fatalf("no role %s in %+v", arn, s.AWS[0].Roles)
	}
	return s.AWS[0].Roles[i]
}

func TestTokensThatOutliveTheSessionAreNamed(t *testing.T) {
	r := newRig(t)
	if may := r.surveyed(deployARN).May; len(may) != 0 {
		t.Errorf("deploy may none of it: %q", may)
	}
	want := []string{codeArtifactToken, ecrToken, "iam:DeleteRolePolicy", "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"}
	if may := r.surveyed(roleARN("wide")).May; !slices.Equal(may, want) {
		t.Errorf("got %q, want %q", may, want)
	}
	s := &snapshot.Snapshot{}
	must(t, r.p.Survey(t.Context(), adapters.Scope{Identities: map[string]string{roleARN("wide"): "aws.role", deployARN: "aws.role"}}, s))
	told := func(in adapters.Inputs) string {
		c, err := revokeSessions{r.p}.Plan(in, s)
		must(t, err)
		var all []string
		for _, g := range c.Gaps {
			all = append(all, g.What+": "+g.Why)
		}
		return strings.Join(all, "\n")
	}
	for _, w := range []string{"CodeArtifact tokens", "until 12 hours after its sessions are denied", "ECR tokens", "the role may take it off itself (iam:DeleteRolePolicy, iam:PutRolePolicy, iam:UpdateAssumeRolePolicy on itself"} {
		if got := told(wide()); !strings.Contains(got, w) || strings.Contains(told(role()), w) {
			t.Errorf("%q is to be told of wide alone: %s", w, got)
		}
	}
}

// What was denied at T leaves nothing that lives longer than T and twelve hours, also
// where the role was revoked before it was looked at.
func TestTheLastHourOfTokensIsTold(t *testing.T) {
	r := newRig(t)
	r.actor(denyTrustName, wide()).hold()
	revoke := r.actor(revokeName, wide())
	got := revoke.hold()
	until, err := time.Parse(time.RFC3339, revoke.history[0].Call.Args["until"])
	must(t, err)
	last := text(until.Add(12 * time.Hour))
	if len(got.Found) != 2 || !strings.HasSuffix(got.Found[0].Why, last) || !strings.HasSuffix(got.Found[1].Why, last) || got.Found[0].Target != roleARN("wide") || got.Proof != plan.P3 {
		t.Errorf("until %s: %+v", last, got)
	}
	if may := r.surveyed(roleARN("wide")).May; len(may) != 5 {
		t.Errorf("the revocation that stands is no answer: %q", may)
	}
	r.actor(denyTrustName, role()).hold()
	if got := r.actor(revokeName, role()).hold(); len(got.Found) != 0 {
		t.Errorf("deploy makes no tokens: %+v", got.Found)
	}
}

func TestAPolicyForOneDomainCounts(t *testing.T) {
	docs := []json.RawMessage{
		json.RawMessage(`{"Statement":{"Effect":"Allow","Action":"CodeArtifact:Get*","Resource":"arn:aws:codeartifact:eu-west-1:1:domain/d"}}`),
		json.RawMessage(`{"Statement":[{"Effect":"Deny","Action":"ecr:*","Resource":"*"}]}`), json.RawMessage(`{`), nil,
	}
	if got := allowing(docs, codeArtifactToken, ecrToken); !slices.Equal(got, []string{codeArtifactToken}) {
		t.Errorf("%q", got)
	}
}

// Who may not ask the simulator reads the policies, and is told that they are not all.
func TestWithoutTheSimulatorThePoliciesCount(t *testing.T) {
	r := newRig(t)
	wire := r.world.Wire()
	wire.Transport = withoutSimulator{wire.Transport}
	r.p = New(configFor(r.world), wire)
	s := &snapshot.Snapshot{}
	must(t, r.p.Survey(t.Context(), adapters.Scope{Identities: map[string]string{roleARN("apart"): "aws.role"}}, s))
	role := s.AWS[0].Roles[0]
	if !slices.Equal(role.May, []string{codeArtifactToken}) || !slices.Equal(role.Attached, []string{domainARN}) {
		t.Errorf("%+v", role)
	}
	c, err := revokeSessions{r.p}.Plan(literals("role", roleARN("apart")), s)
	must(t, err)
	for _, want := range []string{"CodeArtifact tokens that were made with a session of apart", "tokens that were made with a session of apart"} {
		if !slices.ContainsFunc(c.Gaps, func(g plan.Gap) bool { return g.What == want }) {
			t.Errorf("%q is not told: %+v", want, c.Gaps)
		}
	}
}

// withoutSimulator refuses the policy simulator as IAM does.
type withoutSimulator struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (w withoutSimulator) RoundTrip(r *http.Request) (*http.Response, error) {
	if operation(r) != "SimulatePrincipalPolicy" {
		return w.next.RoundTrip(r)
	}
	return motoWire{&motoRig{}}.answer(r, http.StatusForbidden, noSimulator), nil
}
