package respond

import (
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

// join lists words as a person would: the first few, and how many more.
func join(words []string) string {
	const most = 5
	if len(words) > most {
		return strings.Join(words[:most], ", ") + " and " + itoa(len(words)-most) + " more"
	}
	return strings.Join(words, ", ")
}
