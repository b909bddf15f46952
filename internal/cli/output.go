package cli

import (
	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/term"
	"github.com/firebreak/firebreak/internal/view"
)

// stream writes every event as a line of ndjson on stdout. The first error is kept
// for the end: an observer cannot stop the run.
type stream struct {
	f     *Factory
	seq   int // of the last record
	began bool
	err   error
	// behind are the records of earlier sittings, which are told first; their number
	// is counted.
	behind []respond.Event
}

// Observe implements drive.Observer.
func (s *stream) Observe(e respond.Event, st *respond.State) {
	if !s.began {
		s.began, s.err = true, view.Version(s.f.IO.Out, s.f.Version)
		s.f.pauses.stream(st.Opened.Incident)
		for _, before := range s.behind {
			s.tell(before, st)
		}
	}
	s.tell(e, st)
}

func (s *stream) tell(e respond.Event, st *respond.State) {
	s.seq++
	if s.err == nil {
		s.err = view.Record(s.f.IO.Out, st.Opened.Incident, s.seq, e)
	}
}

// observers are who is told of every event in an output format, and the stream
// among them.
func (f *Factory) observers(format string, more ...drive.Observer) ([]drive.Observer, *stream) {
	out := append([]drive.Observer{&term.Progress{IO: f.IO, Verbose: f.verbose}}, more...)
	s := &stream{f: f}
	if format == "ndjson" {
		out = append(out, s)
	}
	return out, s
}

// result writes where an incident stands at the end of a sitting.
func (f *Factory) result(format string, s *respond.State) error {
	v := view.NewIncident(s, nextStep(s))
	switch format {
	case "json":
		return view.JSON(f.IO.Out, v)
	case "ndjson":
		return nil
	}
	return view.Where(f.IO.Out, f.IO.OutStyle(), s, "", f.spelled(nextStep(s)))
}
