package cli

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/term"
	"github.com/firebreak/firebreak/internal/view"
)

// glimpse is how often watch looks whether the journal has grown. A network file
// system tells nobody, so it is looked at.
const glimpse = 300 * time.Millisecond

// clearScreen puts the cursor home and clears what is below it.
const clearScreen = "\x1b[H\x1b[2J"

// watch shows an incident whenever its journal grows, until it is closed. On a
// terminal each picture takes the place of the one before; elsewhere it follows it.
// Ctrl-C ends it as interrupted: who waits for the end has not seen it.
func (f *Factory) watch(ctx context.Context, dir, format string) error {
	interrupt, stop := term.CatchInterrupts(nil)
	defer stop()
	tick := time.NewTicker(glimpse)
	defer tick.Stop()
	w := watcher{f: f, dir: dir, format: format, size: -1}
	for {
		closed, err := w.look()
		if err != nil || closed {
			return err
		}
		select {
		case <-tick.C:
		case <-interrupt:
			return fault(Interrupted, "firebreak status "+filepath.Base(dir)+" --watch", "the incident goes on unwatched")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

type watcher struct {
	f      *Factory
	dir    string
	format string
	size   int64 // of the journal when it was shown last
	shown  int   // records told as ndjson
}

// look shows the incident if its journal has grown, and says whether it is closed.
func (w *watcher) look() (closed bool, err error) {
	info, err := os.Stat(filepath.Join(w.dir, journal.File))
	if err != nil || info.Size() == w.size {
		return false, err
	}
	w.size = info.Size()
	r, d, err := readIncident(w.dir)
	if err != nil {
		return false, err
	}
	s := d.State()
	switch w.format {
	case "json":
		err = view.JSON(w.f.IO.Out, picture(d))
	case "ndjson":
		err = w.records(r)
	default:
		if w.f.IO.OutTTY {
			if _, err := io.WriteString(w.f.IO.Out, clearScreen); err != nil {
				return false, err
			}
		}
		if err = w.f.where(w.dir, s); err == nil && !w.f.IO.OutTTY {
			_, err = io.WriteString(w.f.IO.Out, "\n")
		}
	}
	return s.Phase == "closed", err
}

func (w *watcher) records(r *journal.Replay) error {
	if w.shown == 0 {
		if err := view.Version(w.f.IO.Out, w.f.Version); err != nil {
			return err
		}
	}
	for ; w.shown < len(r.Events); w.shown++ {
		if err := view.Record(w.f.IO.Out, r.Opened.Incident, w.shown+1, r.Events[w.shown]); err != nil {
			return err
		}
	}
	return nil
}
