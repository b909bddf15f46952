package inventory

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// filled draws any value of a type, nil and empty ones among them.
func filled(t *rapid.T, v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~]{0,8}`), rapid.SampledFrom([]string{"", "<&>", "\u2028", "a\x00b", "\xff", "\"\\\n\t"})).Draw(t, "text"))
	case reflect.Int, reflect.Int64:
		v.SetInt(rapid.Int64().Draw(t, "int"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "some") {
			v.Set(reflect.New(v.Type().Elem()))
			filled(t, v.Elem(), depth)
		}
	case reflect.Slice:
		n := rapid.IntRange(-1, max(2-depth/3, 0)).Draw(t, "n")
		if n < 0 {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			filled(t, v.Index(i), depth+1)
		}
	case reflect.Map:
		n := rapid.IntRange(-1, 2).Draw(t, "n")
		if n < 0 {
			return
		}
		v.Set(reflect.MakeMap(v.Type()))
		for range n {
			k, x := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			filled(t, k, depth)
			filled(t, x, depth)
			v.SetMapIndex(k, x)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				filled(t, v.Field(i), depth+1)
			}
		}
	default:
		t.Fatalf("%s", v.Type())
	}
}

// Any inventory is written byte for byte as encoding/json writes it.
func TestWriteIsWhatEncodingJSONWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var inv Inventory
		filled(t, reflect.ValueOf(&inv).Elem(), 0)
		got, err := Encode(inv)
		if err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(inv); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want.Bytes()) {
			t.Fatalf("got\n%s\nwant\n%s", got, want.Bytes())
		}
	})
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no room") }

func TestWriteTellsThatItCouldNot(t *testing.T) {
	if err := Write(full{}, Inventory{}); err == nil {
		t.Error("nothing was written, and nothing is told")
	}
}
