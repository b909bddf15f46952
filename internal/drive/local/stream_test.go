package local

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/secret"
)

const leaked = "npm_aVeryLongTokenIndeed0123456789"

func keeper(t *testing.T) (*Evidence, func(name string, r io.Reader) ([]byte, error)) {
	t.Helper()
	r := secret.NewRedactor()
	r.Add(secret.NewString(leaked))
	dir := t.TempDir()
	e, err := OpenEvidence(dir, r)
	if err != nil {
		t.Fatal(err)
	}
	return e, func(name string, r io.Reader) ([]byte, error) {
		saved, err := e.SaveFrom(name, r)
		if err != nil {
			return nil, err
		}
		return os.ReadFile(filepath.Join(dir, "evidence", saved.File))
	}
}

func onlyKnownFiles(t *testing.T, e *Evidence) {
	t.Helper()
	all, err := os.ReadDir(e.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if f.Name() != Manifest && e.sums[f.Name()] == "" {
			t.Errorf("%s was left behind", f.Name())
		}
	}
}

// What is streamed is kept as what is saved at once: masked, byte for byte where there
// is nothing to mask, other content under a name of its own.
func TestSaveFromIsSave(t *testing.T) {
	encoded := base64.StdEncoding.EncodeToString([]byte(leaked))
	clean, leaky := archive(t, "a.txt", strings.Repeat("nothing here\n", 1000)), archive(t, "a/1.txt", "npm ci\n"+leaked+"\n", "b/"+leaked, "x")
	for name, b := range map[string][]byte{
		"plain.txt": []byte("nothing"), "leak.txt": []byte("x " + leaked + " y"), "empty": nil, "clean.zip": clean, "leaky.zip": leaky,
		// Long and compressible: the value does not stand in the archive's own bytes.
		"packed.zip":  archive(t, "1.txt", strings.Repeat("npm ci npm ci ", 500)+"npm_"+strings.Repeat(leaked[4:]+" ", 3)+leaked),
		"encoded.zip": archive(t, "1.txt", strings.Repeat("npm ci npm ci ", 500)+encoded),
		"before.zip":  append([]byte("#!/bin/sh\n# "+leaked+"\n"), clean...),
	} {
		e, save := keeper(t)
		got, err := save(name, iotest(b))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if text := string(got) + unzipped(t, got); strings.Contains(text, leaked) || strings.Contains(text, encoded) {
			t.Errorf("%s holds the value", name)
		}
		if name == "plain.txt" || name == "empty" || name == "clean.zip" {
			if !bytes.Equal(got, b) {
				t.Errorf("%s was changed", name)
			}
		}
		if _, err := save(name, strings.NewReader("other content")); err != nil || len(e.sums) != 2 {
			t.Errorf("%s: %v, %v", name, e.sums, err)
		}
		onlyKnownFiles(t, e)
	}
}

// iotest gives bytes in small pieces, so that a value is cut in two.
func iotest(b []byte) io.Reader { return &pieces{b} }

type pieces struct{ b []byte }

func (p *pieces) Read(to []byte) (int, error) {
	if len(p.b) == 0 {
		return 0, io.EOF
	}
	n := copy(to[:min(len(to), 7)], p.b)
	p.b = p.b[n:]
	return n, nil
}

func unzipped(t *testing.T, b []byte) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return ""
	}
	var text strings.Builder
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		c, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			t.Fatal(err)
		}
		text.WriteString(f.Name + "\n" + string(c))
	}
	return text.String()
}

// A reader that fails keeps nothing, and its error is the one that comes back.
func TestSaveFromKeepsNothingOfAFailure(t *testing.T) {
	e, _ := keeper(t)
	broken := errors.New("the download broke off")
	_, err := e.SaveFrom("x.zip", io.MultiReader(strings.NewReader("PK half of it"), failing{broken}))
	if !errors.Is(err, broken) || len(e.sums) != 0 {
		t.Errorf("%v, %v", err, e.sums)
	}
	onlyKnownFiles(t, e)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// An archive that cannot be searched is not kept: what it holds is not known.
func TestSaveFromRefusesWhatItCannotSearch(t *testing.T) {
	e, _ := keeper(t)
	damaged := archive(t, "1.txt", strings.Repeat("a", 4000)+leaked)
	at := bytes.Index(damaged, []byte("1.txt")) + 10
	damaged[at] ^= 0xff
	_, err := e.SaveFrom("damaged.zip", bytes.NewReader(damaged))
	var u *adapters.Unkeepable
	if !errors.As(err, &u) || len(e.sums) != 0 {
		t.Errorf("%v", err)
	}
	onlyKnownFiles(t, e)
}

// The index of an archive is read into memory whole; one that claims to be huge is not.
func TestSaveFromBoundsTheIndex(t *testing.T) {
	end := func(change func([]byte)) []byte {
		b := archive(t, "1.txt", "x")
		change(b[len(b)-22:])
		return b
	}
	for name, b := range map[string][]byte{
		"bytes": end(func(e []byte) { binary.LittleEndian.PutUint32(e[12:], 1<<30) }),
		"long": func() []byte {
			b := archive(t, "1.txt", "x")
			short := bytes.Clone(b[len(b)-22:])
			long := make([]byte, 76)
			copy(long, "PK\x06\x06")
			binary.LittleEndian.PutUint64(long[32:], 1<<40)
			copy(long[56:], "PK\x06\x07")
			binary.LittleEndian.PutUint64(long[64:], uint64(len(b)-22))
			return append(append(b[:len(b)-22], long...), short...)
		}(),
	} {
		e, _ := keeper(t)
		_, err := e.SaveFrom(name+".zip", bytes.NewReader(b))
		var u *adapters.Unkeepable
		if !errors.As(err, &u) || !strings.Contains(err.Error(), "index") {
			t.Errorf("%s: %v", name, err)
		}
		onlyKnownFiles(t, e)
	}
}
