package local

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/firebreak/firebreak/adapters"
)

// An archive's index is read whole, so that its size is a bound on memory.
const (
	mostIndex   = 64 << 20 // bytes
	mostMembers = 1 << 20
)

// boundedIndex refuses an archive whose index is larger than memory should hold. What
// is no archive passes: it is not read as one.
// Source: APPNOTE.TXT, 4.3.14 to 4.3.16, the end of central directory records.
func boundedIndex(r io.ReaderAt, size int64) error {
	tail := make([]byte, min(size, 22+1<<16))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF { //nolint:errorlint // ReaderAt gives io.EOF itself
		return err
	}
	at := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if at < 0 || len(tail) < at+22 {
		return nil
	}
	members, bytesOf := uint64(binary.LittleEndian.Uint16(tail[at+10:])), uint64(binary.LittleEndian.Uint32(tail[at+12:]))
	if at >= 20 && bytes.Equal(tail[at-20:at-16], []byte("PK\x06\x07")) {
		long := make([]byte, 56)
		where := binary.LittleEndian.Uint64(tail[at-12:])
		if where > uint64(size) {
			return nil // not read as an archive either
		}
		if _, err := r.ReadAt(long, int64(where)); err == nil { //nolint:gosec // below size
			members, bytesOf = max(members, binary.LittleEndian.Uint64(long[32:])), max(bytesOf, binary.LittleEndian.Uint64(long[40:]))
		}
	}
	// Where only the long record has them, the short one holds the largest number there is.
	if members > mostMembers || bytesOf > mostIndex && bytesOf != 1<<32-1 {
		return &adapters.Unkeepable{Why: "the archive's index is too large to be searched for secret values"}
	}
	return nil
}
