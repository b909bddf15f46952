package aws

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
	awsworld "github.com/firebreak/firebreak/internal/world/aws"
)

// become assumes a role in a region, as somebody.
func (r *rig) become(as awsworld.Held, arn, region string) (awsworld.Held, error) {
	out, err := r.with(as).sts.AssumeRole(r.t.Context(), &sts.AssumeRoleInput{RoleArn: &arn, RoleSessionName: sdk.String("next")}, func(o *sts.Options) { o.Region = region })
	if err != nil {
		return awsworld.Held{}, err
	}
	return awsworld.Held{ID: *out.Credentials.AccessKeyId, Secret: *out.Credentials.SecretAccessKey, Session: *out.Credentials.SessionToken}, nil
}

// chains surveys role deploy alone.
func (r *rig) chains(since time.Time) (snapshot.Account, *snapshot.Snapshot) {
	r.t.Helper()
	s := &snapshot.Snapshot{}
	must(r.t, r.p.Survey(r.t.Context(), adapters.Scope{Identities: map[string]string{deployARN: "aws.role"}, Since: since}, s))
	if len(s.AWS) != 1 || s.AWS[0].Chaining == nil {
		r.t.Fatalf("nothing is said of chaining: %+v", s.AWS)
	}
	return s.AWS[0], s
}

func ways(a snapshot.Account) []string {
	var out []string
	for _, x := range a.Chaining.Links {
		how := ""
		if x.Could != "" {
			how += " could"
		}
		if x.Seen > 0 {
			how += " seen"
		}
		out = append(out, roleName(x.From)+">"+roleName(x.To)+how)
	}
	slices.Sort(out)
	return out
}

func rolesIn(a snapshot.Account) []string {
	var out []string
	for _, x := range a.Roles {
		out = append(out, x.Name)
	}
	return out
}

// Trust policies alone give what could be: by name, by the account where the role's own
// policies let it, in circles.
func TestChainsByTrust(t *testing.T) {
	r := newRig(t)
	a, s := r.chains(time.Time{})
	if got, want := ways(a), []string{"deploy>release could", "release>whole could", "release>zone could", "zone>release could"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := rolesIn(a); !slices.Equal(got, []string{"deploy", "release", "whole", "zone"}) {
		t.Errorf("every role that is reached is wanted, got %q", got)
	}
	if !a.Chaining.Since.IsZero() || len(a.Chaining.Regions) != 0 || len(s.Gaps) != 0 {
		t.Errorf("CloudTrail was not to be asked: %+v %+v", a.Chaining, s.Gaps)
	}
	for _, e := range r.world.Entries() {
		if strings.Contains(e.Call, "LookupEvents") {
			t.Error("CloudTrail was asked")
		}
	}
}

// What was done is found where a thief did it, once CloudTrail tells: in a region nobody
// uses, into an account that is nobody's here.
func TestChainsBySight(t *testing.T) {
	r := newRig(t)
	since := r.began.Add(-time.Hour)
	release, err := r.become(r.aws.Sessions("deploy")[0], roleARN("release"), "sa-east-1")
	must(t, err)
	_, err = r.become(release, partnerARN, "ap-northeast-3")
	must(t, err)
	if _, err := r.become(r.aws.Sessions("deploy")[0], roleARN("apart"), "sa-east-1"); code(err) != "AccessDenied" {
		t.Fatal("want a refusal, which is an event too, got", err)
	}
	a, _ := r.chains(since)
	if got := ways(a); !slices.Contains(got, "deploy>release could seen") || slices.Contains(got, "release>partner seen") {
		t.Errorf("only what was long ago is told of: %q", got)
	}
	r.world.Clock.Advance(delays["cloudtrail"])
	a, s := r.chains(since)
	want := []string{"deploy>release could seen", "release>partner seen", "release>whole could", "release>zone could", "zone>release could"}
	if got := ways(a); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	i := slices.IndexFunc(a.Chaining.Links, func(x snapshot.Chain) bool { return x.From == deployARN })
	if x := a.Chaining.Links[i]; x.Seen != 2 || x.Event == "" || !x.First.Before(x.Last) {
		t.Errorf("the one of before and the one of now are wanted: %+v", x)
	}
	if len(a.Chaining.Regions) != len(regions["aws"]) || len(s.Gaps) != 0 {
		t.Errorf("all regions are wanted and no gap: %q %+v", a.Chaining.Regions, s.Gaps)
	}
	b, err := json.Marshal(s)
	must(t, err)
	if strings.Contains(string(b), release.Session) {
		t.Error("the event tells the session's token, and it is in the snapshot")
	}
	if a, _ := r.chains(r.world.Clock.Now()); slices.Contains(ways(a), "deploy>release could seen") {
		t.Error("since was not asked for")
	}
}

// Sixty assumptions are two pages, asked for as slowly as CloudTrail allows.
func TestTheTrailIsReadToItsEnd(t *testing.T) {
	r := newRig(t)
	for range 60 {
		_, err := r.become(r.aws.Sessions("deploy")[0], roleARN("release"), "us-east-1")
		must(t, err)
	}
	r.world.Clock.Advance(delays["cloudtrail"])
	before := r.world.Clock.Now()
	a, s := r.chains(r.began.Add(-time.Hour))
	i := slices.IndexFunc(a.Chaining.Links, func(x snapshot.Chain) bool { return x.From == deployARN })
	if x := a.Chaining.Links[i]; x.Seen != 61 {
		t.Errorf("sixty and the one of the seed are wanted: %+v", x)
	}
	if waited := r.world.Clock.Now().Sub(before); waited < trailPause || len(s.Gaps) > 0 {
		t.Errorf("between two pages half a second has to pass, not %s: %+v", waited, s.Gaps)
	}
	pages := func() (n int) {
		for _, e := range r.world.Entries() {
			if strings.Contains(e.Call, "LookupEvents") {
				if n++; e.Status != http.StatusOK {
					t.Errorf("CloudTrail refused a call: %+v", e)
				}
			}
		}
		return n
	}
	if n := pages(); n != len(regions["aws"])+1 {
		t.Errorf("a page for each region and a second one for the one with events, not %d", n)
	}
	r.world.Clock.Advance(time.Second)
	r.chains(r.world.Clock.Now())
	if n := pages(); n != 2*len(regions["aws"])+1 {
		t.Errorf("what was before is not asked for: %d", n)
	}
}

// Across accounts a trust policy that names the role does not suffice.
func TestChainsAcrossAccounts(t *testing.T) {
	r := newRig(t)
	a, err := r.p.account("prod", "")
	must(t, err)
	c, err := a.reader(t.Context())
	must(t, err)
	other := func(name, who string) snapshot.Role {
		return snapshot.Role{ARN: "arn:aws:iam::999988887777:role/" + name, Name: name, Trust: json.RawMessage(lets(who))}
	}
	ch := &chains{v: &survey{p: r.p, s: &snapshot.Snapshot{}}, accounts: map[string]*chainedAccount{
		accountID:      {a: a, c: c},
		"999988887777": {a: &account{p: r.p, name: "theirs"}, roles: []snapshot.Role{other("one", deployARN), other("two", roleARN("release")), other("three", "arn:aws:iam::111122223333:root")}},
	}}
	for from, want := range map[string]string{deployARN: "", roleARN("release"): "three two"} {
		var got []string
		for _, x := range ch.from(t.Context(), ch.accounts[accountID], from) {
			got = append(got, roleName(x.To))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("from %s: %q, want %q", from, got, want)
		}
	}
}

// Who may not read CloudTrail, or not ask the simulator, is told what is not known.
func TestWhatIsNotKnownOfChainsIsTold(t *testing.T) {
	r := newRig(t)
	weak := r.with(r.aws.Responder())
	a := &account{p: r.p, name: "prod"}
	r.p = New(configFor(r.world), r.world.Wire())
	key, ok := r.aws.Key("DEPLOY")
	if !ok {
		t.Fatal("the seed has no such key")
	}
	got := a.assumptions(t.Context(), r.with(key), "aws", r.began)
	if len(got.gaps) != 1 || len(got.regions) != 0 || got.gaps[0].What != chainGap+"prod" || !strings.Contains(got.gaps[0].Why, "AccessDeniedException") || got.gaps[0].Passing {
		t.Errorf("%+v", got)
	}
	if got := a.assumptions(t.Context(), weak, "aws-us-gov", r.began.Add(-100*24*time.Hour)); len(got.gaps) != 1 || !strings.Contains(got.gaps[0].Why, "90 days") || len(got.regions) != 3 {
		t.Errorf("%+v", got)
	}
	if _, err := r.with(key).mayAssume(t.Context(), deployARN, []string{roleARN("whole")}); code(err) != "AccessDenied" {
		t.Error(err)
	}
	c := revokeSessions{}
	for want, s := range map[string]*snapshot.Snapshot{
		"look for AssumeRole by its sessions in CloudTrail":  {AWS: []snapshot.Account{{ID: accountID}}},
		"CloudTrail was not asked":                           {AWS: []snapshot.Account{{ID: accountID, Chaining: &snapshot.Chaining{}}}},
		"a quarter of an hour after its sessions are denied": {AWS: []snapshot.Account{{ID: accountID, Name: "prod", Chaining: &snapshot.Chaining{Since: r.began}}}},
	} {
		s.AWS[0].Roles = []snapshot.Role{{ARN: deployARN, Name: "deploy", Trust: json.RawMessage(`{"Statement":[]}`)}}
		got, err := c.Plan(literals("role", deployARN), s)
		must(t, err)
		if !slices.ContainsFunc(got.Gaps, func(g plan.Gap) bool { return strings.Contains(g.Why, want) }) {
			t.Errorf("want %q, got %+v", want, got.Gaps)
		}
	}
}

func TestWhoMayAssume(t *testing.T) {
	const from = "arn:aws:iam::1:role/ci/deploy"
	by := func(principal, more string) string {
		return `{"Effect":"Allow","Action":"sts:AssumeRole","Principal":` + principal + more + `}`
	}
	for _, c := range []struct {
		doc  string
		want way
	}{
		{by(`{"AWS":"`+from+`"}`, ""), byName},
		{by(`{"AWS":["arn:aws:iam::1:role/other","arn:aws:sts::1:assumed-role/deploy/build"]}`, ""), byName},
		{by(`"*"`, ""), byName},
		{by(`{"AWS":"*"}`, ""), byName},
		{by(`{"AWS":"arn:aws:iam::1:root"}`, ""), byAccount},
		{by(`{"AWS":"1"}`, ""), byAccount},
		{by(`{"AWS":"arn:aws:iam::2:root"}`, ""), shutOut},
		{by(`{"AWS":"arn:aws:iam::1:role/deploy"}`, ""), shutOut},
		{by(`{"Federated":"arn:aws:iam::1:oidc-provider/h"}`, ""), shutOut},
		{by(`{"AWS":"arn:aws:iam::1:root"}`, `,"Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::1:role/ci/*"}}`), byAccount},
		{by(`{"AWS":"arn:aws:iam::1:root"}`, `,"Condition":{"ArnLike":{"AWS:principalarn":["arn:aws:iam::1:role/admin"]}}`), shutOut},
		{by(`{"AWS":"arn:aws:iam::1:root"}`, `,"Condition":{"StringNotEquals":{"aws:PrincipalArn":"x"}}`), byAccount},
		{by(`{"AWS":"arn:aws:iam::1:root"}`, `,"Condition":{"StringEquals":{"sts:ExternalId":"x"}}`), byAccount},
		{strings.Replace(by(`"*"`, ""), "sts:AssumeRole", "sts:AssumeRoleWithSAML", 1), shutOut},
		{strings.Replace(by(`"*"`, ""), "sts:AssumeRole", "STS:*", 1), byName},
		{strings.Replace(by(`"*"`, ""), "Allow", "Deny", 1), shutOut},
		{`{"Effect":"Allow","Action":"sts:AssumeRole","NotPrincipal":{"AWS":"x"}}`, byName},
	} {
		tr, err := parseTrust(json.RawMessage(`{"Statement":[` + c.doc + `]}`))
		must(t, err)
		if got, why, err := tr.assumable(from); got != c.want || err != nil || (why == "") != (c.want == shutOut) {
			t.Errorf("%s: got %d (%s), want %d: %v", c.doc, got, why, c.want, err)
		}
	}
}

func TestEventsThatAreNoChain(t *testing.T) {
	at := time.Unix(0, 0)
	good := `{"userIdentity":{"type":"AssumedRole","sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::1:role/a"}}},"requestParameters":{"roleArn":"arn:aws:iam::2:role/b"}}`
	if x, ok := assumed(trailtypes.Event{CloudTrailEvent: &good, EventTime: &at}); !ok || x.from != "arn:aws:iam::1:role/a" || x.to != "arn:aws:iam::2:role/b" {
		t.Errorf("%+v", x)
	}
	for _, bad := range []string{
		"", "{", strings.Replace(good, "{", `{"errorCode":"AccessDenied",`, 1), strings.Replace(good, "AssumedRole", "AWSService", 1),
		strings.Replace(good, `"type":"Role"`, `"type":"Root"`, 1), strings.Replace(good, "arn:aws:iam::2:role/b", "b\u001b[2J", 1), strings.Replace(good, "arn:aws:iam::1:role/a", "", 1),
	} {
		if x, ok := assumed(trailtypes.Event{CloudTrailEvent: &bad, EventTime: &at}); ok {
			t.Errorf("%s: %+v", bad, x)
		}
	}
}

// A role that is reached through another lets everybody else in, and what was assumed
// before is denied.
func TestAChainedRoleIsCutOff(t *testing.T) {
	r := newRig(t)
	deploy, release := r.aws.Sessions("deploy")[0], r.aws.Sessions("release")[0]
	must(t, r.readsSecret(release))
	revoke := r.actor(revokeName, chain())
	if got := revoke.want(plan.Broken); len(got.Next) > 0 || !strings.Contains(got.Detail, denyChainName) {
		t.Errorf("revoking while deploy can become it again is worth nothing: %+v", got)
	}
	r.actor(denyChainName, chain()).hold()
	if _, err := r.become(deploy, roleARN("release"), "us-east-1"); code(err) != "AccessDenied" {
		t.Error("want a refusal, got", err)
	}
	if _, err := r.become(release, roleARN("zone"), "us-east-1"); err != nil {
		t.Error("the session should still work:", err)
	}
	if got := r.actor(revokeName, chain()).hold(); got.Proof != plan.P3 {
		t.Errorf("%+v", got)
	}
	if err := r.readsSecret(release); code(err) != "AccessDeniedException" {
		t.Error("want a denial, got", err)
	}
	if _, ok := r.dead("role:release"); !ok {
		t.Error("the world does not call it dead")
	}
	zone := r.aws.Sessions("zone")
	if len(zone) != 0 {
		t.Fatal(zone)
	}
	// Everybody else goes on: zone is not under response.
	more := chain()
	more["from"] = plan.Value{Literal: []string{deployARN, roleARN("zone")}}
	d := r.actor(denyChainName, more)
	next := d.only(d.want(plan.Broken))
	if n := strings.Count(next.Args["document"], chainSid); n != 1 || !strings.Contains(next.Args["document"], roleARN("zone")) || !strings.Contains(next.Args["document"], deployARN) {
		t.Errorf("one statement for both is wanted: %s", next.Args["document"])
	}
	d.hold()
	r.actor(denyChainName, chain()).want(plan.Held) // what is wider holds too
}

func TestAWeakenedChainDenyIsNone(t *testing.T) {
	from := []string{deployARN}
	tr, err := parseTrust(json.RawMessage(lets(roleARN("zone"))))
	must(t, err)
	doc, err := tr.refuse(from, time.Date(2025, 3, 14, 16, 57, 0, 0, time.UTC))
	must(t, err)
	for name, c := range map[string]struct {
		doc  string
		held bool
	}{
		"ours":             {string(doc), true},
		"as text":          {strings.Replace(string(doc), `["`+deployARN+`"]`, `"`+deployARN+`"`, 1), true},
		"turned to allow":  {strings.Replace(string(doc), `"Effect":"Deny"`, `"Effect":"Allow"`, 1), false},
		"another action":   {strings.Replace(string(doc), `"Action":["sts:AssumeRole","sts:TagSession"]`, `"Action":["sts:TagSession"]`, 1), false},
		"one condition on": {strings.Replace(string(doc), `"Condition":{`, `"Condition":{"Bool":{"aws:ViaAWSService":"true"},`, 1), false},
		"of another":       {strings.Replace(string(doc), `["`+deployARN+`"]`, `["x"]`, 1), false},
		"not there":        {lets(roleARN("zone")), false},
	} {
		tr, err := parseTrust(json.RawMessage(c.doc))
		must(t, err)
		if held, _, err := tr.refuses(from); held != c.held || err != nil {
			t.Errorf("%s: %v %v", name, held, err)
		}
	}
}

// flaky answers the first calls of LookupEvents with a server error.
type flaky struct {
	next http.RoundTripper
	left *atomic.Int32
}

// RoundTrip implements http.RoundTripper.
func (f flaky) RoundTrip(r *http.Request) (*http.Response, error) {
	if operation(r) != lookupEvents || f.left.Add(-1) < 0 {
		return f.next.RoundTrip(r)
	}
	return motoWire{&motoRig{}}.answer(r, http.StatusServiceUnavailable, `{"__type":"ServiceUnavailable"}`), nil
}

// A region that fails in passing is asked again; one that does not answer is a gap for
// which nothing else is asked again.
func TestARegionIsAskedAgain(t *testing.T) {
	for fails, want := range map[int32]string{3: "", 1000: "ServiceUnavailable"} {
		r := newRig(t)
		wire := r.world.Wire()
		left := &atomic.Int32{}
		left.Store(fails)
		wire.Transport = flaky{wire.Transport, left}
		r.p = New(configFor(r.world), wire)
		a, s := r.chains(r.began.Add(-time.Hour))
		switch {
		case want == "" && (len(s.Gaps) != 0 || len(a.Chaining.Regions) != len(regions["aws"])):
			t.Errorf("%d failures: %+v", fails, s.Gaps)
		case want != "" && (len(s.Gaps) != 1 || s.Gaps[0].Passing || !strings.Contains(s.Gaps[0].Why, want) || !a.Chaining.Since.IsZero()):
			t.Errorf("%d failures: %+v", fails, s.Gaps)
		}
	}
}
