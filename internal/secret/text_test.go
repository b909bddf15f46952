package secret

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"text/template"

	"github.com/goccy/go-yaml"
)

const canary = "c4n4ry-Value/+=<&>\"'\\ with spaces"

func clean(t *testing.T, where, out string) {
	t.Helper()
	for _, f := range Forms(canary) {
		if strings.Contains(out, f) {
			t.Errorf("%s shows the value as %q: %s", where, f, out)
		}
	}
	// Formatting a struct of bytes gives them as numbers.
	for _, f := range []string{fmt.Sprint([]byte(canary)), strings.Trim(fmt.Sprint([]byte(canary[:6])), "[]"), fmt.Sprintf("%#v", []byte(canary))} {
		if strings.Contains(out, f) {
			t.Errorf("%s shows the value as bytes: %s", where, out)
		}
	}
}

type holder struct {
	Name string
	T    Text
	p    *Text
	in   struct{ t Text }
}

func TestNoVerbPrints(t *testing.T) {
	v := NewString(canary)
	h := holder{Name: "n", T: v, p: &v}
	h.in.t = v
	shapes := map[string]any{
		"value": v, "pointer": &v, "struct": h, "pointer to struct": &h, "map": map[string]Text{"k": v}, "key": map[Text]string{v: "k"},
		"slice": []Text{v}, "array": [1]Text{v}, "interface": any(v), "any slice": []any{v, &h}, "error": fmt.Errorf("wrapped: %v %+v", v, &h),
		"nested": map[string][]holder{"k": {h}},
	}
	verbs := "vTtbcdoOqxXUeEfFgGsp!zw"
	for name, s := range shapes {
		for _, flag := range []string{"", "+", "#", "-", " ", "0", "10", ".2", "+#", "# "} {
			for _, verb := range verbs {
				f := "%" + flag + string(verb)
				clean(t, name+" with "+f, fmt.Sprintf(f, s))
			}
		}
		clean(t, name+" printed", fmt.Sprint(s)+fmt.Sprintln(s))
	}
	if got := fmt.Sprintf("%v|%s|%q|%x|%#v|%d", v, v, v, v, v, v); got != strings.Repeat(Mask+"|", 5)+Mask {
		t.Errorf("a value prints as %s", got)
	}
}

func TestNoEncoderTakes(t *testing.T) {
	v := NewString(canary)
	h := struct {
		T Text
		P *Text
	}{v, &v}
	encoders := map[string]func(any) ([]byte, error){
		"json":   json.Marshal,
		"indent": func(a any) ([]byte, error) { return json.MarshalIndent(a, "", " ") },
		"xml":    xml.Marshal,
		"yaml":   yaml.Marshal,
		"gob": func(a any) ([]byte, error) {
			var b bytes.Buffer
			err := gob.NewEncoder(&b).Encode(a)
			return b.Bytes(), err
		},
	}
	for name, enc := range encoders {
		for shape, a := range map[string]any{"value": v, "struct": h, "slice": []Text{v}, "pointer": &h} {
			b, err := enc(a)
			if err == nil {
				t.Errorf("%s of a %s gave no error: %s", name, shape, b)
			}
			clean(t, name+" of a "+shape, string(b)+fmt.Sprint(err))
		}
	}
	if _, err := json.Marshal(map[Text]int{v: 1}); err == nil {
		t.Error("json took it as a key")
	}
	for name, f := range map[string]func() ([]byte, error){"text": v.MarshalText, "binary": v.MarshalBinary, "json": v.MarshalJSON, "gob": v.GobEncode} {
		if b, err := f(); !errors.Is(err, ErrSealed) || len(b) != 0 {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
}

func TestNoLogShows(t *testing.T) {
	v := NewString(canary)
	h := holder{T: v, p: &v}
	var b bytes.Buffer
	for _, l := range []*slog.Logger{slog.New(slog.NewTextHandler(&b, nil)), slog.New(slog.NewJSONHandler(&b, nil))} {
		l.Info("m", "v", v, "p", &v, "s", h, "ps", &h, "l", []Text{v}, "e", fmt.Errorf("e: %w", errors.New(v.String())), slog.Group("g", "v", v))
	}
	clean(t, "slog", b.String())
	if strings.Count(b.String(), "v="+Mask) != 2 {
		t.Errorf("slog shows no mask: %s", b.String())
	}
	b.Reset()
	if err := template.Must(template.New("").Parse("{{.}} {{printf `%s %x` . .}}")).Execute(&b, v); err != nil {
		t.Fatal(err)
	}
	clean(t, "template", b.String())
}

func TestNoPanicShows(t *testing.T) {
	defer func() {
		clean(t, "panic", fmt.Sprint(recover()))
	}()
	panic(fmt.Errorf("it broke: %w", errors.Join(fmt.Errorf("%#v", holder{T: NewString(canary)}))))
}

func TestReveal(t *testing.T) {
	v := NewString(canary)
	w := v
	if v.Reveal() != canary || !v.Equal(NewString(canary)) || v.Equal(NewString("x")) || v.Empty() {
		t.Error("a value is not what it was made of")
	}
	if (Text{}).Reveal() != "" || !(Text{}).Empty() || !(Text{}).Equal(NewString("")) {
		t.Error("the zero value is not empty")
	}
	v.Wipe()
	if !w.Empty() || w.Reveal() != "" {
		t.Error("a copy outlived Wipe")
	}
	(Text{}).Wipe()
}
