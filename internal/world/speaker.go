package world

import (
	"context"
	"net"
	"net/http"
	"sync"
)

// speaker serves a provider whose protocol is not HTTP.
type speaker struct {
	ctx  context.Context //nolint:containedctx // the world's: its end cuts every connection
	p    Speaking
	h    http.Handler
	mu   sync.Mutex
	l    net.Listener
	open map[net.Conn]bool
	gone bool
	talk sync.WaitGroup
}

// Serve takes connections until Close.
func (s *speaker) Serve(l net.Listener) error {
	s.mu.Lock()
	s.l, s.open = l, map[net.Conn]bool{}
	closed := s.gone
	s.mu.Unlock()
	if closed {
		return l.Close()
	}
	defer s.talk.Wait()
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		if !s.add(c) {
			return c.Close()
		}
		s.talk.Go(func() {
			defer s.drop(c)
			s.p.Speak(s.ctx, c, s.h)
		})
	}
}

func (s *speaker) add(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return false
	}
	s.open[c] = true
	return true
}

func (s *speaker) drop(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
}

// Close ends the listener and every connection.
func (s *speaker) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
	for c := range s.open {
		_ = c.Close() // whoever speaks on it notices
	}
	if s.l == nil {
		return nil
	}
	return s.l.Close()
}
