package journal

import (
	"fmt"

	"golang.org/x/mod/sumdb/note"
)

// Proven is what looking at a journal shows.
type Proven struct {
	Incident string `json:"incident"`
	Records  int64  `json:"records"` // in one unbroken chain
	// Anchored is how many records, from the first, a checkpoint held elsewhere
	// proves to be unchanged. The others are unanchored: whoever holds the folder
	// could have rewritten them.
	Anchored   int64  `json:"anchored"`
	Unanchored int64  `json:"unanchored"`     // the others
	Torn       string `json:"torn,omitempty"` // what was found after the last whole record
}

// Refuted says that journal and checkpoint contradict each other.
type Refuted struct{ Why string }

func (e *Refuted) Error() string {
	return "the journal does not match the checkpoint: " + e.Why + "; compare with another copy of the folder"
}

// Verify reads the journal in dir and holds it against a checkpoint; without one
// (nil) only the chain is shown. Damage is *Damaged, contradiction *Refuted.
func Verify(dir string, checkpoint []byte) (Proven, *Replay, error) {
	r, err := Read(dir)
	if err != nil {
		return Proven{}, nil, fmt.Errorf("verify journal: %w", err)
	}
	p := Proven{Incident: r.Opened.Incident, Records: r.tree.n(), Unanchored: r.tree.n(), Torn: r.Torn}
	if checkpoint == nil {
		return p, r, nil
	}
	n, err := r.Anchored(checkpoint)
	if err != nil {
		return p, r, fmt.Errorf("verify journal: %w", err)
	}
	p.Anchored, p.Unanchored = n, p.Records-n
	return p, r, nil
}

// Anchored says how many records, from the first, a checkpoint of this journal proves
// to be unchanged. A contradiction is *Refuted.
func (r *Replay) Anchored(checkpoint []byte) (int64, error) {
	v, err := note.NewVerifier(r.Opened.CheckpointKey)
	if err != nil {
		return 0, &Refuted{"record 1 holds no usable checkpoint key"}
	}
	signed, err := note.Open(checkpoint, note.VerifierList(v))
	if err != nil {
		return 0, &Refuted{"its signature is not of the key in record 1 (" + err.Error() + ")"}
	}
	name, t, err := parseCheckpoint(signed.Text)
	if err != nil {
		return 0, &Refuted{err.Error()}
	}
	if want := keyName(r.Opened.Incident); name != want {
		return 0, &Refuted{fmt.Sprintf("it is of %q, the journal of %q", name, want)}
	}
	if t.N > r.tree.n() {
		return 0, &Refuted{fmt.Sprintf("it covers %d records, the journal has %d: the end was cut off", t.N, r.tree.n())}
	}
	root, err := r.tree.root(t.N)
	if err != nil {
		return 0, err
	}
	if root != t.Hash {
		return 0, &Refuted{fmt.Sprintf("the first %d records have another root hash: they were changed", t.N)}
	}
	return t.N, nil
}
