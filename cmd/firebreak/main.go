// Command firebreak responds to a compromised CI workflow, and proves it.
package main

import (
	"os"

	"github.com/firebreak/firebreak/internal/cli"
)

// version is set by the linker.
var version = "dev"

func main() { os.Exit(cli.Main(version, os.Args[1:], os.Environ())) }
