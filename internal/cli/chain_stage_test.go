package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/rehearse"
	"github.com/firebreak/firebreak/internal/world/aws"
)

// A thief who went on from the workflow's role to another, and holds a session of that
// one, is out when the incident closes: by the world's own log, and nobody named the role.
// What only CloudTrail shows, a role of somebody else's account, is told with the rest.
func TestRolesBehindTheRoleAreClosed(t *testing.T) {
	const arn = "arn:aws:iam::111122223333:role/"
	lets := func(who string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + who + `"},"Action":"sts:AssumeRole"}]}`
	}
	s := newStageIn(t, setting{edit: func(l *rehearse.Loaded) {
		l.World.AWS.Roles = append(l.World.AWS.Roles,
			aws.SeedRole{Name: "release", Trust: lets(arn + "deploy"), From: "deploy", Allows: []string{"secretsmanager:GetSecretValue"}, Sessions: 1},
			aws.SeedRole{Name: "zone", Trust: lets(arn + "release"), From: "release", Sessions: 1},
			aws.SeedRole{Name: "apart", Trust: lets("arn:aws:iam::111122223333:user/deployer")},
		)
		l.Attacker.Holds = append(l.Attacker.Holds, "role:release", "role:zone")
		l.Expect.Closed = append(l.Expect.Closed, "role:release", "role:zone")
	}})
	r, err := s.run(nil)
	if err != nil {
		t.Fatal(err)
	}
	s.closed(r, "with roles behind the role")
	var uses []string
	for _, a := range r.State.Actions {
		if strings.HasPrefix(a.Action.Use, "aws.role.") {
			uses = append(uses, a.Action.Use+" "+a.Action.Target.Name)
			if a.Reading == nil || a.Reading.State != plan.Held {
				t.Errorf("%s ends as %+v", a.Action.ID, a.Reading)
			}
		}
	}
	slices.Sort(uses)
	want := []string{"aws.role.deny_chain release", "aws.role.deny_chain zone", "aws.role.deny_trust deploy", "aws.role.revoke_sessions deploy", "aws.role.revoke_sessions release", "aws.role.revoke_sessions zone"}
	if !slices.Equal(uses, want) {
		t.Errorf("got %q, want %q", uses, want)
	}
	for _, c := range []string{"role:release", "role:zone"} {
		if s.projection()["credential "+c] != "dead" {
			t.Errorf("%s works on", c)
		}
	}
}
