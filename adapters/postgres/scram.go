package postgres

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/firebreak/firebreak/internal/secret"
)

const (
	scramPrefix     = "SCRAM-SHA-256$"
	scramIterations = 4096
)

// verifier is what a server keeps of a password. The password must be printable ASCII,
// which is its own SASLprep. It is computed here because a server may log the statement
// that sets it.
// Source: PostgreSQL documentation, "pg_authid", rolpassword; libpq, PQchangePassword;
// RFC 5802, section 3.
func verifier(password secret.Text) (string, error) {
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return "", err
	}
	salted, err := pbkdf2.Key(sha256.New, password.Reveal(), salt, scramIterations, sha256.Size)
	if err != nil {
		return "", err
	}
	mac := func(text string) []byte {
		h := hmac.New(sha256.New, salted)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	stored := sha256.Sum256(mac("Client Key"))
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("%s%d:%s$%s:%s", scramPrefix, scramIterations, b64(salt), b64(stored[:]), b64(mac("Server Key"))), nil
}
