package aws

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// caller is who signed a request.
type caller struct {
	key     *Key     // nil for a session
	session *Session // nil for a key
}

const algorithm = "AWS4-HMAC-SHA256 "

// signature is a taken-apart Authorization header.
type signature struct {
	id, region, service string
	headers             []string
}

func parseSignature(h string) (signature, bool) {
	rest, ok := strings.CutPrefix(h, algorithm)
	if !ok {
		return signature{}, false
	}
	var s signature
	for _, part := range strings.Split(rest, ",") {
		name, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "Credential":
			f := strings.Split(v, "/")
			if len(f) != 5 {
				return signature{}, false
			}
			s.id, s.region, s.service = f[0], f[2], f[3]
		case "SignedHeaders":
			s.headers = strings.Split(v, ";")
		}
	}
	return s, s.id != ""
}

func presentedID(r *http.Request) string {
	s, _ := parseSignature(r.Header.Get("Authorization"))
	return s.id
}

// authenticate finds the caller and recomputes the signature with the SDK's own
// signer. The age of the signature is not judged: the world's clock runs at
// another speed than its clients'.
func (s *Server) authenticate(r *http.Request, body []byte) (caller, *fault) {
	sig, ok := parseSignature(r.Header.Get("Authorization"))
	if !ok {
		return caller{}, &fault{http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token"}
	}
	now := s.core.Now()
	invalid := &fault{http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid."}
	who := caller{key: s.st.Keys[sig.id], session: s.st.Sessions[sig.id]}
	creds := sdk.Credentials{AccessKeyID: sig.id}
	switch {
	case who.key != nil:
		if who.key.Status.Enforced.Get(now) != active {
			return caller{}, invalid
		}
		creds.SecretAccessKey = who.key.Secret
	case who.session != nil:
		if r.Header.Get("X-Amz-Security-Token") != who.session.Token {
			return caller{}, invalid
		}
		if now.After(who.session.Expires) {
			return caller{}, &fault{http.StatusForbidden, "ExpiredToken", "The security token included in the request is expired"}
		}
		creds.SecretAccessKey, creds.SessionToken = who.session.Secret, who.session.Token
	default:
		return caller{}, invalid
	}
	if !signedBy(r, body, sig, creds) {
		return caller{}, &fault{http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method."}
	}
	if who.key != nil {
		who.key.Used = now.Truncate(time.Minute)
	}
	return who, nil
}

func signedBy(r *http.Request, body []byte, sig signature, creds sdk.Credentials) bool {
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil {
		return false
	}
	u, err := url.ParseRequestURI(r.RequestURI)
	if err != nil {
		return false
	}
	again := &http.Request{Method: r.Method, URL: u, Host: r.Host, Header: http.Header{}}
	u.Host = r.Host
	for _, h := range sig.headers {
		if h == "content-length" {
			n, err := strconv.ParseInt(r.Header.Get("Content-Length"), 10, 64)
			if err != nil {
				n = int64(len(body))
			}
			again.ContentLength = n
			continue
		}
		if h != "host" {
			again.Header[http.CanonicalHeaderKey(h)] = r.Header.Values(h)
		}
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(context.WithoutCancel(r.Context()), creds, again, hex.EncodeToString(sum[:]), sig.service, sig.region, at); err != nil {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(again.Header.Get("Authorization")), []byte(r.Header.Get("Authorization"))) == 1
}
