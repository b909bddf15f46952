package adapters

import (
	"strings"

	"github.com/firebreak/firebreak/internal/secret"
)

// MaskFits reports whether a masked value ("npm_aB…9xYz", "...9xYz") may be the given
// one: the characters the mask leaves at both ends are the value's own. Two values may
// look the same.
func MaskFits(masked string, value secret.Text) bool {
	head, tail, ok := maskEnds(masked)
	v := value.Reveal()
	return ok && len(head)+len(tail) <= len(v) && strings.HasPrefix(v, head) && strings.HasSuffix(v, tail)
}

// MaskTells reports whether a mask leaves enough characters to tell one value from
// another.
func MaskTells(masked string) bool {
	_, _, ok := maskEnds(masked)
	return ok
}

func maskEnds(masked string) (head, tail string, ok bool) {
	hidden := func(r rune) bool { return r == '.' || r == '…' || r == '*' || r == '•' }
	from := strings.IndexFunc(masked, hidden)
	if from < 0 {
		return "", "", false
	}
	const few = 4
	head, tail = masked[:from], strings.TrimLeftFunc(masked[from:], hidden)
	return head, tail, len(tail) >= few || len(head) >= 2*few
}
