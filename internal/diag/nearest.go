package diag

import "strings"

// DidYouMean gives a hint that names the known word nearest to the one written,
// or lists what is known when nothing is near.
func DidYouMean(written string, known []string) string {
	if n := Nearest(written, known); n != "" {
		return "did you mean " + n + "?"
	}
	if len(known) == 0 {
		return ""
	}
	return "known here: " + strings.Join(known, ", ")
}

// Nearest gives the known word with the fewest edits to written, "" when even that
// one differs in more than a third of its letters. Ties go to the first.
func Nearest(written string, known []string) string {
	best, least := "", len(written)
	for _, k := range known {
		d := edits(strings.ToLower(written), strings.ToLower(k))
		if d <= max(1, max(len(k), len(written))/3) && d < least {
			best, least = k, d
		}
	}
	return best
}

// edits is the Damerau-Levenshtein distance with adjacent swaps, over bytes.
func edits(a, b string) int {
	prev2, prev, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], prev2[j-2]+1)
			}
		}
		prev2, prev, row = prev, row, prev2
	}
	return prev[len(b)]
}
