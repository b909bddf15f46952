package view

import (
	"encoding/json"
	"io"
)

// JSON writes v as indented JSON with one final line break.
func JSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
