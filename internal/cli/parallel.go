package cli

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// together does n things on as many processors as there are. It is the runner of what
// is pure and comes in thousands: parsing files, judging them.
func together(n int, do func(i int)) {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wait.Wait()
}
