package local

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/firebreak/firebreak/internal/secret"
)

// unpacked is how many bytes of one archive are looked at, a bound on what a
// hostile one can cost.
const unpacked = 1 << 30

// maskArchive gives b with known values masked in names and contents of its files
// when b is a zip archive, as the logs of a run are: compressed, a value cannot be
// found where it stands. ok is false when b is no archive that can be read, which
// nobody else can read a value out of either. An archive without a known value
// comes back byte for byte.
func maskArchive(r *secret.Redactor, b []byte) (masked []byte, ok bool, err error) {
	in, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, false, nil //nolint:nilerr // the error says that it is no archive
	}
	var out bytes.Buffer
	w, left, changed := zip.NewWriter(&out), int64(unpacked), false
	for _, f := range in.File {
		c, n, err := maskMember(r, w, f, left)
		if err != nil {
			return nil, true, fmt.Errorf("mask %s in the archive: %w", r.String(f.Name), err)
		}
		changed, left = changed || c, left-n
	}
	comment := r.String(in.Comment)
	if err := errors.Join(w.SetComment(comment), w.Close()); err != nil {
		return nil, true, err
	}
	if !changed && comment == in.Comment {
		return b, true, nil
	}
	return out.Bytes(), true, nil
}

// maskMember copies one file and says whether anything in it was masked, and how
// many bytes it has unpacked. Nothing but name, time and content is taken over.
func maskMember(r *secret.Redactor, w *zip.Writer, f *zip.File, left int64) (changed bool, n int64, err error) {
	name := r.String(f.Name)
	to, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: f.Modified})
	if err != nil {
		return false, 0, err
	}
	from, err := f.Open()
	if err != nil {
		return false, 0, err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	b, err := io.ReadAll(io.LimitReader(from, left+1))
	if err != nil {
		return false, 0, err
	}
	if int64(len(b)) > left {
		return false, 0, fmt.Errorf("it unpacks to more than %d bytes; save it by hand", unpacked)
	}
	m := r.Bytes(b)
	if _, err := to.Write(m); err != nil {
		return false, 0, err
	}
	beside := f.Comment + string(f.Extra)
	return name != f.Name || r.String(beside) != beside || !bytes.Equal(m, b), int64(len(b)), nil
}
