package term

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Interrupts are the two stages of Ctrl-C.
type Interrupts struct {
	// Finish is closed by the first: start nothing more, let running calls end, record them.
	Finish <-chan struct{}
	// Context is cancelled by the second: break off the running calls.
	Context context.Context
	// Fired reports whether there was one.
	Fired func() bool
}

// CatchInterrupts turns SIGINT and SIGTERM into stages until the returned function
// is called. The first is announced on errs.
func CatchInterrupts(ctx context.Context, errs *Screen) (Interrupts, func()) {
	ctx, cancel := context.WithCancel(ctx)
	finish, done, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		defer close(ended)
		select {
		case <-done:
			return
		case <-signals:
		}
		close(finish)
		announce(errs)
		select {
		case <-done:
		case <-signals:
			cancel()
		}
	}()
	fired := func() bool {
		select {
		case <-finish:
			return true
		default:
			return false
		}
	}
	stop := func() {
		signal.Stop(signals)
		close(done)
		<-ended
		cancel()
	}
	return Interrupts{finish, ctx, fired}, stop
}

// announce cannot do more about a stream that is gone than go on.
func announce(errs *Screen) {
	if _, err := fmt.Fprintln(errs, "finishing the running calls, recording them; again to stop at once"); err != nil {
		return
	}
}
