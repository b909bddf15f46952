package boundary

import "strings"

func containsFold(list []string, s string) bool {
	for _, x := range list {
		if strings.EqualFold(x, s) {
			return true
		}
	}
	return false
}

func compact(s []string) []string {
	var out []string
	for _, x := range s {
		if !containsFold(out, x) {
			out = append(out, x)
		}
	}
	return out
}
