package inventory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Encode gives the JSON form: two-space indented, no HTML escaping, one final line
// break. The same inventory gives the same bytes, which are those of encoding/json.
//
// It writes the indentation as it goes, where encoding/json writes the text first and
// indents it afterwards: an organization's inventory has hundreds of megabytes.
func Encode(inv Inventory) ([]byte, error) {
	b := make([]byte, 0, 1<<20)
	b, err := appendValue(b, reflect.ValueOf(&inv).Elem(), 0)
	if err != nil {
		return nil, fmt.Errorf("encode inventory: %w", err)
	}
	return append(b, '\n'), nil
}

// field is a struct's field as JSON has it.
type field struct {
	index     []int
	key       string // with quotes and colon
	omitEmpty bool
}

// layouts are the fields of every struct an inventory is made of.
var layouts = func() map[reflect.Type][]field {
	all := map[reflect.Type][]field{}
	layout(all, reflect.TypeFor[Inventory]())
	return all
}()

func layout(all map[reflect.Type][]field, t reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		layout(all, t.Elem())
		return
	case reflect.Struct:
	default:
		return
	}
	if _, done := all[t]; done {
		return
	}
	all[t] = nil
	var fields []field
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		fields = append(fields, field{f.Index, strconv.Quote(name) + ": ", strings.Contains(options, "omitempty")})
		layout(all, f.Type)
	}
	all[t] = fields
}

func appendValue(b []byte, v reflect.Value, depth int) ([]byte, error) {
	switch v.Kind() {
	case reflect.String:
		return appendString(b, v.String())
	case reflect.Int, reflect.Int64:
		return strconv.AppendInt(b, v.Int(), 10), nil
	case reflect.Bool:
		return strconv.AppendBool(b, v.Bool()), nil
	case reflect.Pointer:
		if v.IsNil() {
			return append(b, "null"...), nil
		}
		return appendValue(b, v.Elem(), depth)
	case reflect.Slice:
		return appendList(b, v, depth)
	case reflect.Map:
		return appendMap(b, v, depth)
	case reflect.Struct:
		return appendStruct(b, v, depth)
	}
	return nil, fmt.Errorf("a %s is not written", v.Type())
}

func appendStruct(b []byte, v reflect.Value, depth int) ([]byte, error) {
	b = append(b, '{')
	first := true
	var err error
	for i := range layouts[v.Type()] {
		f := &layouts[v.Type()][i]
		x := v.FieldByIndex(f.index)
		if f.omitEmpty && empty(x) {
			continue
		}
		b = begin(b, first, depth+1)
		first = false
		b = append(b, f.key...)
		if b, err = appendValue(b, x, depth+1); err != nil {
			return nil, err
		}
	}
	return end(b, first, depth, '}'), nil
}

func appendList(b []byte, v reflect.Value, depth int) ([]byte, error) {
	if v.IsNil() {
		return append(b, "null"...), nil
	}
	b = append(b, '[')
	var err error
	for i := range v.Len() {
		b = begin(b, i == 0, depth+1)
		if b, err = appendValue(b, v.Index(i), depth+1); err != nil {
			return nil, err
		}
	}
	return end(b, v.Len() == 0, depth, ']'), nil
}

func appendMap(b []byte, v reflect.Value, depth int) ([]byte, error) {
	if v.IsNil() {
		return append(b, "null"...), nil
	}
	b = append(b, '{')
	keys := v.MapKeys()
	slices.SortFunc(keys, func(x, y reflect.Value) int { return strings.Compare(x.String(), y.String()) })
	var err error
	for i, k := range keys {
		b = begin(b, i == 0, depth+1)
		if b, err = appendString(b, k.String()); err != nil {
			return nil, err
		}
		b = append(b, ": "...)
		if b, err = appendValue(b, v.MapIndex(k), depth+1); err != nil {
			return nil, err
		}
	}
	return end(b, len(keys) == 0, depth, '}'), nil
}

const spaces = "                                "

// begin starts a member or an item.
func begin(b []byte, first bool, depth int) []byte {
	if !first {
		b = append(b, ',')
	}
	return append(append(b, '\n'), spaces[:min(2*depth, len(spaces))]...)
}

func end(b []byte, none bool, depth int, closing byte) []byte {
	if !none {
		b = append(append(b, '\n'), spaces[:min(2*depth, len(spaces))]...)
	}
	return append(b, closing)
}

func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String, reflect.Slice, reflect.Map:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

// appendString writes plain text itself and leaves everything else to encoding/json.
func appendString(b []byte, s string) ([]byte, error) {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			var out bytes.Buffer
			e := json.NewEncoder(&out)
			e.SetEscapeHTML(false)
			if err := e.Encode(s); err != nil {
				return nil, err
			}
			return append(b, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...), nil
		}
	}
	return append(append(append(b, '"'), s...), '"'), nil
}
