package github

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"time"

	"github.com/firebreak/firebreak/internal/secret"
)

// appJWT makes an App's own short-lived JWT (RS256), dated back a minute against clocks
// that differ; app is its id or its client id.
// Source: GitHub Docs, "Generating a JSON Web Token (JWT) for a GitHub App".
func appJWT(private secret.Text, app string, now time.Time) (secret.Text, error) {
	key, err := appKeyOf(private)
	if err != nil {
		return secret.Text{}, err
	}
	claims, err := json.Marshal(map[string]any{"iat": now.Add(-time.Minute).Unix(), "exp": now.Add(9 * time.Minute).Unix(), "iss": app})
	if err != nil {
		return secret.Text{}, err
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return secret.Text{}, err
	}
	return secret.NewString(text + "." + base64.RawURLEncoding.EncodeToString(sig)), nil
}

func appKeyOf(private secret.Text) (*rsa.PrivateKey, error) {
	const again = "; download the key again from the App's settings"
	block, _ := pem.Decode([]byte(private.Reveal()))
	if block == nil {
		return nil, errors.New("the GitHub App's key holds no PEM block" + again)
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if key, ok := any.(*rsa.PrivateKey); err == nil && ok {
		return key, nil
	}
	return nil, errors.New("the GitHub App's key is not an RSA private key" + again)
}

// appFingerprint is what the App's settings show of a key.
// Source: GitHub Docs, "Managing private keys for GitHub Apps", verifying private keys.
func appFingerprint(key *rsa.PrivateKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(der)
	return "SHA256:" + base64.StdEncoding.EncodeToString(sum[:]), nil
}
