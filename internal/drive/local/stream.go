package local

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/durable"
	"github.com/firebreak/firebreak/internal/plan"
)

// SaveFrom is Save for what is read from r, in memory that does not grow with it.
// What arrives lies in a file without a name until it was searched: a process that
// is killed leaves no secret value behind.
func (e *Evidence) SaveFrom(name string, r io.Reader) (saved plan.Saved, err error) {
	raw, err := nameless(e.dir)
	if err != nil {
		return plan.Saved{}, fmt.Errorf("save evidence %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, raw.Close()) }()
	size, err := io.Copy(raw, r)
	if err != nil {
		return plan.Saved{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if saved, err = e.take(name, raw, size); err != nil {
		return plan.Saved{}, fmt.Errorf("save evidence %s: %w", name, err)
	}
	return saved, nil
}

// nameless is a file that is gone when it is closed, or when the process is.
func nameless(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, ".arriving-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// take writes a masked copy of raw beside its final name and moves it there.
func (e *Evidence) take(name string, raw *os.File, size int64) (saved plan.Saved, err error) {
	f, err := os.CreateTemp(e.dir, ".masked-") // 0600
	if err != nil {
		return plan.Saved{}, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreGone(os.Remove(f.Name())))
		}
	}()
	h := sha256.New()
	err = e.copyMasked(io.MultiWriter(f, h), raw, size)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return plan.Saved{}, err
	}
	sum := hex.EncodeToString(h.Sum(nil))
	file := e.file(name, sum)
	if err := os.Rename(f.Name(), filepath.Join(e.dir, file)); err != nil {
		return plan.Saved{}, err
	}
	if err := durable.SyncDir(e.dir); err != nil {
		return plan.Saved{}, err
	}
	return e.entered(name, file, sum)
}

func ignoreGone(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// copyMasked writes raw to w without the values known so far, looking into an
// archive too. One without such a value is written byte for byte.
func (e *Evidence) copyMasked(w io.Writer, raw *os.File, size int64) error {
	if e.redactor == nil {
		_, err := io.Copy(w, io.NewSectionReader(raw, 0, size))
		return err
	}
	if err := boundedIndex(raw, size); err != nil {
		return err
	}
	in, err := zip.NewReader(raw, size)
	if err != nil { // no archive
		m := e.redactor.Writer(w)
		_, err := io.Copy(m, io.NewSectionReader(raw, 0, size))
		return errors.Join(err, m.Flush())
	}
	holds, err := e.holdsValue(in, io.NewSectionReader(raw, 0, size))
	switch {
	case err != nil:
		return err
	case holds:
		return e.rewrite(w, in)
	}
	_, err = io.Copy(w, io.NewSectionReader(raw, 0, size))
	return err
}

// holdsValue reports whether a known value stands in an archive's names, comments or
// contents, or between them.
func (e *Evidence) holdsValue(in *zip.Reader, whole io.Reader) (bool, error) {
	was, is := sha256.New(), sha256.New()
	m := e.redactor.Writer(is)
	if _, err := io.Copy(io.MultiWriter(was, m), whole); err != nil {
		return false, err
	}
	if err := m.Flush(); err != nil {
		return false, err
	}
	found, left := !sameSum(was, is), int64(unpacked)
	for _, f := range in.File {
		beside := f.Name + f.Comment + string(f.Extra)
		found = found || e.redactor.String(beside) != beside
		was, is := sha256.New(), sha256.New()
		n, err := e.member(f, left, was, is)
		if err != nil {
			return false, err
		}
		left -= n
		found = found || !sameSum(was, is)
	}
	return found, nil
}

func sameSum(a, b hash.Hash) bool { return bytes.Equal(a.Sum(nil), b.Sum(nil)) }

// member reads one file of an archive into was, and masked into is.
func (e *Evidence) member(f *zip.File, left int64, was, is io.Writer) (n int64, err error) {
	from, err := f.Open()
	if err != nil {
		return 0, &adapters.Unkeepable{Why: fmt.Sprintf("the archive cannot be searched for secret values: %v", err)}
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	m := e.redactor.Writer(is)
	n, err = io.Copy(io.MultiWriter(was, m), io.LimitReader(from, left+1))
	switch {
	case err != nil:
		return n, &adapters.Unkeepable{Why: fmt.Sprintf("the archive cannot be searched for secret values: %v", err)}
	case n > left:
		return n, &adapters.Unkeepable{Why: fmt.Sprintf("the archive unpacks to more than %d MB, which is not searched for secret values", unpacked>>20)}
	}
	return n, m.Flush()
}

// rewrite packs an archive again, masked. Nothing but name, time and content is taken over.
func (e *Evidence) rewrite(w io.Writer, in *zip.Reader) error {
	out := zip.NewWriter(w)
	for _, f := range in.File {
		to, err := out.CreateHeader(&zip.FileHeader{Name: e.redactor.String(f.Name), Method: zip.Deflate, Modified: f.Modified})
		if err != nil {
			return err
		}
		if _, err := e.member(f, unpacked, io.Discard, to); err != nil {
			return err
		}
	}
	return errors.Join(out.SetComment(e.redactor.String(in.Comment)), out.Close())
}
