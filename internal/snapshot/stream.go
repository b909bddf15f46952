package snapshot

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// Write writes the file's bytes, those of Encode, one repository after the other: an
// organization's are many. It sorts s in place.
func Write(to io.Writer, s *Snapshot) error {
	Sort(s)
	rest := *s
	rest.Schema, rest.Taken, rest.Repositories = Schema, rest.Taken.UTC(), nil
	b, err := indented(&rest, "")
	if err != nil {
		return fmt.Errorf("encode snapshot: %w", err)
	}
	w := bufio.NewWriterSize(to, 1<<18)
	if len(s.Repositories) == 0 {
		return written(w, b)
	}
	// The repositories come behind the schema and the time, each on a line of its own.
	at := 0
	for range 3 {
		at += bytes.IndexByte(b[at:], '\n') + 1
	}
	head, tail := bytes.TrimRight(b[:at], ",\n"), b[at:]
	if err := written(w, head, []byte(",\n  \"repositories\": [\n")); err != nil {
		return err
	}
	for i := range s.Repositories {
		one, err := indented(&s.Repositories[i], "    ")
		if err != nil {
			return fmt.Errorf("encode snapshot: %s: %w", s.Repositories[i].FullName, err)
		}
		end := ",\n"
		if i == len(s.Repositories)-1 {
			end = "\n  ]"
		}
		if err := written(w, []byte("    "), bytes.TrimRight(one, "\n"), []byte(end)); err != nil {
			return err
		}
	}
	between := ",\n"
	if tail[0] == '}' {
		between = "\n"
	}
	return written(w, []byte(between), tail)
}

func indented(v any, prefix string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent(prefix, "  ")
	err := e.Encode(v)
	return b.Bytes(), err
}

func written(w *bufio.Writer, parts ...[]byte) error {
	for _, p := range parts {
		if _, err := w.Write(p); err != nil {
			return fmt.Errorf("write snapshot: %w", err)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	return nil
}

// Read reads a snapshot file as Decode does, without having the whole text in memory.
func Read(from io.Reader) (*Snapshot, error) {
	const again = "make a new one with firebreak survey"
	d := json.NewDecoder(from)
	s := &Snapshot{}
	rest := map[string]json.RawMessage{}
	err := members(d, func(name string) error {
		if name == "repositories" {
			return elements(d, &s.Repositories)
		}
		var raw json.RawMessage
		err := d.Decode(&raw)
		rest[name] = raw
		return err
	})
	if err == nil {
		var b []byte
		if b, err = json.Marshal(rest); err == nil {
			repositories := s.Repositories
			err = json.Unmarshal(b, s)
			s.Repositories = repositories
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read snapshot: %w; %s", err, again)
	}
	if s.Schema != Schema {
		return nil, fmt.Errorf("read snapshot: its schema is %q, this program reads %q; %s", s.Schema, Schema, again)
	}
	if d.More() {
		return nil, fmt.Errorf("read snapshot: there is something after its last brace; %s", again)
	}
	Sort(s)
	return s, nil
}

// members reads an object, one member at a time.
func members(d *json.Decoder, each func(name string) error) error {
	if err := expect(d, '{'); err != nil {
		return err
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := t.(string)
		if err := each(name); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

// elements reads a list, one element at a time; null is none.
func elements[T any](d *json.Decoder, into *[]T) error {
	t, err := d.Token()
	if err != nil || t == nil {
		return err
	}
	if t != json.Delim('[') {
		return fmt.Errorf("a list was expected, not %v", t)
	}
	for d.More() {
		var x T
		if err := d.Decode(&x); err != nil {
			return err
		}
		*into = append(*into, x)
	}
	_, err = d.Token()
	return err
}

func expect(d *json.Decoder, what json.Delim) error {
	t, err := d.Token()
	if err == nil && t != what {
		err = fmt.Errorf("%v was expected, not %v", what, t)
	}
	return err
}
