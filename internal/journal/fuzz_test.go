package journal

import (
	"bytes"
	"testing"

	"github.com/firebreak/firebreak/internal/respond"
)

// FuzzRead: whatever the bytes, reading either refuses or gives a replay whose
// accepted part reads the same by itself, without a torn tail.
func FuzzRead(f *testing.F) {
	begin, err := encode([]respond.Event{{Time: t0, Data: opened()}}, 0, zeros)
	if err != nil {
		f.Fatal(err)
	}
	b, err := encode(events(), 1, begin.last)
	if err != nil {
		f.Fatal(err)
	}
	first := begin.bytes
	whole := append(bytes.Clone(first), b.bytes...)
	if r, err := read("dir", whole); err != nil || len(r.Events) != 14 {
		f.Fatalf("the seed does not read: %v", err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add(first)
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := read("dir", b)
		if err != nil {
			return
		}
		again, err := read("dir", b[:r.size])
		if err != nil || again.Torn != "" || len(again.Events) != len(r.Events) || again.last != r.last {
			t.Fatalf("the accepted part reads otherwise: %v", err)
		}
		if (r.Torn == "") != (r.size == int64(len(b))) {
			t.Fatalf("torn %q, but %d of %d bytes were taken", r.Torn, r.size, len(b))
		}
	})
}
