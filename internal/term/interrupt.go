package term

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// CatchInterrupts turns every SIGINT, SIGTERM and SIGHUP (the terminal is gone) into
// a value, until stop is called. The first is announced on errs, unless it is nil: what runs is finished
// and recorded. A second one is for leaving at once; after that the process can
// only be killed.
func CatchInterrupts(errs *Screen) (interrupt <-chan struct{}, stop func()) {
	out := make(chan struct{}, 2)
	done, ended := make(chan struct{}), make(chan struct{})
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		defer close(ended)
		for n := 0; n < 2; n++ {
			select {
			case <-done:
				return
			case <-signals:
			}
			if n == 0 && errs != nil {
				announce(errs)
			}
			out <- struct{}{}
		}
		<-done
	}()
	return out, func() {
		signal.Stop(signals)
		close(done)
		<-ended
	}
}

// OutliveReaders makes a write to a pipe whose reader is gone an error instead of
// the end of the process: a response is not stopped by its own display.
func OutliveReaders() { signal.Ignore(syscall.SIGPIPE) }

// announce cannot do more about a stream that is gone than go on.
func announce(errs *Screen) {
	if _, err := fmt.Fprintln(errs, "finishing the running calls, recording them; again to stop at once"); err != nil {
		return
	}
}
