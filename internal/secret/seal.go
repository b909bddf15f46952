package secret

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"filippo.io/age"
	"filippo.io/age/agessh"

	"github.com/firebreak/firebreak/internal/durable"
)

const (
	keyFile = "key"
	folder  = "sealed"
	scheme  = "sealed:"
)

// Lost says that a sealed value cannot be had again: its file or the incident's
// key is gone. What it was must be destroyed at the issuer and made anew.
type Lost struct {
	Ref string
	Why string
}

func (e *Lost) Error() string {
	return fmt.Sprintf("the value %s is lost: %s; destroy the object it belongs to and make a new one", e.Ref, e.Why)
}

// Sealer encrypts values to the incident's own age identity, which lies beside
// the journal with mode 0600, and to the responders' recipients. Safe for
// concurrent use; different names never share a file.
type Sealer struct {
	dir string
	to  []age.Recipient // the responders'
	mu  sync.Mutex
	own *age.X25519Identity // nil: there is none yet, or none any more
}

// OpenSealer is the sealer of the incident in dir. The incident's identity is made
// by the first Seal that finds none, which is so for a new incident, and for a
// folder that was copied without it: values sealed before are then *Lost.
// recipients are age ("age1...") or SSH ("ssh-ed25519 ...") public keys.
func OpenSealer(dir string, recipients []string) (*Sealer, error) {
	to, err := Recipients(recipients)
	if err != nil {
		return nil, err
	}
	if err := durable.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
		return nil, fmt.Errorf("open sealer: %w", err)
	}
	own, err := identity(filepath.Join(dir, keyFile))
	if err != nil {
		return nil, fmt.Errorf("open sealer: %w", err)
	}
	return &Sealer{dir: dir, to: to, own: own}, nil
}

// identity reads the incident's identity; nil when there is none.
func identity(path string) (*age.X25519Identity, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	id, err := age.ParseX25519Identity(strings.TrimSpace(string(b)))
	if err != nil {
		// The error of age may quote the key.
		return nil, fmt.Errorf("%s does not hold an age identity; move it away and resume: values sealed to it count as lost", path)
	}
	return id, nil
}

// all gives everybody a value is sealed to, and makes the incident's identity,
// durably, when there is none.
func (s *Sealer) all() ([]age.Recipient, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.own == nil {
		id, err := age.GenerateX25519Identity()
		if err != nil {
			return nil, err
		}
		if err := durable.WriteFile(filepath.Join(s.dir, keyFile), []byte(id.String()+"\n"), 0o600); err != nil {
			return nil, err
		}
		s.own = id
	}
	return append(slices.Clone(s.to), s.own.Recipient()), nil
}

// Recipients parses public keys, and checks that one message can be sealed to all
// of them. The error names every key that cannot be used.
func Recipients(keys []string) ([]age.Recipient, error) {
	var to []age.Recipient
	var bad []error
	for _, k := range keys {
		r, err := recipient(strings.TrimSpace(k))
		if err != nil {
			bad = append(bad, fmt.Errorf("recipient %q: %w; use an age or an ssh-ed25519 or ssh-rsa public key", k, err))
			continue
		}
		to = append(to, r...)
	}
	if len(bad) == 0 && len(to) > 0 {
		if _, err := age.Encrypt(io.Discard, to...); err != nil {
			bad = append(bad, fmt.Errorf("recipients together: %w; name recipients of one kind", err))
		}
	}
	return to, errors.Join(bad...)
}

func recipient(k string) ([]age.Recipient, error) {
	if strings.HasPrefix(k, "ssh-") {
		r, err := agessh.ParseRecipient(k)
		return []age.Recipient{r}, err
	}
	return age.ParseRecipients(strings.NewReader(k))
}

// Seal encrypts t and gives its reference once file and folder are on disk. A
// value sealed earlier under the same name is replaced.
func (s *Sealer) Seal(name string, t Text) (ref string, err error) {
	if name == "" || t.Empty() {
		return "", fmt.Errorf("seal %q: a sealed value has a name and a content", name)
	}
	to, err := s.all()
	if err != nil {
		return "", fmt.Errorf("seal %s: %w", name, err)
	}
	var b bytes.Buffer
	w, err := age.Encrypt(&b, to...)
	if err != nil {
		return "", fmt.Errorf("seal %s: %w", name, err)
	}
	if _, err := io.WriteString(w, t.Reveal()); err != nil {
		return "", fmt.Errorf("seal %s: %w", name, err)
	}
	if err := w.Close(); err != nil {
		return "", fmt.Errorf("seal %s: %w", name, err)
	}
	ref = scheme + name
	if err := durable.WriteFile(SealedFile(s.dir, ref), b.Bytes(), 0o600); err != nil {
		return "", fmt.Errorf("seal %s: %w", name, err)
	}
	return ref, nil
}

// Open gives a sealed value back. One that cannot be had any more is *Lost.
func (s *Sealer) Open(ref string) (Text, error) {
	if !strings.HasPrefix(ref, scheme) {
		return Text{}, fmt.Errorf("open %q: not a reference to a sealed value", ref)
	}
	b, err := os.ReadFile(SealedFile(s.dir, ref))
	if errors.Is(err, fs.ErrNotExist) {
		return Text{}, &Lost{ref, "its file is gone"}
	}
	if err != nil {
		return Text{}, fmt.Errorf("open %s: %w", ref, err)
	}
	s.mu.Lock()
	own := s.own
	s.mu.Unlock()
	if own == nil {
		return Text{}, &Lost{ref, "the incident's key is gone"}
	}
	r, err := age.Decrypt(bytes.NewReader(b), own)
	var other *age.NoIdentityMatchError
	if errors.As(err, &other) {
		return Text{}, &Lost{ref, "it is sealed to another key of this incident"}
	}
	if err != nil {
		return Text{}, &Lost{ref, "its file is damaged"}
	}
	v, err := io.ReadAll(r)
	if err != nil {
		clear(v)
		return Text{}, &Lost{ref, "its file is damaged"}
	}
	return New(v), nil
}

// Destroy removes the incident's identity for good; the responders' recipients
// can still open what is sealed. Copies a file system keeps are beyond its reach.
func (s *Sealer) Destroy() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.own = nil
	if err := durable.Remove(filepath.Join(s.dir, keyFile)); err != nil {
		return fmt.Errorf("destroy the incident's key: %w", err)
	}
	return nil
}

// SealedFile is where the value of a reference lies below an incident's folder.
// A name that is too long for a file is cut and told apart by its digest.
func SealedFile(dir, ref string) string {
	name := strings.TrimPrefix(ref, scheme)
	file := url.PathEscape(name)
	if len(file) > 200 {
		d := sha256.Sum256([]byte(name))
		file = file[:160] + "~" + hex.EncodeToString(d[:16])
	}
	return filepath.Join(dir, folder, file+".age")
}
