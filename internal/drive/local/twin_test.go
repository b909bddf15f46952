package local

import (
	"path/filepath"
	"testing"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/secret"
)

// The value that leaked given as the new one would stand in every store again, and the
// new one pasted as the old would be ended: neither counts, and nothing is sent.
func TestTheNewValueIsNotTheOldOne(t *testing.T) {
	for name, x := range map[string]struct {
		held, old, made string
		twin            bool
	}{
		"the same":                 {"old:c", "minted-value-leaked", "minted-value-leaked", true},
		"the same, part of a pair": {"old:c/KEY", "minted-value-leaked", "minted-value-leaked", true},
		"another":                  {"old:c", "minted-value-leaked", "minted-value-fresh", false},
		"of another credential":    {"old:cd", "minted-value-leaked", "minted-value-leaked", false},
		"nobody has the old one":   {"old:c", "", "minted-value-leaked", false},
		"its value is lost":        {"old:c", "minted-value-leaked", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			dir, iss := filepath.Join(t.TempDir(), "inc-1"), newIssuer()
			s := sit(t, dir, iss, &clock{now: t0})
			sealed := func(id, v string) string {
				if v == "" {
					return ""
				}
				ref, err := s.sealer.Seal(id, secret.NewString(v))
				if err != nil {
					t.Fatal(err)
				}
				return ref
			}
			p := rotation()
			mint, put, kill := &p.Actions[0], &p.Actions[1], &p.Actions[2]
			kill.Inputs = map[string]plan.Value{"old": {Held: x.held}}
			if x.held == "old:cd" {
				kill.Credential = "cd"
			}
			st := &respond.State{
				Held:    map[string]string{x.held: sealed("old", x.old)},
				Actions: []respond.ActionState{{Action: mint, Outputs: map[string]plan.Output{"value": {Sealed: sealed("new", x.made)}}}, {Action: kill}},
			}
			for _, a := range []*plan.Action{kill, mint, put} {
				r := s.hands.Verify(t.Context(), st, respond.Verify{Action: a})
				if twin := r.Final && r.Detail == errTwin.Error(); twin != x.twin || twin && r.State != plan.Broken {
					t.Errorf("%s: %+v", a.ID, r)
				}
			}
			if o := s.hands.Apply(t.Context(), st, respond.Apply{Action: put, Number: 1}); x.twin != (o.State == plan.Refused && o.Detail == errTwin.Error()) || x.twin && iss.Store != newIssuer().Store {
				t.Errorf("the store holds %q, %+v", iss.Store, o)
			}
			o := s.hands.Apply(t.Context(), st, respond.Apply{Action: kill, Number: 1})
			if killed := len(iss.ids()) == 0; killed == x.twin || (o.State == plan.Refused) != x.twin {
				t.Errorf("killed %v, %+v", killed, o)
			}
		})
	}
}
