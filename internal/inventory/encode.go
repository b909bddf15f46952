package inventory

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Encode gives the JSON form: two-space indented, no HTML escaping, one final line
// break. The same inventory gives the same bytes.
func Encode(inv Inventory) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(inv); err != nil {
		return nil, fmt.Errorf("encode inventory: %w", err)
	}
	return b.Bytes(), nil
}
