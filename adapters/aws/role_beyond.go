package aws

import (
	"fmt"
	"slices"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// beyond names what may go on when the sessions of a role are denied: sessions of roles
// that they assumed, as far as nobody could find those, tokens that outlive a session, and
// what a role that may change itself puts in the place of the denial.
func beyond(role snapshot.Role, s *snapshot.Snapshot) []plan.Gap {
	return slices.Concat([]plan.Gap{chainedBeyond(role, s)}, outlived(role, s), removable(role))
}

func chainedBeyond(role snapshot.Role, s *snapshot.Snapshot) plan.Gap {
	g := plan.Gap{
		What: "sessions of other roles which were assumed with a session of " + role.Name,
		Why:  "a policy of this role does not deny them; look for AssumeRole by its sessions in CloudTrail and name those roles too",
	}
	var c *snapshot.Chaining
	for _, a := range s.AWS {
		if a.ID == accountOf(role.ARN) {
			c = a.Chaining
		}
	}
	switch {
	case c == nil:
	case c.Since.IsZero():
		g.Why = "the roles whose trust policies let it in are named, and CloudTrail was not asked which it did assume; say since when with --since, or look for AssumeRole by its sessions there"
	default:
		g.Why = "CloudTrail tells of them late: plan again with --incident a quarter of an hour after its sessions are denied, and what was assumed until then is found" +
			fmt.Sprintf("; %d regions were asked, and none that an account has to opt into: look there by hand", len(c.Regions))
	}
	return g
}
