// Command firebreak responds to a compromised CI workflow, and proves it.
package main

import (
	"os"
	"runtime/debug"

	"github.com/firebreak/firebreak/internal/cli"
)

// version is set by the linker.
var version = "dev"

// memory is what the garbage collector tries to stay within where GOMEMLIMIT says
// nothing: it collects harder on the way there. It is no bound.
const memory = 860 << 20

func main() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memory)
	}
	os.Exit(cli.Main(version, os.Args[1:], os.Environ()))
}
