package inventory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Encode gives the JSON form whole; see Write.
func Encode(inv Inventory) ([]byte, error) {
	var b bytes.Buffer
	if err := Write(&b, inv); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Write writes the JSON form: two-space indented, no HTML escaping, one final line
// break. The same inventory gives the same bytes, which are those of encoding/json.
//
// It writes the indentation as it goes and hands on what is written, where encoding/json
// makes the whole text first and indents it afterwards: an organization's inventory
// has hundreds of megabytes.
func Write(to io.Writer, inv Inventory) error {
	w := writer{to: to, b: make([]byte, 0, chunk+chunk/4)}
	w.value(reflect.ValueOf(&inv).Elem(), 0)
	w.b = append(w.b, '\n')
	w.flush()
	if w.err != nil {
		return fmt.Errorf("encode inventory: %w", w.err)
	}
	return nil
}

// chunk is about how many bytes are handed on at once.
const chunk = 32 << 10

// writer collects text and hands it on. Its first error ends it.
type writer struct {
	to  io.Writer
	b   []byte
	err error
}

func (w *writer) flush() {
	if w.err == nil {
		_, w.err = w.to.Write(w.b)
	}
	w.b = w.b[:0]
}

// field is a struct's field as JSON has it.
type field struct {
	index     int
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
		fields = append(fields, field{f.Index[0], strconv.Quote(name) + ": ", strings.Contains(options, "omitempty")})
		layout(all, f.Type)
	}
	all[t] = fields
}

func (w *writer) value(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.String:
		w.text(v.String())
	case reflect.Int, reflect.Int64:
		w.b = strconv.AppendInt(w.b, v.Int(), 10)
	case reflect.Bool:
		w.b = strconv.AppendBool(w.b, v.Bool())
	case reflect.Pointer, reflect.Slice, reflect.Map:
		if v.IsNil() {
			w.b = append(w.b, "null"...)
			return
		}
		switch v.Kind() {
		case reflect.Pointer:
			w.value(v.Elem(), depth)
		case reflect.Slice:
			w.list(v, depth)
		default:
			w.mapping(v, depth)
		}
	case reflect.Struct:
		w.object(v, depth)
	default:
		w.err = fmt.Errorf("a %s is not written", v.Type())
	}
}

func (w *writer) object(v reflect.Value, depth int) {
	w.b = append(w.b, '{')
	first := true
	fields := layouts[v.Type()]
	for i := range fields {
		f := &fields[i]
		x := v.Field(f.index)
		if f.omitEmpty && empty(x) {
			continue
		}
		w.begin(first, depth+1)
		first = false
		w.b = append(w.b, f.key...)
		w.value(x, depth+1)
	}
	w.end(first, depth, '}')
}

func (w *writer) list(v reflect.Value, depth int) {
	w.b = append(w.b, '[')
	for i := range v.Len() {
		w.begin(i == 0, depth+1)
		w.value(v.Index(i), depth+1)
	}
	w.end(v.Len() == 0, depth, ']')
}

func (w *writer) mapping(v reflect.Value, depth int) {
	w.b = append(w.b, '{')
	keys := v.MapKeys()
	slices.SortFunc(keys, func(x, y reflect.Value) int { return strings.Compare(x.String(), y.String()) })
	for i, k := range keys {
		w.begin(i == 0, depth+1)
		w.text(k.String())
		w.b = append(w.b, ": "...)
		w.value(v.MapIndex(k), depth+1)
	}
	w.end(len(keys) == 0, depth, '}')
}

const spaces = "                                        "

// begin starts a member or an item.
func (w *writer) begin(first bool, depth int) {
	if len(w.b) > chunk {
		w.flush()
	}
	if !first {
		w.b = append(w.b, ',')
	}
	w.b = append(append(w.b, '\n'), spaces[:2*depth]...)
}

func (w *writer) end(none bool, depth int, closing byte) {
	if !none {
		w.b = append(append(w.b, '\n'), spaces[:2*depth]...)
	}
	w.b = append(w.b, closing)
}

// text writes plain text itself and leaves everything else to encoding/json.
func (w *writer) text(s string) {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			var out bytes.Buffer
			e := json.NewEncoder(&out)
			e.SetEscapeHTML(false)
			if err := e.Encode(s); err != nil && w.err == nil {
				w.err = err
			}
			w.b = append(w.b, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...)
			return
		}
	}
	w.b = append(append(append(w.b, '"'), s...), '"')
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
