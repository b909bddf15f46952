// Package playbooks embeds the playbooks and scenarios that ship with firebreak.
package playbooks

import (
	"embed"
	"io/fs"
)

//go:embed all:scenarios
var embedded embed.FS

// Scenarios is the folder of shipped scenarios: NAME.yaml with the files it refers
// to in a folder beside it.
func Scenarios() (fs.FS, error) { return fs.Sub(embedded, "scenarios") }
