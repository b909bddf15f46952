package term

import (
	"os"

	"golang.org/x/sys/unix"
)

// waiting reports whether more was typed already than a person types between two keys.
func waiting(f *os.File) bool {
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(f.Fd()), Events: unix.POLLIN}}, 50) //nolint:gosec // a descriptor
	return err == nil && n > 0
}
