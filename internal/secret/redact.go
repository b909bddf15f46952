package secret

import (
	"slices"
	"strings"
	"sync"
)

// Shortest is the length in bytes from which a value is redacted. Masking every
// occurrence of a shorter one would make a stream unreadable and show, by what
// was masked, what the value is; it is protected by its type alone.
const Shortest = 6

// Redactor removes known values, in the encodings of Forms, from text. It is the
// second line of defence: the first is that Text cannot be printed. Safe for
// concurrent use; values added later count for what is written later.
//
// What a base64 form shares with its neighbours stays: at most one character on
// each side, which holds no whole byte of the value.
type Redactor struct {
	mu     sync.RWMutex
	known  map[string]bool
	sorted []string             // all forms, in byte order
	start  map[[4]byte][]string // forms by their first bytes, longest first
	begins [256]bool            // by the first byte of a form
	max    int
	public []string
}

// Publish says that text is known to everybody, as a plan is: a value that stands
// in it is no secret (the id half of a key pair, pasted as if it were one), and
// masking it would only make ids unreadable.
func (r *Redactor) Publish(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.public = append(r.public, text)
}

// NewRedactor knows no value yet.
func NewRedactor() *Redactor {
	return &Redactor{known: map[string]bool{}, start: map[[4]byte][]string{}}
}

// Add makes t known and says whether it will be redacted: not when it is shorter
// than Shortest, and not when it stands in what was published. The lines
// of a value with several are known by themselves too.
func (r *Redactor) Add(t Text) bool {
	v := t.Reveal()
	if len(v) < Shortest {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.ContainsFunc(r.public, func(text string) bool { return strings.Contains(text, v) }) {
		return false
	}
	for _, form := range Forms(v) {
		r.learn(form)
	}
	if strings.Contains(v, "\n") {
		for line := range strings.Lines(v) {
			if line = strings.TrimSpace(line); len(line) >= 2*Shortest {
				for _, form := range Forms(line) {
					r.learn(form)
				}
			}
		}
	}
	return true
}

func (r *Redactor) learn(form string) {
	if len(form) < Shortest || r.known[form] {
		return
	}
	r.known[form] = true
	r.begins[form[0]] = true
	r.max = max(r.max, len(form))
	i, _ := slices.BinarySearch(r.sorted, form)
	r.sorted = slices.Insert(r.sorted, i, form)
	k := [4]byte([]byte(form[:4]))
	r.start[k] = append(r.start[k], form)
	slices.SortFunc(r.start[k], func(a, b string) int { return len(b) - len(a) })
}

// String gives s with every known value masked.
func (r *Redactor) String(s string) string { return string(r.Bytes([]byte(s))) }

// Bytes gives a copy of b with every known value masked. Values that overlap or
// touch are masked together.
func (r *Redactor) Bytes(b []byte) []byte {
	r.mu.RLock()
	defer r.mu.RUnlock()
	out, _ := r.mask(nil, b, len(b), 0)
	return out
}

// mask appends b[:upto] to out with values masked, where the first covered bytes
// belong to a mask that was written already, and gives how many bytes from upto
// on belong to one now.
func (r *Redactor) mask(out, b []byte, upto, covered int) ([]byte, int) {
	end := covered
	for i := 0; i < upto; i++ {
		if i >= end { // as it stands, up to where a value may begin
			from := i
			for i < upto && !r.begins[b[i]] {
				i++
			}
			out = append(out, b[from:i]...)
			if i == upto {
				break
			}
		}
		n := r.longest(b[i:])
		if n > 0 && i >= end && (i > end || end == 0) {
			out = append(out, Mask...)
		}
		if n > 0 {
			end = max(end, i+n)
		}
		if i >= end {
			out = append(out, b[i])
		}
	}
	return out, max(0, end-upto)
}

func (r *Redactor) knowsNothing() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.start) == 0
}

// longest is the length of the longest value b begins with, 0 when there is none.
func (r *Redactor) longest(b []byte) int {
	if len(b) < 4 {
		return 0
	}
	for _, form := range r.start[[4]byte(b)] {
		if len(form) <= len(b) && string(b[:len(form)]) == form {
			return len(form)
		}
	}
	return 0
}

// open is where the earliest value that b might end in the middle of begins;
// len(b) when there is none.
func (r *Redactor) open(b []byte) int {
	for i := max(0, len(b)-r.max+1); i < len(b); i++ {
		tail := string(b[i:])
		at, _ := slices.BinarySearch(r.sorted, tail)
		for ; at < len(r.sorted) && strings.HasPrefix(r.sorted[at], tail); at++ {
			if len(r.sorted[at]) > len(tail) {
				return i
			}
		}
	}
	return len(b)
}
