package inventory

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/snapshot"
)

const inProd = "arn:aws:iam::111122223333:role/"

func chainedRoles() ([]snapshot.Role, *snapshot.Chaining) {
	open := role("deploy", `{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme/shop:*"}}`)
	at := time.Date(2026, 3, 14, 16, 50, 0, 0, time.UTC)
	plain := func(name string) snapshot.Role {
		return snapshot.Role{ARN: inProd + name, Name: name, Trust: json.RawMessage(`{"Statement":[]}`)}
	}
	return []snapshot.Role{open, plain("release"), plain("zone"), plain("apart")}, &snapshot.Chaining{Links: []snapshot.Chain{
		{From: inProd + "deploy", To: inProd + "release", Could: "its trust policy names role deploy", Seen: 2, Last: at, Event: "e-2"},
		{From: inProd + "release", To: inProd + "zone", Could: "its trust policy lets everybody in"},
		{From: inProd + "zone", To: inProd + "release", Could: "its trust policy lets everybody in"},
		{From: inProd + "zone", To: inProd + "deploy", Could: "its trust policy lets everybody in"},
		{From: inProd + "zone", To: inProd + "gone", Seen: 1, Last: at, Event: "e-3"},
		{From: inProd + "release", To: "arn:aws:iam::999988887777:role/partner", Seen: 1, Last: at, Event: "e-4"},
		{From: inProd + "apart", To: inProd + "beside", Could: "its trust policy lets everybody in"},
	}}
}

func TestRolesAreReachedThroughRoles(t *testing.T) {
	roles, chaining := chainedRoles()
	roles[2].May = []string{"ecr:GetAuthorizationToken", "iam:PutRolePolicy"}
	roles[0].May = roles[2].May[:1]
	inv := trusted(t, deploying, func(s *snapshot.Snapshot) { s.AWS[0].Chaining = chaining }, roles...)
	for name, want := range map[string]struct{ from, kind, witness, sentence string }{
		"deploy":  {"zone", "aws.role", "claims", "lets job deploy"},
		"release": {"deploy zone", "aws.role", "sessions of role deploy can become it: its trust policy names role deploy; CloudTrail has them doing so 2 times, the last at 2026-03-14T16:50:00Z (event e-2)", "sessions of deploy and zone can become"},
		"zone":    {"release", "aws.role", "sessions of role release can become it: its trust policy lets everybody in", "sessions of release can become"},
		"gone":    {"zone", RoleBeyond, "CloudTrail has one doing so", "could not be read"},
		"partner": {"release", RoleBeyond, "CloudTrail has one doing so", "in account 999988887777, which firebreak.yaml does not name"},
	} {
		i := identityNamed(t, inv, name)
		var from []string
		for _, arn := range i.ChainedFrom {
			from = append(from, arn[strings.LastIndexByte(arn, '/')+1:])
		}
		if strings.Join(from, " ") != want.from || i.Kind != want.kind || i.Verdict != "reachable" || !strings.Contains(i.Witness, want.witness) && name != "deploy" || !strings.Contains(i.Sentence, want.sentence) && name != "deploy" {
			t.Errorf("%s: %+v", name, i)
		}
	}
	if !identityNamed(t, inv, "zone").UndoesDenial || identityNamed(t, inv, "deploy").UndoesDenial {
		t.Error("zone alone may change itself")
	}
	if slices.ContainsFunc(inv.Identities, func(i Identity) bool { return i.Role == "beside" }) {
		t.Error("what only a role leads to that nobody becomes is none of ours")
	}
	got := ForWorkflow(inv, ".github/workflows/deploy.yml", "")
	if len(got.Identities) != 5 {
		t.Errorf("the blast radius leaves roles out: %+v", got.Identities)
	}
}

// Of a role that nobody is known to become it is not known where its sessions went.
func TestAChainFromNowhereIsNotEvaluable(t *testing.T) {
	roles, chaining := chainedRoles()
	s := &snapshot.Snapshot{AWS: []snapshot.Account{{ID: "111122223333", Roles: roles, Chaining: chaining}}}
	cfg := &config.Config{
		Owners:     map[string]config.Owner{"data": {Contact: "#data"}},
		Identities: map[string]config.Identity{"APART": {Kind: "aws.role", Ref: inProd + "apart"}, "BESIDE": {Kind: "aws.role", Ref: inProd + "beside", Owner: "data"}},
	}
	inv := Build(nil, s, cfg)
	i := identityNamed(t, inv, "BESIDE")
	if !strings.HasPrefix(i.Verdict, "not evaluable: sessions of role apart can become it") || i.Owner != "data" || i.Contact != "#data" || i.Kind != RoleBeyond {
		t.Errorf("%+v", i)
	}
}
