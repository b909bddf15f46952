//go:build crashpoints

package ticket

import (
	"os"
	"syscall"
)

// crash kills this process at a named place: FIREBREAK_CRASH="claimed:1" once the key
// is held, "meant:1" once it points to an incident that does not exist yet. Only for
// crash tests of the real binary.
var crash crashPoint

type crashPoint struct{}

func (crashPoint) pass(place string) {
	if os.Getenv("FIREBREAK_CRASH") != place+":1" {
		return
	}
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGKILL); err != nil {
		panic(err)
	}
	select {} // the signal is on its way
}
