package rehearse

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/document"
)

// reader fills the scenario's structs and remembers where everything stands, so
// that what is found wrong later can be told at its place.
type reader struct {
	doc *document.Document
	at  map[string]document.Node // by path: "attacker.does[0]"
}

// decode fills into from src. Every mistake is among the document's problems.
func decode(file string, src []byte, into any) *reader {
	doc, root, ok := document.Open(file, src)
	d := &reader{doc: doc, at: map[string]document.Node{}}
	if ok {
		d.value("", root, reflect.ValueOf(into).Elem())
	}
	return d
}

// mistake reports at path, or at the nearest thing above that is there.
func (d *reader) mistake(path, message, hint string) {
	n, ok := d.at[path]
	for !ok && path != "" {
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
		n, ok = d.at[path]
	}
	n.Report(message, hint)
}

func (d *reader) value(path string, n document.Node, v reflect.Value) {
	d.at[path] = n
	if !n.Exists() {
		return
	}
	switch v.Interface().(type) {
	case time.Time:
		if t, ok := text(n, time.RFC3339, "a time like 2025-03-14T16:57:00Z", time.Parse); ok {
			v.Set(reflect.ValueOf(t))
		}
		return
	case time.Duration:
		if t, ok := text(n, "", "a span of time like 90s or 5m", func(_, s string) (time.Duration, error) { return time.ParseDuration(s) }); ok {
			v.SetInt(int64(t))
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(path, n, v.Elem())
	case reflect.Struct:
		fields := fieldsOf(v.Type())
		for _, e := range n.Map(slices.Sorted(maps.Keys(fields))...) {
			d.value(below(path, e.Name), e.Value, v.Field(fields[e.Name]))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for _, e := range n.Map() {
			x := reflect.New(v.Type().Elem()).Elem()
			d.value(below(path, e.Name), e.Value, x)
			v.SetMapIndex(reflect.ValueOf(e.Name), x)
		}
	case reflect.Slice:
		list := n.List()
		v.Set(reflect.MakeSlice(v.Type(), len(list), len(list)))
		for i, e := range list {
			d.value(path+"["+strconv.Itoa(i)+"]", e, v.Index(i))
		}
	default:
		scalar(n, v)
	}
}

func scalar(n document.Node, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if s, ok := n.Text(); ok {
			v.SetString(s)
		}
	case reflect.Bool:
		if b, ok := n.Bool(); ok {
			v.SetBool(b)
		}
	case reflect.Interface:
		if x := n.Literal(); x != nil {
			v.Set(reflect.ValueOf(x))
		}
	default:
		if i, ok := n.Int(); ok {
			v.SetInt(i)
		}
	}
}

func text[T any](n document.Node, layout, what string, parse func(layout, s string) (T, error)) (T, bool) {
	var zero T
	if !n.IsText() {
		n.Report("expected "+what+", found "+n.What(), "")
		return zero, false
	}
	s, _ := n.Text()
	t, err := parse(layout, s)
	if err != nil {
		n.Report(strconv.Quote(s)+" is not "+what, "")
		return zero, false
	}
	return t, true
}

func below(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }

// fieldsOf gives the keys a struct takes. Providers' seeds may name their fields
// for JSON alone.
func fieldsOf(t reflect.Type) map[string]int {
	fields := map[string]int{}
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		name, _, _ := strings.Cut(cmp.Or(tag.Get("yaml"), tag.Get("json")), ",")
		if name != "" && name != "-" {
			fields[name] = i
		}
	}
	return fields
}
