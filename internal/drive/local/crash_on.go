//go:build crashpoints

package local

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// crash kills this process at a named place: FIREBREAK_CRASH="after-answer:7" at
// the seventh answer to a mutating call, before it is recorded; "after-fsync:7"
// once the seventh outcome is on disk; "before-seal:1" between the first mint's
// answer and its sealing; "opened:1" when the incident has a first record and no plan.
// Only for crash tests of the real binary.
var crash crashPoint

type crashPoint struct{ answers, syncs, seals, opened atomic.Int64 }

func (c *crashPoint) pass(place string, n int) {
	name, at, ok := strings.Cut(os.Getenv("FIREBREAK_CRASH"), ":")
	if !ok || n == 0 {
		return
	}
	want, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		panic(fmt.Sprintf("FIREBREAK_CRASH: %q is not a number", at))
	}
	count := map[string]*atomic.Int64{"after-answer": &c.answers, "after-fsync": &c.syncs, "before-seal": &c.seals, "opened": &c.opened}[place]
	now := count.Add(int64(n))
	if name == place && now >= want && now-int64(n) < want {
		if err := syscall.Kill(syscall.Getpid(), syscall.SIGKILL); err != nil {
			panic(err)
		}
		select {} // the signal is on its way
	}
}
