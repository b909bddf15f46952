package adapters

import (
	"context"
	"sync"
)

// Together lets callers who want the same thing read at the same time share one read.
// Nobody gets what was read before he asked: who comes while a read is under way waits
// for the next, with all others that come meanwhile. The zero value is ready.
type Together[T any] struct {
	mu    sync.Mutex
	lines map[string]*line[T]
}

// line is who wants one thing: the read under way, and the one after it.
type line[T any] struct{ now, next *shared[T] }

type shared[T any] struct {
	begin chan struct{} // closed when the one before is over
	done  chan struct{} // closed when this one is over
	value T
	err   error
	left  bool // its reader went away; what it says is nobody's answer
}

// Do gives what read gives for the key, read after Do was called. The error is read's, or
// ctx's.
func (t *Together[T]) Do(ctx context.Context, key string, read func(context.Context) (T, error)) (T, error) {
	for {
		s, mine := t.join(key)
		if mine {
			return t.lead(ctx, key, s, read)
		}
		select {
		case <-s.done:
			if !s.left {
				return s.value, s.err
			}
		case <-ctx.Done():
			var none T
			return none, ctx.Err()
		}
	}
}

// join finds the read to take part in; mine where it is the caller's to carry out.
func (t *Together[T]) join(key string) (s *shared[T], mine bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lines == nil {
		t.lines = map[string]*line[T]{}
	}
	l := t.lines[key]
	switch {
	case l == nil:
		s = &shared[T]{begin: make(chan struct{}), done: make(chan struct{})}
		close(s.begin)
		t.lines[key] = &line[T]{now: s}
		return s, true
	case l.next == nil:
		l.next = &shared[T]{begin: make(chan struct{}), done: make(chan struct{})}
		return l.next, true
	}
	return l.next, false
}

func (t *Together[T]) lead(ctx context.Context, key string, s *shared[T], read func(context.Context) (T, error)) (T, error) {
	select {
	case <-s.begin:
		s.value, s.err = read(ctx)
		s.left = ctx.Err() != nil
		t.over(key, s)
		return s.value, s.err
	case <-ctx.Done():
		go func() { // the others still come after the one before
			<-s.begin
			s.left = true
			t.over(key, s)
		}()
		var none T
		return none, ctx.Err()
	}
}

// over gives s to everybody and lets the next read begin.
func (t *Together[T]) over(key string, s *shared[T]) {
	close(s.done)
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.lines[key]
	if l.next == nil {
		delete(t.lines, key)
		return
	}
	l.now, l.next = l.next, nil
	close(l.now.begin)
}
