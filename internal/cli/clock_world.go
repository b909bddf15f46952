//go:build crashpoints

package cli

import (
	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/world"
)

// realClock is the clock of a served world whose folder FIREBREAK_CLOCK names, so
// that hundreds of incidents with their waits fit into a test of the real binary;
// without it the clock on the wall.
func realClock(environ map[string]string) (drive.Clock, error) {
	dir := environ["FIREBREAK_CLOCK"]
	if dir == "" {
		return wall{}, nil
	}
	return world.FollowScaled(dir)
}
