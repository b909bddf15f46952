package github

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// A deploy key's private half is the secret; GitHub has the public one and an id. Keys are
// immutable: a new one is made beside the old, and the old one deleted.
// Source: GitHub REST reference, "Deploy keys".

var deployKeyInputs = []plan.Field{
	repositoryInput,
	{Name: "id", Type: plan.String, Doc: "id of the deploy key, if it is known: the last part of its address in the API"},
	{Name: "old", Type: plan.Secret, Doc: "the old private key: its public half tells which key it is"},
}

// keysImage is the before-image of a call: the keys there were.
type keysImage struct {
	IDs []int64 `json:"ids"`
}

func keysBefore(all []snapshot.DeployKey) keysImage {
	image := keysImage{IDs: []int64{}}
	for _, k := range all {
		image.IDs = append(image.IDs, k.ID)
	}
	slices.Sort(image.IDs)
	return image
}

// newKeyPair makes an ed25519 key: the private half as OpenSSH writes it, the public one
// as an authorized_keys line without a comment, which is how GitHub keeps it.
func newKeyPair(comment string) (private secret.Text, public string, err error) {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return secret.Text{}, "", err
	}
	block, err := ssh.MarshalPrivateKey(key, comment)
	if err != nil {
		return secret.Text{}, "", err
	}
	line, err := ssh.NewPublicKey(pub)
	if err != nil {
		return secret.Text{}, "", err
	}
	return secret.NewString(string(pem.EncodeToMemory(block))), publicLine(line), nil
}

func publicLine(k ssh.PublicKey) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(k)))
}

// publicHalf is the public line of a private key; an error where the text is none, or is
// locked by a passphrase.
func publicHalf(private secret.Text) (string, error) {
	s, err := ssh.ParsePrivateKey([]byte(private.Reveal()))
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked) && locked.PublicKey != nil:
		return publicLine(locked.PublicKey), nil
	case err != nil:
		return "", errors.New("it is no private key in a form that is known (OpenSSH, PEM)")
	}
	return publicLine(s.PublicKey()), nil
}

// samePublic compares type and key, and not what stands behind them.
func samePublic(a, b string) bool {
	x, y := strings.Fields(a), strings.Fields(b)
	return len(x) >= 2 && len(y) >= 2 && x[0] == y[0] && x[1] == y[1]
}

// shown is a key for a person.
func shownKey(k snapshot.DeployKey) string {
	s := fmt.Sprintf("deploy key %d %q", k.ID, k.Title)
	if p, _, _, _, err := ssh.ParseAuthorizedKey([]byte(k.Key)); err == nil {
		s += " " + ssh.FingerprintSHA256(p)
	}
	if k.AddedBy != "" {
		s += ", added by " + k.AddedBy
	}
	return s
}

// keyLabel names the new key so that people recognize it, a different one for each mint.
func keyLabel(t adapters.Task) string {
	sum := sha256.Sum256([]byte(t.Action.ID))
	return "firebreak-" + t.Began.UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(sum[:3])
}

func keyID(k snapshot.DeployKey) string { return strconv.FormatInt(k.ID, 10) }
