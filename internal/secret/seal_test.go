package secret

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/crypto/ssh"
)

func sealer(t *testing.T, dir string, to ...string) *Sealer {
	t.Helper()
	s, err := OpenSealer(dir, to)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSealAndOpen(t *testing.T) {
	dir := t.TempDir()
	s := sealer(t, dir)
	names := []string{"plain", "old:acme/shop:repository:NPM_TOKEN", "../../escape", "..", strings.Repeat("long/", 80), "ünïcode"}
	for _, name := range names {
		v := NewString(canary + name)
		ref, err := s.Seal(name, v)
		if err != nil {
			t.Fatal(err)
		}
		if ref != "sealed:"+name {
			t.Errorf("reference %q", ref)
		}
		got, err := sealer(t, dir).Open(ref) // a later process
		if err != nil || !got.Equal(v) {
			t.Errorf("%s: opened otherwise: %v", name, err)
		}
		file := SealedFile(dir, ref)
		if rel, err := filepath.Rel(filepath.Join(dir, "sealed"), file); err != nil || strings.Contains(rel, "/") || strings.HasPrefix(rel, "../") {
			t.Errorf("%s lies outside its folder: %s", name, file)
		}
		b, err := os.ReadFile(file)
		if err != nil || bytes.Contains(b, []byte("c4n4ry")) {
			t.Errorf("%s: in clear, or %v", name, err)
		}
		if st, err := os.Stat(file); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", name, st.Mode(), err)
		}
	}
	left, err := os.ReadDir(filepath.Join(dir, "sealed"))
	if err != nil || len(left) != len(names) {
		t.Errorf("%d values are %d files: %v", len(names), len(left), err)
	}
	if _, err := s.Seal("empty", Text{}); err == nil {
		t.Error("sealed nothing")
	}
}

func TestLost(t *testing.T) {
	dir := t.TempDir()
	s := sealer(t, dir)
	ref, err := s.Seal("v", NewString(canary))
	if err != nil {
		t.Fatal(err)
	}
	var lost *Lost
	if _, err := s.Open("sealed:none"); !errors.As(err, &lost) {
		t.Errorf("a missing file: %v", err)
	}
	if err := s.Destroy(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "key")); !os.IsNotExist(err) {
		t.Errorf("the key is still there: %v", err)
	}
	if err := s.Destroy(); err != nil {
		t.Errorf("destroying twice: %v", err)
	}
	later := sealer(t, dir)
	if _, err := later.Open(ref); !errors.As(err, &lost) {
		t.Errorf("without the key: %v", err)
	}
	if _, err := later.Seal("w", NewString(canary)); err != nil {
		t.Errorf("sealing goes on with a new key: %v", err)
	}
	b, err := os.ReadFile(SealedFile(dir, "sealed:w"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 10, len(b) - 1} {
		if err := os.WriteFile(SealedFile(dir, "sealed:w"), b[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if v, err := later.Open("sealed:w"); !errors.As(err, &lost) || !v.Empty() {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
}

func TestRespondersCanOpen(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sshPub, err := ssh.NewPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(priv, "")
	if err != nil {
		t.Fatal(err)
	}
	sshID, err := agessh.ParseIdentity(pem.EncodeToMemory(block))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := sealer(t, dir, id.Recipient().String(), string(ssh.MarshalAuthorizedKey(sshPub)))
	ref, err := s.Seal("v", NewString(canary))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Destroy(); err != nil {
		t.Fatal(err)
	}
	for name, who := range map[string]age.Identity{"age": id, "ssh": sshID} {
		f, err := os.Open(SealedFile(dir, ref))
		if err != nil {
			t.Fatal(err)
		}
		r, err := age.Decrypt(f, who)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		b, err := io.ReadAll(r)
		if err != nil || string(b) != canary {
			t.Errorf("%s: %q, %v", name, b, err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBadRecipientsAreAllNamed(t *testing.T) {
	_, err := Recipients([]string{"age1xyz", "ssh-dss AAAA", "nonsense"})
	for _, k := range []string{"age1xyz", "ssh-dss AAAA", "nonsense"} {
		if err == nil || !strings.Contains(err.Error(), k) {
			t.Errorf("%s is not named: %v", k, err)
		}
	}
	if _, err := OpenSealer(t.TempDir(), []string{"nonsense"}); err == nil {
		t.Error("a sealer with a bad recipient")
	}
}

func TestKeyFileIsNotQuoted(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "key"), []byte("AGE-SECRET-KEY-1RUBBISH"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSealer(dir, nil); err == nil || strings.Contains(err.Error(), "RUBBISH") {
		t.Errorf("a broken key: %v", err)
	}
}

func TestGenerate(t *testing.T) {
	seen := map[string]bool{}
	count := map[rune]int{}
	for range 200 {
		v, err := Generate(AlphaNumeric, 40)
		if err != nil {
			t.Fatal(err)
		}
		if seen[v.Reveal()] || len(v.Reveal()) != 40 {
			t.Fatalf("value of %d characters, repeated: %v", len(v.Reveal()), seen[v.Reveal()])
		}
		seen[v.Reveal()] = true
		for _, c := range v.Reveal() {
			count[c]++
		}
	}
	for _, c := range AlphaNumeric {
		if count[c] < 40 { // expected 129
			t.Errorf("%q came %d times in 8000", c, count[c])
		}
	}
	for _, bad := range []struct {
		a string
		n int
	}{{"", 8}, {"a", 8}, {AlphaNumeric, 0}} {
		if _, err := Generate(bad.a, bad.n); err == nil {
			t.Errorf("Generate(%q, %d) gave a value", bad.a, bad.n)
		}
	}
}
