package schema

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

type inside struct {
	Name string `json:"name"`
}

type sample struct {
	inside
	Whole  int               `json:"whole"`
	Maybe  *inside           `json:"maybe,omitempty"`
	Null   *time.Time        `json:"null"`
	List   []inside          `json:"list"`
	Map    map[string]inside `json:"map"`
	Raw    json.RawMessage   `json:"raw"`
	Again  []sample          `json:"again,omitempty"`
	Hidden string            `json:"-"`
	Word   word              `json:"word"`
}

type word string

func document(t *testing.T, v any, o Options) []byte {
	t.Helper()
	n, err := Of("firebreak.sample/1", "A sample", reflect.TypeOf(v), o)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOfWritesDownWhatTheTypeMarshals(t *testing.T) {
	b := document(t, sample{}, Options{})
	for _, want := range []string{
		`"$id":"urn:firebreak:sample:1"`, `"whole":{"type":"integer"}`, `"maybe":{"$ref":"#/$defs/schema.inside"}`,
		`"null":{"format":"date-time","type":["string","null"]}`, `"again":{"items":{"$ref":"#/$defs/schema.sample"},"type":"array"}`,
		`"required":["name","whole","null","list","map","raw","word"]`,
	} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in\n%s", want, b)
		}
	}
	if strings.Contains(string(b), "Hidden") {
		t.Error("what has no JSON is described")
	}
}

func TestOfRefusesAFieldWithoutAName(t *testing.T) {
	type nameless struct{ Field string }
	if _, err := Of("x/1", "", reflect.TypeFor[nameless](), Options{}); err == nil {
		t.Error("a field without a JSON name is a name nobody chose")
	}
}

// Whatever a reader could rely on and cannot any more is found; what is added is not.
func TestLostFindsWhatBreaksReaders(t *testing.T) {
	type row struct {
		A string `json:"a"`
		B int    `json:"b,omitempty"`
	}
	type was struct {
		X string `json:"x"`
		R []row  `json:"r"`
	}
	type rowPlus struct {
		A string `json:"a"`
		B int    `json:"b"`
		C string `json:"c,omitempty"`
	}
	type added struct {
		X string    `json:"x"`
		R []rowPlus `json:"r"`
		Y string    `json:"y"`
	}
	type rowRenamed struct {
		A string `json:"z"`
		B int    `json:"b,omitempty"`
	}
	type renamed struct {
		X string       `json:"x"`
		R []rowRenamed `json:"r"`
	}
	type retyped struct {
		X int   `json:"x"`
		R []row `json:"r"`
	}
	type optional struct {
		X string `json:"x,omitempty"`
		R []row  `json:"r"`
	}
	before := document(t, was{}, Options{})
	for _, c := range []struct {
		after any
		want  []string
	}{
		{was{}, nil},
		{added{}, nil},
		{renamed{}, []string{".r[].a is gone"}},
		{retyped{}, []string{".x was string and is integer"}},
		{optional{}, []string{".x was always there and may be missing"}},
		{row{}, []string{".r is gone", ".r[].a is gone", ".r[].b is gone", ".x is gone"}},
	} {
		got, err := Lost(before, document(t, c.after, Options{}))
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%T: %q %v, want %q", c.after, got, err, c.want)
		}
	}
}

// A stream loses a field in one kind of line only.
func TestLostLooksIntoEveryLine(t *testing.T) {
	type record struct {
		Type string `json:"type"`
		Data any    `json:"data"`
	}
	type head struct {
		Type string `json:"type"`
		V    int    `json:"v"`
	}
	stream := func(kinds map[string]reflect.Type) []byte {
		n, err := Stream("s/1", "", map[string]reflect.Type{"version": reflect.TypeFor[head]()}, reflect.TypeFor[record](), kinds, Options{})
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	before := stream(map[string]reflect.Type{"a": reflect.TypeFor[inside](), "b": reflect.TypeFor[inside]()})
	for _, after := range []map[string]reflect.Type{
		{"a": reflect.TypeFor[inside]()},
		{"a": reflect.TypeFor[inside](), "b": reflect.TypeFor[struct{}]()},
	} {
		lost, err := Lost(before, stream(after))
		if err != nil || !slices.Contains(lost, "(b).data.name is gone") {
			t.Errorf("%q %v", lost, err)
		}
	}
}

func TestCommentsComeFromTheSources(t *testing.T) {
	c, err := Read(fstest.MapFS{"p/a.go": {Data: []byte(`package p

// A is one.
// Of two lines.
type A struct {
	// Above.
	X string // beside
	Y int
}

// W is a word.
type W string

const (
	One W = "one" // the first.
	Two W = "two"
)
`)}, "p/a_test.go": {Data: []byte("package p\n\n// A is a lie.\ntype A int\n")}}, "p")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"p.A": "A is one. Of two lines.", "p.A.X": "Above. beside", "p.A.Y": "", "p.W": `W is a word. "one" (the first); "two";`} {
		if c[name] != want {
			t.Errorf("%s: %q, want %q", name, c[name], want)
		}
	}
}
