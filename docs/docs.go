// Package docs holds the parts of the documentation that the program prints itself.
package docs

import (
	"embed"
	"io/fs"
)

//go:embed schema/*.json
var files embed.FS

// Schemas are the JSON Schema documents of what we print and read, by file name.
func Schemas() (fs.FS, error) { return fs.Sub(files, "schema") }
