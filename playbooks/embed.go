// Package playbooks embeds the playbooks and scenarios that ship with firebreak.
package playbooks

import (
	"embed"
	"io/fs"
)

//go:embed *.yaml all:scenarios
var embedded embed.FS

// Files holds the shipped playbooks as NAME.yaml in its root.
func Files() fs.FS { return embedded }

// Scenarios is the folder of shipped scenarios: NAME.yaml with the files it refers
// to in a folder beside it.
func Scenarios() (fs.FS, error) { return fs.Sub(embedded, "scenarios") }
