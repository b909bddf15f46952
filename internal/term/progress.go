package term

import (
	"fmt"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/view"
)

// Progress tells what happens, one line an event, each with its time. On a
// terminal a status line below says where the incident stands.
type Progress struct {
	IO      *Streams
	Verbose bool
	Began   time.Time // lines show the time since then; zero shows the time of day
}

// Observe implements drive.Observer.
func (p *Progress) Observe(e respond.Event, s *respond.State) {
	st := p.IO.ErrStyle()
	if line := view.Event(st, e, s, p.Verbose); line != "" {
		stamp := p.stamp(e.Time)
		p.tell(st.Fit(st.Faint(stamp)+"  "+line, len(stamp)+2) + "\n")
	}
	if !p.IO.ErrTTY {
		return
	}
	if s == nil || s.Phase != "open" {
		p.status("")
		return
	}
	p.status(st.Faint(p.stamp(e.Time)) + "  " + summary(st, s))
}

// tell and status leave a failed write alone: an observer cannot stop the run, and
// the journal has what the line said.
func (p *Progress) tell(line string) {
	if _, err := p.IO.Err.Write([]byte(line)); err != nil {
		return
	}
}

func (p *Progress) status(line string) {
	if err := p.IO.Err.Status(ansi.Truncate(line, p.IO.Width()-1, "…")); err != nil {
		return
	}
}

func (p *Progress) stamp(t time.Time) string {
	if p.Began.IsZero() {
		return t.UTC().Format("15:04:05")
	}
	d := t.Sub(p.Began).Round(time.Second)
	return fmt.Sprintf("%02d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

func summary(st view.Style, s *respond.State) string {
	done, doubt := 0, 0
	for i := range s.Actions {
		//exhaustive:enforce
		switch s.Actions[i].Phase {
		case respond.Finished:
			done++
		case respond.Doubtful:
			doubt++
		case respond.Pending, respond.Asking, respond.Ready, respond.Waiting, respond.Stuck:
		}
	}
	closed := 0
	for _, c := range s.Closings {
		if c.Closed {
			closed++
		}
	}
	line := fmt.Sprintf("%s  %d of %d actions done, %d of %d credentials closed", s.Step, done, len(s.Actions), closed, len(s.Closings))
	if doubt > 0 {
		line += "  " + st.Bad(fmt.Sprintf("%d UNKNOWN", doubt))
	}
	return line
}
