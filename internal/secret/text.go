// Package secret holds values that must never be seen: the type that cannot be
// printed, the generator, sealing to age recipients, and the redactor.
//
// Text is the only type in firebreak that may carry a secret value in memory.
// Its bytes come out through Reveal alone; a test lists the callers.
package secret

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Mask stands wherever a secret would have been printed.
const Mask = "[secret]"

// ErrSealed is returned by every attempt to marshal a Text.
var ErrSealed = errors.New("a secret value cannot be marshalled; seal it and pass the reference")

// Text is a secret value. The zero Text is empty. Copies share the value.
// It prints as Mask for every verb, and refuses to be marshalled.
//
// The pointer to a pointer is not an accident: inside an unexported field fmt may
// not call Format, and then follows one pointer, but never two.
type Text struct{ p **[]byte }

// New takes ownership of b; the caller must not use it again.
func New(b []byte) Text {
	p := &b
	return Text{&p}
}

// NewString copies s. The copy s itself stays in memory until collected.
func NewString(s string) Text { return New([]byte(s)) }

// Reveal gives the value itself, for the one request that needs it.
// The caller must not keep, print or wrap it.
func (t Text) Reveal() string {
	if t.p == nil {
		return ""
	}
	return string(**t.p)
}

// Empty reports whether there is no value.
func (t Text) Empty() bool { return t.p == nil || len(**t.p) == 0 }

// Equal compares in constant time.
func (t Text) Equal(u Text) bool {
	return subtle.ConstantTimeCompare([]byte(t.Reveal()), []byte(u.Reveal())) == 1
}

// Wipe overwrites the value in every copy of t. Best effort: strings made by
// Reveal are beyond reach.
func (t Text) Wipe() {
	if t.p != nil {
		clear(**t.p)
		**t.p = nil
	}
}

// Format implements fmt.Formatter for every verb, also %#v, %x and %q.
func (t Text) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, Mask) } // a fmt.State keeps a failed write to itself

// String implements fmt.Stringer.
func (Text) String() string { return Mask }

// GoString implements fmt.GoStringer.
func (Text) GoString() string { return Mask }

// LogValue implements slog.LogValuer.
func (Text) LogValue() slog.Value { return slog.StringValue(Mask) }

// MarshalJSON refuses.
func (Text) MarshalJSON() ([]byte, error) { return nil, ErrSealed }

// MarshalText refuses.
func (Text) MarshalText() ([]byte, error) { return nil, ErrSealed }

// MarshalBinary refuses.
func (Text) MarshalBinary() ([]byte, error) { return nil, ErrSealed }

// MarshalYAML refuses.
func (Text) MarshalYAML() (any, error) { return nil, ErrSealed }

// GobEncode refuses.
func (Text) GobEncode() ([]byte, error) { return nil, ErrSealed }
