package term

import (
	"bytes"
	"io"
	"sync"
)

// Screen is a stream of lines with, on a terminal, one status line below them.
// While it is held for a prompt, lines wait; they appear when it is released.
// Safe for concurrent use.
type Screen struct {
	mu     sync.Mutex
	w      io.Writer
	live   bool // the stream can redraw a line
	status string
	drawn  bool
	held   bool
	wait   bytes.Buffer
}

const eraseLine = "\r\x1b[2K"

// NewScreen gives a screen over w; live when w is a terminal that understands
// cursor movement.
func NewScreen(w io.Writer, live bool) *Screen { return &Screen{w: w, live: live} }

// Write implements io.Writer. p should hold whole lines.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held {
		return s.wait.Write(p)
	}
	if err := s.erase(); err != nil {
		return 0, err
	}
	if _, err := s.w.Write(p); err != nil {
		return 0, err
	}
	return len(p), s.draw()
}

// Status replaces the status line; "" removes it. Without a live terminal it does nothing.
func (s *Screen) Status(line string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = line
	if s.held {
		return nil
	}
	if err := s.erase(); err != nil {
		return err
	}
	return s.draw()
}

// Hold keeps lines back until the returned function is called, so that a prompt
// can draw. Only one holder at a time; others wait in their caller's lock.
func (s *Screen) Hold() (release func() error, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = true
	if err := s.erase(); err != nil {
		return nil, err
	}
	return s.release, nil
}

func (s *Screen) release() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = false
	if _, err := s.w.Write(s.wait.Bytes()); err != nil {
		return err
	}
	s.wait.Reset()
	return s.draw()
}

func (s *Screen) erase() error {
	if !s.drawn {
		return nil
	}
	s.drawn = false
	_, err := io.WriteString(s.w, eraseLine)
	return err
}

func (s *Screen) draw() error {
	if !s.live || s.status == "" {
		return nil
	}
	s.drawn = true
	_, err := io.WriteString(s.w, s.status)
	return err
}
