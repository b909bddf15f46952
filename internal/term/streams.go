package term

import (
	"io"
	"os"
	"strconv"

	xterm "golang.org/x/term"

	"github.com/firebreak/firebreak/internal/view"
)

// Streams are a command's input and outputs. The result goes to Out, everything
// else to Err. Both must already pass the redactor.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err *Screen
	// Terminal is where prompts are drawn: the terminal itself, because a prompt
	// moves the cursor. Only text which passed Redact goes there. nil without one.
	Terminal *os.File
	// Redact masks known secret values in text for prompts. Never nil.
	Redact func(string) string

	InTTY, OutTTY, ErrTTY bool
	OutColor, ErrColor    bool
	// Accessible asks line by line, without drawing, for screen readers.
	Accessible bool
	columns    int // as the environment says; 0 asks the terminal each time
}

// Options are what the environment and the flags say about the streams.
type Options struct {
	Environ map[string]string
	NoColor bool
	// Accessible asks line by line, as the variable ACCESSIBLE does.
	Accessible bool
	// Guard wraps a stream in the redactor; nil leaves it as it is.
	Guard func(io.Writer) io.Writer
	// Redact is the redactor for text; nil leaves it as it is.
	Redact func(string) string
}

// New gives streams over files as a process has them.
func New(in, out, errs *os.File, o Options) *Streams {
	if o.Guard == nil {
		o.Guard = func(w io.Writer) io.Writer { return w }
	}
	if o.Redact == nil {
		o.Redact = func(s string) string { return s }
	}
	s := &Streams{
		In: in, Out: o.Guard(out), Redact: o.Redact,
		InTTY: tty(in), OutTTY: tty(out), ErrTTY: tty(errs),
		Accessible: o.Accessible || o.Environ["ACCESSIBLE"] != "",
	}
	dumb := o.Environ["TERM"] == "dumb"
	color := !o.NoColor && o.Environ["NO_COLOR"] == "" && !dumb
	s.OutColor, s.ErrColor = color && s.OutTTY, color && s.ErrTTY
	s.Accessible = s.Accessible || dumb
	s.Err = NewScreen(o.Guard(errs), s.ErrTTY && !s.Accessible)
	if s.ErrTTY {
		s.Terminal = errs
	}
	if n, err := strconv.Atoi(o.Environ["COLUMNS"]); err == nil && n > 20 {
		s.columns = n
	}
	return s
}

// CanAsk reports whether a person can be asked: they see our text and we read theirs.
func (s *Streams) CanAsk() bool { return s.InTTY && s.ErrTTY }

// Width is the terminal's width in columns now, 80 when it is not known.
func (s *Streams) Width() int { w, _ := s.size(); return w }

// size is the terminal's size now: it may change while we work. 80 by 24 where it
// is not known.
func (s *Streams) size() (columns, lines int) {
	columns, lines = 80, 24
	if s.Terminal != nil {
		if w, h, err := xterm.GetSize(int(s.Terminal.Fd())); err == nil && w > 0 && h > 0 {
			columns, lines = w, h
		}
	}
	if s.columns > 0 {
		columns = s.columns
	}
	return columns, lines
}

// OutStyle is the style for results.
func (s *Streams) OutStyle() view.Style { return s.style(s.Out, s.OutColor, s.OutTTY) }

// ErrStyle is the style for everything else.
func (s *Streams) ErrStyle() view.Style { return s.style(s.Err, s.ErrColor, s.ErrTTY) }

// style breaks lines only where a terminal shows them: elsewhere a line is a record.
func (s *Streams) style(w io.Writer, color, terminal bool) view.Style {
	st := view.NewStyle(w, color)
	if !terminal {
		return st
	}
	return st.Fitted(s.Width(), s.Redact)
}

func tty(f *os.File) bool { return f != nil && xterm.IsTerminal(int(f.Fd())) }
