//go:build !crashpoints

package cli

import "github.com/firebreak/firebreak/internal/drive"

// realClock is the clock of a response to real providers.
func realClock(map[string]string) (drive.Clock, error) { return wall{}, nil }
