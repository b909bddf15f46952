package local

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/secret"
)

func archive(t *testing.T, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, files[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Invariant I1 inside archives: logs come as one, and a thief prints into logs.
func TestEvidenceMasksInsideArchives(t *testing.T) {
	const token = "npm_aVeryLongTokenIndeed0123456789"
	r := secret.NewRedactor()
	r.Add(secret.NewString(token))
	dir := t.TempDir()
	e, err := OpenEvidence(dir, r)
	if err != nil {
		t.Fatal(err)
	}
	save := func(name string, b []byte) []byte {
		t.Helper()
		saved, err := e.Save(name, b)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(dir, "evidence", saved.File))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	leaky := archive(t, "1_build.txt", "npm ci\n"+token+"\n", token+".txt", base64.StdEncoding.EncodeToString([]byte("bot:"+token)), "empty/", "")
	z, err := zip.NewReader(bytes.NewReader(save("logs.zip", leaky)), int64(len(save("logs.zip", leaky))))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, f := range z.File {
		text.WriteString(f.Name + ":")
		c, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(c)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(b)
	}
	want := "1_build.txt:npm ci\n" + secret.Mask + "\n" + secret.Mask + ".txt:"
	if got := text.String(); !strings.HasPrefix(got, want) || strings.Contains(got, base64.StdEncoding.EncodeToString([]byte("bot:" + token))[6:]) || !strings.HasSuffix(got, "empty/:") {
		t.Errorf("saved as %q", got)
	}
	clean := archive(t, "1_build.txt", "npm ci\nnpm test\n")
	if !bytes.Equal(save("clean.zip", clean), clean) {
		t.Error("an archive without a value did not stay as it was")
	}
	if got := save("torn.zip", leaky[:len(leaky)/2]); len(got) == 0 {
		t.Error("half an archive is evidence too")
	}
	damaged := bytes.Clone(clean)
	damaged[44] ^= 0xff
	if _, err := e.Save("damaged.zip", damaged); err == nil || !strings.Contains(err.Error(), "1_build.txt") {
		t.Errorf("what cannot be searched was saved, or the error does not say what it is: %v", err)
	}
}
