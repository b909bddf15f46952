package secret

import (
	"io"
	"sync"
)

// Writer masks what is written through it, also where a value is cut in two by
// the border of two writes. It holds bytes back only while they may be the
// beginning of a value; Flush gives them out when nothing more follows.
type Writer struct {
	mu      sync.Mutex
	r       *Redactor
	w       io.Writer
	held    []byte
	covered int // bytes of held that belong to a mask already written
}

// Writer gives a masking writer in front of w.
func (r *Redactor) Writer(w io.Writer) *Writer { return &Writer{r: r, w: w} }

// Write implements io.Writer. It reports len(p) unless w fails.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.held) == 0 && w.covered == 0 && w.r.knowsNothing() {
		return w.w.Write(p)
	}
	w.held = append(w.held, p...)
	if err := w.out(false); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush writes what is held back. Call it at the end, and before waiting for a
// person's answer to what was written.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out(true)
}

func (w *Writer) out(all bool) error {
	w.r.mu.RLock()
	upto := len(w.held)
	if !all {
		upto = w.r.open(w.held)
	}
	b, covered := w.r.mask(nil, w.held, upto, w.covered)
	w.r.mu.RUnlock()
	w.held = append(w.held[:0], w.held[upto:]...)
	w.covered = covered
	if len(b) == 0 {
		return nil
	}
	_, err := w.w.Write(b)
	return err
}
