package github

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
)

// RegisteredApp is a GitHub App with its private keys, of which GitHub has the public halves.
type RegisteredApp struct {
	ID   int64    `json:"id"`
	Slug string   `json:"slug"`
	Keys []AppKey `json:"keys"`
}

// AppKey is one of an App's.
type AppKey struct {
	Name    string `json:"name"`   // in the world's register
	Private string `json:"-"`      // in a seed
	Public  []byte `json:"public"` // PKCS #1
	Dead    bool   `json:"dead,omitempty"`
}

const issuedAppKey = "github app key made meanwhile"

// AppPrivateKey makes an RSA key, as GitHub hands it out, from a text. It is a small one,
// which is enough for a world.
func AppPrivateKey(text string) string {
	p, q := prime(text+"/p"), prime(text+"/q")
	one := big.NewInt(1)
	phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	e := big.NewInt(65537)
	d := new(big.Int).ModInverse(e, phi)
	if d == nil || p.Cmp(q) == 0 {
		return AppPrivateKey(text + "/again")
	}
	key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: 65537}, D: d, Primes: []*big.Int{p, q}}
	key.Precompute()
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}

// prime is the first one behind 512 bits that a text gives.
func prime(text string) *big.Int {
	var b []byte
	for i := range uint32(2) {
		sum := sha256.Sum256(binary.BigEndian.AppendUint32([]byte(text), i))
		b = append(b, sum[:]...)
	}
	b[0] |= 0xc0 // two such have a product of 1024 bits
	b[len(b)-1] |= 1
	n := new(big.Int).SetBytes(b)
	for !n.ProbablyPrime(20) {
		n.Add(n, big.NewInt(2))
	}
	return n
}

func publicOf(private string) []byte {
	block, _ := pem.Decode([]byte(private))
	if block == nil {
		return nil
	}
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		return nil
	}
	return x509.MarshalPKCS1PublicKey(&key.PublicKey)
}

func (s *Server) registerApp(a RegisteredApp) {
	a.Keys = slices.Clone(a.Keys)
	for i := range a.Keys {
		k := &a.Keys[i]
		k.Public = publicOf(k.Private)
		s.core.Born(k.Name, k.Private)
		k.Private = ""
	}
	s.state.Apps = append(s.state.Apps, &a)
}

// IssueAppKey generates a key, as the App's owner does in the web page, and gives it.
func (s *Server) IssueAppKey(id string) string {
	for _, a := range s.state.Apps {
		if fmt.Sprint(a.ID) == id {
			private := AppPrivateKey(s.core.Text(40))
			a.Keys = append(a.Keys, AppKey{Name: issuedAppKey, Public: publicOf(private)})
			s.core.Born(issuedAppKey, private)
			return private
		}
	}
	return ""
}

// DeleteAppKey deletes a key by the name it has in the world.
func (s *Server) DeleteAppKey(name string) {
	for _, a := range s.state.Apps {
		for i := range a.Keys {
			if k := &a.Keys[i]; k.Name == name && !k.Dead {
				k.Dead = true
				s.core.Dies(name, s.core.Now(), "deleted in the App's settings")
			}
		}
	}
}

// TakesAppKey reports whether what a key signs is taken.
func (s *Server) TakesAppKey(name string) bool {
	for _, a := range s.state.Apps {
		if slices.ContainsFunc(a.Keys, func(k AppKey) bool { return k.Name == name && !k.Dead }) {
			return true
		}
	}
	return false
}

// getApp answers who signed.
// Source: GitHub REST reference, "Get the authenticated app"; GitHub Docs, "Generating a
// JSON Web Token (JWT) for a GitHub App": no more than ten minutes, clocks that differ.
func (s *Server) getApp(r *http.Request) answer {
	const undecoded = "A JSON web token could not be decoded"
	parts := strings.Split(presented(r), ".")
	if len(parts) != 3 {
		return fail(http.StatusUnauthorized, undecoded)
	}
	var claims struct {
		Issuer any   `json:"iss"`
		Issued int64 `json:"iat"`
		Ends   int64 `json:"exp"`
	}
	body, err1 := base64.RawURLEncoding.DecodeString(parts[1])
	sig, err2 := base64.RawURLEncoding.DecodeString(parts[2])
	if err1 != nil || err2 != nil || json.Unmarshal(body, &claims) != nil {
		return fail(http.StatusUnauthorized, undecoded)
	}
	i := slices.IndexFunc(s.state.Apps, func(a *RegisteredApp) bool { return fmt.Sprint(a.ID) == fmt.Sprint(claims.Issuer) })
	if i < 0 {
		return fail(http.StatusNotFound, "Integration not found")
	}
	a, sum := s.state.Apps[i], sha256.Sum256([]byte(parts[0]+"."+parts[1]))
	signed := slices.ContainsFunc(a.Keys, func(k AppKey) bool {
		pub, err := x509.ParsePKCS1PublicKey(k.Public)
		return err == nil && !k.Dead && rsa.VerifyPKCS1v15(pub, crypto.SHA256, sum[:], sig) == nil
	})
	switch now := s.core.Now().Unix(); {
	case !signed:
		return fail(http.StatusUnauthorized, undecoded)
	case claims.Ends <= now:
		return fail(http.StatusUnauthorized, "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires")
	case claims.Ends > now+600:
		return fail(http.StatusUnauthorized, "'Expiration time' claim ('exp') is too far in the future")
	case claims.Issued > now:
		return fail(http.StatusUnauthorized, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued")
	}
	return ok(with(times(s.state.Began, s.state.Began), map[string]any{
		"id": a.ID, "slug": a.Slug, "node_id": node("A", a.ID), "client_id": "Iv1." + a.Slug, "owner": s.account(s.state.Owner, "Organization"), "name": a.Slug,
		"description": nil, "external_url": "https://acme.example", "html_url": s.api("apps", a.Slug), "permissions": map[string]string{"contents": "write", "metadata": "read"},
		"events": []string{}, "installations_count": 1,
	}))
}

// projectApps tells what is left of Apps' keys.
func (s *Server) projectApps(p map[string]string) {
	for _, a := range s.state.Apps {
		made := 0
		for _, k := range a.Keys {
			switch {
			case k.Name != issuedAppKey:
				p["credential "+k.Name] = map[bool]string{true: "dead", false: "alive"}[k.Dead]
			case !k.Dead:
				made++
			}
		}
		p["new keys of App "+a.Slug] = fmt.Sprint(made)
	}
}
