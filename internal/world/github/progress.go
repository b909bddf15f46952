package github

import (
	"fmt"
	"time"

	"github.com/firebreak/firebreak/internal/world"
)

// advance brings everything that moves by itself up to now.
func (s *Server) advance(now time.Time) {
	for _, r := range s.state.Runs {
		s.progress(r, now)
	}
	for _, c := range s.state.Caches {
		if !c.Gone.IsZero() && !c.Back.IsZero() && !now.Before(c.Back) {
			c.ID, c.Created, c.Gone, c.Seen, c.Back = s.core.ID(), c.Back, time.Time{}, time.Time{}, time.Time{}
			s.core.Log(world.Entry{Kind: "effect", Provider: "github", Call: "cache written again", Object: c.Key})
		}
	}
	live := s.state.Links[:0]
	for _, l := range s.state.Links {
		if now.Before(l.Until) {
			live = append(live, l)
		}
	}
	s.state.Links = live
}

func (s *Server) progress(r *Run, now time.Time) {
	if r.Status != "completed" {
		if r.Status == "queued" && r.Purpose == "dispatch" && !now.Before(r.Starts) {
			r.begin()
		}
		if !r.Ends.IsZero() && !now.Before(r.Ends) {
			s.conclude(r)
		}
	}
	if r.Status == "completed" && !now.Before(r.JobsEnd) {
		for i := range r.Jobs {
			if r.Jobs[i].Status != "completed" {
				r.Jobs[i].Status, r.Jobs[i].Conclusion = "completed", r.Conclusion
			}
		}
	}
}

func (r *Run) begin() {
	r.Status, r.Updated = "in_progress", r.Starts
	for i := range r.Jobs {
		r.Jobs[i].Status = "in_progress"
	}
}

// end completes a run; its last job lives on for a while.
func (r *Run) end(at time.Time, conclusion string, lingers time.Duration) {
	r.Status, r.Conclusion, r.Updated, r.JobsEnd = "completed", conclusion, at, at.Add(lingers)
	for i := range r.Jobs {
		if i == len(r.Jobs)-1 && lingers > 0 {
			r.Jobs[i].Status = "in_progress"
			break
		}
		r.Jobs[i].Status, r.Jobs[i].Conclusion = "completed", conclusion
	}
}

// conclude ends a run whose time has come. A dispatched run succeeds when every
// credential it uses still works, and then uploads what it built.
func (s *Server) conclude(r *Run) {
	if r.Purpose != "dispatch" || r.EndsAs == "cancelled" {
		r.end(r.Ends, r.EndsAs, r.Lingers)
		return
	}
	if dead := s.broken(r); dead != "" {
		r.Log += "\n" + dead
		r.end(r.Ends, "failure", 0)
		s.core.Log(world.Entry{Kind: "effect", Provider: "github", Call: "run failed", Object: r.Path, Detail: dead})
		return
	}
	r.end(r.Ends, "success", 0)
	if b := s.state.branch(r.Branch); b != nil && uploads(r.Files) {
		s.upload(r, b)
	}
}

// broken names a secret the run needs and cannot use, "" when there is none. Only
// secrets that began as registered credentials can be broken.
func (s *Server) broken(r *Run) string {
	if why := s.barred(r); why != "" {
		return why
	}
	for _, name := range uses(r.Files) {
		for _, x := range s.state.Secrets {
			if x.Name == name && x.Credential != "" && !s.works(x) {
				return fmt.Sprintf("%s (%s) is refused by its issuer", x.Name, x.Scope)
			}
		}
	}
	return ""
}

func (s *Server) works(x *Secret) bool {
	name := s.core.Name(x.Value)
	return name != "" && (s.Works == nil || s.Works(name))
}
