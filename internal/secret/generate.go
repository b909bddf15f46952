package secret

import (
	"crypto/rand"
	"fmt"
	"math/big"
)

// AlphaNumeric is the alphabet for Generate that needs no escaping anywhere.
const AlphaNumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// Generate makes a value of n characters, each drawn alike from alphabet by the
// system's cryptographic generator. The alphabet must be ASCII.
func Generate(alphabet string, n int) (Text, error) {
	if len(alphabet) < 2 || n < 1 {
		return Text{}, fmt.Errorf("generate a value of %d from %d characters: needs a length and at least two characters", n, len(alphabet))
	}
	b := make([]byte, n)
	for i := range b {
		x, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			return Text{}, fmt.Errorf("generate a value: %w", err)
		}
		b[i] = alphabet[x.Int64()]
	}
	return New(b), nil
}
