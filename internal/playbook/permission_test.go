package playbook

import (
	"fmt"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// needy is the table with the permissions that actions need.
type needy struct {
	*table
	needs map[string][]string // by action; of github.secret.put by scope too
}

func (n needy) Spec(name string) (plan.Spec, bool) {
	s, ok := n.table.Spec(name)
	s.Permissions = n.needs[name]
	return s, ok
}

func (n needy) Action(name string) (adapters.Action, bool) {
	s, ok := n.Spec(name)
	if name == "github.secret.put" {
		return scoped{row{s, n.table}, n.needs}, ok
	}
	return row{s, n.table}, ok
}

type scoped struct {
	row
	needs map[string][]string
}

func (s scoped) Needs(in adapters.Inputs) []string { return s.needs[in.Text("scope")] }

func lackingRequest() Request {
	r := request()
	r.Catalogue = needy{known(), map[string][]string{
		"github.workflow.disable": {"actions=write"}, "github.workflow.enable": {"actions=write"}, "github.logs.export": {"actions=read"},
		"github.secret.put": {"secrets=write", "environments=write"}, "repository": {"secrets=write"}, "environment/preview": {"environments=write"},
		"github.caches.purge": {"actions=write"}, "aws.role.deny_trust": {"iam:GetRole", "iam:UpdateAssumeRolePolicy"},
		"npm.token.mint": {"a live token"}, "npm.token.test": {"a live token"}, "vault.kv.put": {"MOUNT/data/PATH: update"},
	}}
	no := func(provider, name, on, why, link string) {
		r.Snapshot.Permissions = append(r.Snapshot.Permissions, snapshot.Permission{Provider: provider, Name: name, On: on, Granted: "no", Why: why, Link: link})
	}
	no("github", "actions=write", "acme/shop", "GitHub refused to read it", "https://ghe.example/settings/personal-access-tokens")
	no("github", "environments=write", "acme/shop", "", "https://ghe.example/settings/personal-access-tokens")
	no("github", "secrets=write", "acme/other", "of another repository", "")
	no("aws", "iam:UpdateAssumeRolePolicy", "111122223333", "an explicit deny", "https://console.example/iam")
	no("aws", "iam:GetRole", "999999999999", "another account", "")
	no("npm", "a live token", "", "", "")
	no("vault", "MOUNT/data/PATH: update", "secret/ci/other", "another path", "")
	r.Snapshot.Permissions = append(r.Snapshot.Permissions, snapshot.Permission{Provider: "vault", Name: "MOUNT/data/PATH: update", On: "secret/ci/npm", Granted: "unknown"})
	return r
}

// What we may not do is a person's, with the permission, what it is on and where it is
// granted; what we may not read is a gap; what nobody can do in our place stays.
func TestLackingPermissions(t *testing.T) {
	r := lackingRequest()
	r.Snapshot.Permissions = append(r.Snapshot.Permissions, snapshot.Permission{Provider: "github", Name: "actions=read", On: "acme/shop", Granted: "no", Link: "https://ghe.example/x"})
	p := mustCompile(t, shippedText(t), r)
	var b strings.Builder
	for _, a := range p.Actions {
		if a.Assisted != nil && a.Use != manualTask {
			fmt.Fprintf(&b, "%s\n    %s\n    %s\n", a.ID, a.Assisted.Instructions, a.Assisted.Link)
		}
	}
	for _, g := range p.Gaps {
		fmt.Fprintf(&b, "gap %s: %s\n", g.What, g.Why)
	}
	golden(t, "testdata/permissions.txt", []byte(b.String()))
	for _, a := range p.Actions {
		if a.Use == "github.logs.export" {
			t.Errorf("an export of what may not be read: %s", a.ID)
		}
	}
}

// Of what is not known nothing is taken away.
func TestUnknownPermissionsChangeNothing(t *testing.T) {
	r := lackingRequest()
	for i := range r.Snapshot.Permissions {
		r.Snapshot.Permissions[i].Granted = "unknown"
	}
	want, err := Compile(mustParse(t, shippedText(t)), request())
	if err != nil {
		t.Fatal(err)
	}
	if got := mustCompile(t, shippedText(t), r); describe(got) != describe(want) {
		t.Errorf("got\n%s\nwant\n%s", describe(got), describe(want))
	}
}

// A mint that gives one value can be a person's who pastes it.
func TestLackingMintIsPasted(t *testing.T) {
	r := lackingRequest()
	k := r.Catalogue.(needy)
	for i := range k.specs {
		if k.specs[i].Name == "npm.token.mint" {
			k.specs[i].Outputs = k.specs[i].Outputs[1:]
		}
	}
	for _, a := range mustCompile(t, shippedText(t), r).Actions {
		if a.Use == "npm.token.mint" && (a.Assisted == nil || a.Assisted.Wants != "value") {
			t.Errorf("%+v", a.Assisted)
		}
	}
}
