package local

import "encoding/json"

// literal turns the numbers of a decoded plan into int64, or float64 where they
// have a fraction, also inside lists and maps.
func literal(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		if f, err := v.Float64(); err == nil {
			return f
		}
		return v.String()
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = literal(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = literal(v[k])
		}
		return out
	}
	return v
}
