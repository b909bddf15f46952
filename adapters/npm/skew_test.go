package npm_test

import (
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
)

// A token whose answer was lost is found whatever our clock and the registry's say.
func TestALostMintIsFoundBetweenSkewedClocks(t *testing.T) {
	for _, ahead := range []time.Duration{-3 * time.Hour, 3 * time.Hour} {
		w, _ := start(t, seed())
		wire := w.Wire()
		wire.Now = func() time.Time { return w.Clock.Now().Add(ahead) }
		p := provider(t, w, wire)
		in := adapters.Inputs{"user": literal("acme-bot"), "password_env": literal("IR_NPM_PASSWORD"), "otp_env": literal("IR_NPM_OTP")}
		a, tk := task(t, w, p, "npm.token.mint", in, nil)
		tk.Began, tk.Now = wire.Now(), wire.Now()
		c := a.Verify(t.Context(), tk).Next[0]
		made := a.Apply(t.Context(), tk, c)
		tk.History = []plan.Attempt{{Call: c, Number: 1, At: tk.Now}}
		w.Clock.Advance(time.Minute)
		tk.Now = wire.Now()
		if s := a.Settle(t.Context(), tk, c); s.Happened != "yes" || s.Outputs["id"] != made.Outputs["id"] {
			t.Errorf("%s ahead: want our token found, got %+v", ahead, s)
		}
	}
}

// Somebody else was quicker: what was wished is so.
func TestDeletingWhatIsGoneIsDone(t *testing.T) {
	w, _ := start(t, seed())
	p := provider(t, w, w.Wire())
	a, tk := task(t, w, p, "npm.token.revoke", adapters.Inputs{"user": literal("acme-bot"), "id": literal("key-stolen")}, nil)
	c := a.Verify(t.Context(), tk).Next[0]
	for range 2 {
		if o := a.Apply(t.Context(), tk, c); o.State != plan.Done {
			t.Errorf("want done, got %+v", o.Outcome)
		}
	}
}
