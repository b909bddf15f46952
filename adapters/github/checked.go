package github

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
)

// longest is the largest artifact that is kept.
const longest = 4 << 30

var (
	errTooLong = fmt.Errorf("larger than %d GB; save it by hand", longest>>30)
	errDigest  = errors.New("what arrived differs from the digest GitHub names")
)

// checked passes a download on and fails at its end when it is not what GitHub says
// it is, so that nothing else is kept.
// Source: GitHub REST reference, "List artifacts for a repository": digest is
// "sha256:" and hex, of the zip.
type checked struct {
	r    io.Reader
	h    hash.Hash
	want string // hex; "" when GitHub named no SHA-256
	left int64
}

func newChecked(r io.Reader, digest string) *checked {
	want, is := strings.CutPrefix(strings.ToLower(digest), "sha256:")
	if !is {
		want = ""
	}
	return &checked{r: r, h: sha256.New(), want: want, left: longest}
}

// Read implements io.Reader.
func (c *checked) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.h.Write(p[:n])
	switch c.left -= int64(n); {
	case c.left < 0:
		return n, errTooLong
	case errors.Is(err, io.EOF) && c.want != "" && c.sum() != c.want:
		return n, errDigest
	case err != nil && !errors.Is(err, io.EOF):
		return n, fmt.Errorf("the download broke off: %w", err)
	}
	return n, err
}

func (c *checked) sum() string { return hex.EncodeToString(c.h.Sum(nil)) }

func (c *checked) known() bool { return c.want != "" }
