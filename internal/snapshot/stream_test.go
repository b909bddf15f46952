package snapshot

import (
	"bytes"
	"encoding/json"
	"testing"
)

// What is written in a stream is what encoding/json makes of the whole.
func TestWriteIsEncodingJSON(t *testing.T) {
	several := example()
	several.Repositories = append(several.Repositories, Repository{FullName: "acme/<a>"}, Repository{FullName: "acme/z"})
	bare := example()
	bare.AWS, bare.Vault, bare.NPM = nil, nil, nil
	empty := &Snapshot{Gaps: []Gap{{What: "everything"}}}
	for name, s := range map[string]*Snapshot{"one": example(), "several": several, "repositories alone": bare, "none": empty, "nothing": {}} {
		var got, want bytes.Buffer
		if err := Write(&got, s); err != nil {
			t.Fatal(err)
		}
		whole := *s
		whole.Schema, whole.Taken = Schema, s.Taken.UTC()
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(&whole); err != nil {
			t.Fatal(err)
		}
		if got.String() != want.String() {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got.String(), want.String())
		}
		back, err := Read(&got)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if again := encode(t, back); !bytes.Equal(again, want.Bytes()) {
			t.Errorf("%s: read and written again:\n%s", name, again)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"a list":            `[]`,
		"another schema":    `{"schema":"firebreak.snapshot/9"}`,
		"no schema":         `{}`,
		"text behind":       `{"schema":"firebreak.snapshot/1"} {`,
		"repositories as {": `{"schema":"firebreak.snapshot/1","repositories":{}}`,
		"a torn file":       `{"schema":"firebreak.snapshot/1","repositories":[{"full_name":"a/b"}`,
		"a wrong type":      `{"schema":"firebreak.snapshot/1","repositories":[{"full_name":7}]}`,
		"nothing":           ``,
	} {
		if _, err := Read(bytes.NewReader([]byte(text))); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}
