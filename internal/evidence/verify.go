package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/firebreak/firebreak/internal/approval"
	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/secret"
)

// VerificationSchema names the JSON form of Verification.
const VerificationSchema = "firebreak.verification/1"

// Verification is what an incident's folder proves by itself.
type Verification struct {
	Schema string `json:"schema"`
	OK     bool   `json:"ok"`
	journal.Proven
	Plans     []Checked `json:"plans"`      // bytes against digest
	Approvals []Checked `json:"approvals"`  // statement, signature, signer
	Files     []Checked `json:"files"`      // evidence against the journal's digests
	Sealed    []Checked `json:"sealed"`     // sealed values the journal names
	Calls     []Checked `json:"calls"`      // intents and outcomes that do not belong together
	HandOvers []Checked `json:"hand_overs"` // number of the owner, and the checkpoint in the record
	Problems  []string  `json:"problems"`   // everything above that is wrong, a sentence each
	// Unjudged is what could not be checked here, and why. It is not a problem and not a proof.
	Unjudged []string `json:"unjudged"`
}

// Checked is one thing that was looked at.
type Checked struct {
	What  string `json:"what"`
	OK    bool   `json:"ok"`
	Found string `json:"found,omitempty"` // what is wrong, "" when nothing
}

// Verify looks at the incident's folder dir. checkpoint may be nil; signers nil
// leaves signatures unjudged. A journal that was changed, or contradicts the
// checkpoint, is an error (*journal.Damaged, *journal.Newer, *journal.Refuted);
// everything else that is wrong stands in the result with OK false. It only reads.
func Verify(dir string, checkpoint []byte, signers []approval.Signer) (Verification, error) {
	v := Verification{
		Schema: VerificationSchema, Plans: []Checked{}, Approvals: []Checked{}, Files: []Checked{}, Sealed: []Checked{}, Calls: []Checked{}, HandOvers: []Checked{},
		Problems: []string{}, Unjudged: []string{},
	}
	proven, r, err := journal.Verify(dir, checkpoint)
	v.Proven = proven
	if err != nil {
		return v, err
	}
	w := &witness{v: &v, replay: r, epoch: 1, dir: dir, signers: signers, opened: r.Opened, saved: map[string]string{}, refs: map[string]bool{}, open: map[string]string{}}
	for _, e := range r.Events {
		w.seq++
		w.see(e)
	}
	w.files()
	w.sealed()
	for _, c := range slices.Sorted(maps.Values(w.open)) {
		v.Unjudged = append(v.Unjudged, "the outcome of "+c+" is not in the journal")
	}
	v.OK = len(v.Problems) == 0
	return v, nil
}

type witness struct {
	v       *Verification
	replay  *journal.Replay
	seq     int64 // of the record that is seen
	epoch   int   // of the owner so far
	dir     string
	signers []approval.Signer
	opened  respond.Opened
	plans   int
	saved   map[string]string // digest by file
	refs    map[string]bool
	open    map[string]string // calls without outcome
}

func (w *witness) check(list *[]Checked, what string, err error) {
	c := Checked{What: what, OK: err == nil}
	if err != nil {
		c.Found = err.Error()
		w.v.Problems = append(w.v.Problems, what+": "+c.Found)
	}
	*list = append(*list, c)
}

func (w *witness) see(e respond.Event) {
	switch d := e.Data.(type) {
	case respond.Planned:
		w.plans++
		w.check(&w.v.Plans, "plan "+d.Digest, planned(d))
	case respond.Approved:
		w.approved(e, d)
	case respond.Answered:
		w.ref(d.Value)
	case respond.Intended:
		w.open[call(d.Action, d.Number)] = d.Action + ": " + d.Call.Verb + " " + d.Call.Object
	case respond.Outcome:
		if _, ok := w.open[call(d.Action, d.Number)]; !ok {
			w.check(&w.v.Calls, call(d.Action, d.Number), errors.New("an outcome without an intent before it"))
		}
		delete(w.open, call(d.Action, d.Number))
		for _, out := range d.Outcome.Outputs {
			w.ref(out.Sealed)
		}
	case respond.Settled:
		if d.Settlement.Happened != "unknown" {
			delete(w.open, call(d.Action, d.Number))
		}
		if d.By != "" {
			w.v.Unjudged = append(w.v.Unjudged, "whether call "+call(d.Action, d.Number)+" happened is the word of "+d.By+", not a proof: "+d.Reason)
		}
	case respond.HandedOver:
		w.check(&w.v.HandOvers, fmt.Sprintf("hand-over from %s to %s", d.From, d.To), w.handedOver(d))
	case respond.Verified:
		w.save(d.Reading.Saved)
	case respond.Surveyed:
		w.save(d.Listed)
	}
}

func (w *witness) ref(ref string) {
	if ref != "" {
		w.refs[ref] = true
	}
}

func (w *witness) save(l []plan.Saved) {
	for _, s := range l {
		if s.File == "" {
			continue
		}
		if had, ok := w.saved[s.File]; ok && had != s.Digest {
			w.check(&w.v.Files, s.File, errors.New("the journal names two digests for it"))
		}
		w.saved[s.File] = s.Digest
	}
}

// handedOver holds the record's checkpoint against the records before it, and counts
// the owners.
func (w *witness) handedOver(d respond.HandedOver) error {
	w.epoch++
	if d.Epoch != w.epoch {
		return fmt.Errorf("it makes owner number %d, and %d would follow", d.Epoch, w.epoch)
	}
	n, err := w.replay.Anchored([]byte(d.Checkpoint))
	if err != nil {
		return err
	}
	if n != w.seq-1 {
		return fmt.Errorf("its checkpoint covers %d records, there are %d before it", n, w.seq-1)
	}
	return nil
}

func planned(d respond.Planned) error {
	if d.Plan == nil {
		return errors.New("its bytes are missing")
	}
	b, err := plan.Encode(d.Plan)
	if err != nil {
		return err
	}
	if got := plan.Digest(b); got != d.Digest {
		return fmt.Errorf("its bytes have digest %s", got)
	}
	return nil
}

// approved holds an approval against the stored file as it was judged then.
func (w *witness) approved(e respond.Event, d respond.Approved) {
	what := "approval " + d.Statement + " by " + d.Signer
	f, err := approval.Load(w.dir, d.Statement)
	if err != nil {
		w.check(&w.v.Approvals, what, err)
		return
	}
	if w.signers == nil {
		w.v.Unjudged = append(w.v.Unjudged, what+": no allowed-signers file was given")
		return
	}
	ok, err := f.Verify(approval.Check{
		Plan: d.Plan, Incident: w.opened.Incident, First: w.plans <= 1, Author: w.opened.Author,
		Quorum: w.opened.Approvals, Now: e.Time, Signers: w.signers,
	})
	if err == nil && !slices.Contains(ok.Signers, d.Signer) {
		err = fmt.Errorf("it is not signed by %s", d.Signer)
	}
	w.check(&w.v.Approvals, what, err)
}

func (w *witness) files() {
	for _, name := range slices.Sorted(maps.Keys(w.saved)) {
		w.check(&w.v.Files, name, w.file(name, w.saved[name]))
	}
}

func (w *witness) file(name, want string) error {
	if filepath.Base(name) != name {
		return errors.New("its name leads out of the evidence folder")
	}
	b, err := os.ReadFile(filepath.Join(w.dir, "evidence", name))
	if err != nil {
		return err
	}
	s := sha256.Sum256(b)
	if got := hex.EncodeToString(s[:]); got != want {
		return fmt.Errorf("its digest is %s, the journal says %s", got, want)
	}
	return nil
}

func (w *witness) sealed() {
	for _, ref := range slices.Sorted(maps.Keys(w.refs)) {
		_, err := os.Stat(secret.SealedFile(w.dir, ref))
		w.check(&w.v.Sealed, ref, err)
	}
}
