package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// wrapped gives v as it appears in practice, in every encoding of invariant I1.
func wrapped(v string) map[string]string {
	out := map[string]string{
		"plain":       "before " + v + " after",
		"hex":         "x" + hex.EncodeToString([]byte(v)) + "y",
		"upper hex":   strings.ToUpper(hex.EncodeToString([]byte(v))),
		"query":       "https://h/?q=" + url.QueryEscape(v) + "&r=1",
		"path":        "https://h/" + url.PathEscape(v) + "/x",
		"lower query": lowerPercent(url.QueryEscape(v)),
		"html":        "<p>" + html.EscapeString(v) + "</p>",
	}
	r, err := http.NewRequest(http.MethodGet, "http://h/", nil)
	if err != nil {
		panic(err)
	}
	for _, user := range []string{"", "u", "us", "use", "user"} {
		r.SetBasicAuth(user, v)
		out["basic auth of "+user] = r.Header.Get("Authorization")
	}
	for name, enc := range map[string]*base64.Encoding{"std": base64.StdEncoding, "url": base64.URLEncoding, "raw std": base64.RawStdEncoding, "raw url": base64.RawURLEncoding} {
		for before := range 4 {
			for after := range 4 {
				out[fmt.Sprintf("base64 %s %d %d", name, before, after)] = enc.EncodeToString([]byte("abcd"[:before] + v + "wxyz"[:after]))
			}
		}
	}
	if utf8.ValidString(v) {
		b, err := json.Marshal(map[string]string{"v": v})
		if err != nil {
			panic(err)
		}
		out["json"] = string(b)
		var buf bytes.Buffer
		e := json.NewEncoder(&buf)
		e.SetEscapeHTML(false)
		if err := e.Encode([]string{v}); err != nil {
			panic(err)
		}
		out["json without html"] = buf.String()
	}
	return out
}

// shown is the first form of v that s contains, "" when none.
func shown(s, v string) string {
	for _, f := range Forms(v) {
		if len(f) >= Shortest && strings.Contains(s, f) {
			return f
		}
	}
	return ""
}

func TestEveryEncodingIsMasked(t *testing.T) {
	for _, v := range []string{canary, "npm_abcdefghijklmnopqrstuvwxyz0123456789", "abcdef", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYzzzzzzzzzz", "pä§§wörd"} {
		r := NewRedactor()
		if !r.Add(NewString(v)) {
			t.Fatalf("%q is not redacted", v)
		}
		for name, s := range wrapped(v) {
			got := r.String(s)
			if f := shown(got, v); f != "" || !strings.Contains(got, Mask) {
				t.Errorf("%q as %s: %q became %q, which shows %q", v, name, s, got, f)
			}
		}
	}
}

func TestNeighboursStay(t *testing.T) {
	r := NewRedactor()
	r.Add(NewString("secret-one"))
	r.Add(NewString("secret-one-longer"))
	r.Add(NewString("longer-still"))
	for in, want := range map[string]string{
		"nothing to see":              "nothing to see",
		"a secret-one b":              "a " + Mask + " b",
		"a secret-one-longer b":       "a " + Mask + " b", // longest first
		"a secret-one-longer-still b": "a " + Mask + " b", // overlapping
		"secret-one":                  Mask,
		"secret-onesecret-one":        Mask,
		"secret-on":                   "secret-on",
		"":                            "",
		"secret-one secret-one\nsecret-one-longer": Mask + " " + Mask + "\n" + Mask,
	} {
		if got := r.String(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestShortAndManyLined(t *testing.T) {
	r := NewRedactor()
	if r.Add(NewString("12345")) || r.Add(Text{}) {
		t.Error("a short value is said to be redacted")
	}
	if got := r.String("12345"); got != "12345" {
		t.Errorf("a short value tore a hole: %q", got)
	}
	key := "-----BEGIN KEY-----\nAAAAAAAAAAAAAAAAAAAAAAAA\nBBBBBBBBBBBBBBBBBBBBBBBB\n-----END KEY-----\n"
	r.Add(NewString(key))
	if got := r.String("log: BBBBBBBBBBBBBBBBBBBBBBBB"); strings.Contains(got, "BBBB") {
		t.Errorf("a line of a key is shown: %q", got)
	}
}

func TestWriterAcrossBorders(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.StringMatching(`[ab/+<]{6,12}`), 1, 3).Draw(t, "values")
		r := NewRedactor()
		for _, v := range values {
			r.Add(NewString(v))
		}
		part := rapid.OneOf(rapid.SampledFrom(values), rapid.StringMatching(`[ab/+< ]{0,8}`), rapid.Map(rapid.SampledFrom(values), url.QueryEscape))
		text := strings.Join(rapid.SliceOfN(part, 0, 8).Draw(t, "text"), "")
		var b bytes.Buffer
		w := r.Writer(&b)
		for rest := text; rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "chunk")
			if m, err := w.Write([]byte(rest[:n])); m != n || err != nil {
				t.Fatalf("write: %d, %v", m, err)
			}
			rest = rest[n:]
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		got := b.String()
		for _, v := range values {
			if f := shown(strings.ReplaceAll(got, Mask, "\x00"), v); f != "" {
				t.Fatalf("%q written in pieces became %q, which shows %q", text, got, f)
			}
		}
		collapse := func(s string) string {
			for strings.Contains(s, Mask+Mask) {
				s = strings.ReplaceAll(s, Mask+Mask, Mask)
			}
			return s
		}
		if collapse(got) != collapse(r.String(text)) {
			t.Fatalf("in pieces %q, at once %q", got, r.String(text))
		}
	})
}

func TestWriterHoldsNoMoreThanItMust(t *testing.T) {
	r := NewRedactor()
	r.Add(NewString("secret-one"))
	var b bytes.Buffer
	w := r.Writer(&b)
	for _, step := range []struct{ in, out string }{{"Proceed? ", "Proceed? "}, {"secr", ""}, {"ecy\n", "secrecy\n"}, {"a secret-one", "a " + Mask}, {"\n", "\n"}} {
		b.Reset()
		if _, err := w.Write([]byte(step.in)); err != nil {
			t.Fatal(err)
		}
		if b.String() != step.out {
			t.Errorf("after %q: %q, want %q", step.in, b.String(), step.out)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("secret-value", "pre", "post")
	f.Add(canary, "", "x")
	f.Fuzz(func(t *testing.T, v, before, after string) {
		if len(v) < Shortest || strings.Contains(Mask, v) {
			return
		}
		r := NewRedactor()
		r.Add(NewString(v))
		for name, s := range wrapped(v) {
			got := strings.ReplaceAll(r.String(before+s+after), Mask, "\x00")
			if form := shown(got, v); form != "" && !strings.Contains(form, "\x00") {
				t.Fatalf("%s shows %q", name, form)
			}
		}
	})
}

func TestPublishedTextIsNoSecret(t *testing.T) {
	r := NewRedactor()
	r.Publish(`{"id":"rotate/aws.access_key.disable/AKIAPUBLIC0001"}`)
	if r.Add(NewString("AKIAPUBLIC0001")) {
		t.Error("an id that stands in the plan is said to be redacted")
	}
	if !r.Add(NewString("its-secret-half")) || r.String("AKIAPUBLIC0001 its-secret-half") != "AKIAPUBLIC0001 "+Mask {
		t.Errorf("got %q", r.String("AKIAPUBLIC0001 its-secret-half"))
	}
}
