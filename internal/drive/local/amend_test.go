package local

import (
	"slices"
	"sync"
	"testing"

	"github.com/firebreak/firebreak/internal/respond"
)

// A sitting to which something may still be added does not end for want of work, and
// what is added is carried out in it.
func TestWhatIsAddedIsCarriedOutInTheSameSitting(t *testing.T) {
	amend, idle := make(chan []respond.Data), make(chan struct{})
	once := sync.OnceFunc(func() { close(idle) })
	d := &script{want: func(s *script) []respond.Command {
		names := []string{"first"}
		if s.count("surveyed") > 0 {
			names = append(names, "second")
		}
		out := each(respond.Stop{Reason: "nothing is left"}, names...)(s)
		if len(out) == 1 && out[0].Key() == "stop" {
			once()
		}
		return out
	}}
	l := begin(t, parts(t, d))
	go func() {
		defer close(amend)
		<-idle // nothing was left to do
		amend <- []respond.Data{respond.Surveyed{Scope: "added"}}
	}()
	s, err := Run(t.Context(), Options{Log: l, Hands: hands{}, Amend: amend})
	if err != nil || s.Phase != "paused" {
		t.Fatalf("%s %v", s.Phase, err)
	}
	got := recorded(t, l)
	if !slices.Contains(got, "surveyed") || len(d.outcomes()) != 2 || got[len(got)-1] != "paused" {
		t.Errorf("%v", got)
	}
}

// Whoever pauses is not made to wait for what might still be added.
func TestAPauseDoesNotWaitForMore(t *testing.T) {
	interrupt, amend := make(chan struct{}, 1), make(chan []respond.Data)
	interrupt <- struct{}{}
	d := &script{want: func(*script) []respond.Command { return []respond.Command{respond.Stop{Reason: "nothing is left"}} }}
	s, err := Run(t.Context(), Options{Log: begin(t, parts(t, d)), Hands: hands{}, Amend: amend, Interrupt: interrupt})
	if err != nil || s.Pause == nil || s.Pause.Code != Interrupted {
		t.Errorf("%+v %v", s.Pause, err)
	}
}
