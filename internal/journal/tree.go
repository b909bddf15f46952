package journal

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// tree holds the stored hashes of the Merkle tree over the journal's lines.
type tree struct {
	hashes []tlog.Hash
	size   int64
}

func (t *tree) n() int64 { return t.size }

func (t *tree) add(line []byte) error {
	more, err := tlog.StoredHashes(t.size, line, tlog.HashReaderFunc(t.read))
	if err != nil {
		return fmt.Errorf("hash record %d: %w", t.size+1, err)
	}
	t.hashes = append(t.hashes, more...)
	t.size++
	return nil
}

// root is the RFC 6962 tree head over the first n records.
func (t *tree) root(n int64) (tlog.Hash, error) {
	return tlog.TreeHash(n, tlog.HashReaderFunc(t.read))
}

func (t *tree) read(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x >= int64(len(t.hashes)) {
			return nil, fmt.Errorf("stored hash %d of %d", x, len(t.hashes))
		}
		out[i] = t.hashes[x]
	}
	return out, nil
}

func keyName(incident string) string { return "firebreak.journal/" + incident }

func checkpointText(incident string, t tlog.Tree) string {
	return fmt.Sprintf("%s\n%d\n%s\n", keyName(incident), t.N, base64.StdEncoding.EncodeToString(t.Hash[:]))
}

func parseCheckpoint(text string) (name string, t tlog.Tree, err error) {
	f := strings.Split(text, "\n")
	if len(f) != 4 || f[3] != "" {
		return "", t, fmt.Errorf("a checkpoint has three lines, this has %d", len(f)-1)
	}
	if t.N, err = strconv.ParseInt(f[1], 10, 64); err != nil || t.N < 1 {
		return "", t, fmt.Errorf("%q is not a number of records", f[1])
	}
	if t.Hash, err = tlog.ParseHash(f[2]); err != nil {
		return "", t, fmt.Errorf("%q is not a root hash", f[2])
	}
	return f[0], t, nil
}
