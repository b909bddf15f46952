package rehearse

import (
	"io"
	"net/http"
)

// control adds the team's deeds to the world's control interface, for tests and
// for a world served in a process of its own:
//
//	POST /_world/team/push     push the fixed tree now
//	POST /_world/team/promote  publish the rebuilt tarball now
//	POST /_world/round         one turn of the attacker and the team's mistakes
func (r *Rehearsal) control() {
	act := func(do func(*http.Request) error) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			if err := do(q); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			if _, err := io.WriteString(w, "{}\n"); err != nil {
				return // the caller is gone
			}
		})
	}
	r.World.Control("POST /_world/team/push", act(func(*http.Request) error { return r.push() }))
	r.World.Control("POST /_world/team/promote", act(func(q *http.Request) error { return r.Promote(q.Context()) }))
	r.World.Control("POST /_world/round", act(func(q *http.Request) error { return r.Round(q.Context()) }))
}
