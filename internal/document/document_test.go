package document

import (
	"reflect"
	"testing"
)

func open(t *testing.T, text string) (*Document, Node) {
	t.Helper()
	d, n, ok := Open("f.yaml", []byte(text))
	if !ok {
		t.Fatalf("%v", d.Problems)
	}
	return d, n
}

func TestValues(t *testing.T) {
	d, root := open(t, "s: text\nq: \"007\"\nn: 1_000\nb: true\nl: [a, b]\none: a\nm: { x: { y: [1, no] } }\nblock: |\n  two\n  lines\nempty:\n")
	got := map[string]any{}
	for _, e := range root.Map() {
		switch e.Name {
		case "l", "one":
			got[e.Name] = e.Value.Texts()
		case "empty":
			got[e.Name] = e.Value.Exists()
		default:
			got[e.Name] = e.Value.Literal()
		}
	}
	want := map[string]any{
		"s": "text", "q": "007", "n": int64(1000), "b": true, "l": []string{"a", "b"}, "one": []string{"a"},
		"m": map[string]any{"x": map[string]any{"y": []any{int64(1), "no"}}}, "block": "two\nlines\n", "empty": false,
	}
	if !reflect.DeepEqual(got, want) || len(d.Problems) != 0 {
		t.Errorf("got  %#v\nwant %#v\n%v", got, want, d.Problems)
	}
}

func TestReadersGoOnAfterAMistake(t *testing.T) {
	d, root := open(t, "a: [1]\nb: text\nc: 1.5\nd: x\n")
	for _, e := range root.Map("a", "b", "c") {
		switch e.Name {
		case "a":
			e.Value.Texts()
		case "b":
			e.Value.Int()
			e.Value.Bool()
			e.Value.List()
			e.Value.Map()
		case "c":
			e.Value.Literal()
			e.Value.Int()
		}
	}
	if len(d.Problems) != 8 {
		t.Errorf("%d problems:\n%v", len(d.Problems), d.Problems)
	}
}

func TestFindInside(t *testing.T) {
	_, root := open(t, "a: \"x ${{ one }}\"\nb: >-\n  folded\n  ${{ two }} text\nc: plain ${{ three }}\nd: \"escaped \\\"${{ four }}\"\n")
	want := map[string]Pos{"a": {1, 7}, "b": {4, 3}, "c": {5, 10}, "d": {6, 15}}
	for _, e := range root.Map() {
		if got := e.Value.Find("${{"); got != want[e.Name] {
			t.Errorf("%s: %v, want %v", e.Name, got, want[e.Name])
		}
		if got := e.Value.Find("nowhere"); got != e.Value.Pos() {
			t.Errorf("%s: %v", e.Name, got)
		}
	}
}
