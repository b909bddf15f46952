package term

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

func privateKey(t *testing.T) string {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block))
}

// However a terminal hands a pasted key on, it is the key again.
func TestAPastedKeyIsAKeyAgain(t *testing.T) {
	key := privateKey(t)
	want, err := ssh.ParsePrivateKey([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	for name, typed := range map[string]string{
		"as it is": key, "line ends as spaces": strings.ReplaceAll(key, "\n", " "), "no line ends": strings.ReplaceAll(key, "\n", ""), "of another system": strings.ReplaceAll(key, "\n", "\r\n"),
	} {
		v, err := meant(typed)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := ssh.ParsePrivateKey([]byte(v.Reveal()))
		if err != nil || string(got.PublicKey().Marshal()) != string(want.PublicKey().Marshal()) || !strings.HasSuffix(v.Reveal(), "-----\n") {
			t.Errorf("%s: it is another key, or none: %v", name, err)
		}
	}
}

func TestWhatIsNoWholeValueIsRefused(t *testing.T) {
	key := privateKey(t)
	lines := strings.Split(key, "\n")
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, typed := range map[string]string{
		"its first line": lines[0], "without its end": strings.Join(lines[:3], " "), "with another end": strings.Replace(key, "END OPENSSH", "END RSA", 1),
		"two keys": strings.ReplaceAll(key+key, "\n", " "), "locked the old way": "-----BEGIN RSA PRIVATE KEY----- Proc-Type: 4,ENCRYPTED AAAA -----END RSA PRIVATE KEY-----",
		"a file that is not there": "@" + empty + "-not", "an empty file": "@" + empty,
	} {
		if v, err := meant(typed); err == nil || !strings.Contains(err.Error(), "@") {
			t.Errorf("%s: want an error that tells the way, got %d characters, %v", name, len(v.Reveal()), err)
		}
	}
}

func TestValuesOfFiles(t *testing.T) {
	key := privateKey(t)
	for name, x := range map[string]struct{ content, want string }{
		"a key": {key, key}, "a token with a line end": {"npm_abc\n", "npm_abc"}, "many lines": {"{\n \"a\": 1\n}\n", "{\n \"a\": 1\n}"},
	} {
		file := filepath.Join(t.TempDir(), "value")
		if err := os.WriteFile(file, []byte(x.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if v, err := meant("@" + file); err != nil || v.Reveal() != x.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if v, err := meant("@@handle"); err != nil || v.Reveal() != "@handle" {
		t.Errorf("a value that begins with @: %v", err)
	}
}
