package approval

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// Check is what an approval is held against.
type Check struct {
	Plan string // hex SHA-256 of the plan that is to be carried out
	// Incident is the incident's id. With First, the statement's may be empty too.
	Incident string
	First    bool
	Author   string // who planned, as the configuration says; may not approve, nor may the statement's author
	Quorum   int    // signatures the configuration needs; the statement may ask for more
	Now      time.Time
	Signers  []Signer
}

// Approved is a statement that holds.
type Approved struct {
	Statement Statement
	Digest    string   // of the statement
	Signers   []string // principals, one a signature, sorted
}

// Rejected says everything that is wrong with an approval.
type Rejected struct{ Why []string }

func (e *Rejected) Error() string {
	return "the approval does not hold: " + strings.Join(e.Why, "; ") + "; ask for a new one with firebreak approve"
}

// Verify judges an approval. What does not hold is *Rejected, with every reason.
// Signatures that do not count are a reason only when too few are left.
func (f File) Verify(c Check) (Approved, error) {
	s := f.Statement
	why := s.faults()
	if s.Plan != c.Plan {
		why = append(why, fmt.Sprintf("it is for plan %.12s, this is plan %.12s", s.Plan, c.Plan))
	}
	if s.Incident != c.Incident && !(c.First && s.Incident == "") {
		why = append(why, fmt.Sprintf("it is for incident %q, this is incident %q", s.Incident, c.Incident))
	}
	if !c.Now.Before(s.NotAfter) {
		why = append(why, "it expired at "+s.NotAfter.UTC().Format(time.RFC3339))
	}
	signers, not := f.count(c)
	if need := max(1, s.Quorum, c.Quorum); len(signers) < need {
		why = append(why, fmt.Sprintf("%d of %d signatures count", len(signers), need))
		why = append(why, not...)
	}
	d, err := s.Digest()
	if err != nil {
		return Approved{}, err
	}
	if len(why) > 0 {
		return Approved{}, &Rejected{why}
	}
	return Approved{Statement: New(s), Digest: d, Signers: signers}, nil
}

// count gives the principals whose signatures count, each person and each key
// once, and why the others do not.
func (f File) count(c Check) (signers, not []string) {
	var keys []string
	for i, armored := range f.Signatures {
		key, err := f.signature(armored)
		who := ""
		if err == nil {
			who, err = f.principal(c, key)
		}
		if err != nil {
			not = append(not, fmt.Sprintf("signature %d: %v", i+1, err))
			continue
		}
		if id := string(key.Marshal()); !slices.Contains(keys, id) && !slices.Contains(signers, who) {
			keys, signers = append(keys, id), append(signers, who)
		}
	}
	slices.Sort(signers)
	return signers, not
}

// principal says whose key it is, when it may approve now. A key that any line
// gives to the author is the author's, whatever other lines say.
func (f File) principal(c Check, key ssh.PublicKey) (string, error) {
	print := ssh.FingerprintSHA256(key)
	who, err := "", fmt.Errorf("key %s is not among the allowed signers", print)
	for _, s := range c.Signers {
		if !s.same(key) {
			continue
		}
		for _, author := range []string{f.Statement.Author, c.Author} {
			if author != "" && matchList(strings.ToLower(author), strings.ToLower(s.Principals)) {
				return "", fmt.Errorf("key %s is the author's (line %d): whoever planned may not approve", print, s.Line)
			}
		}
		switch {
		case s.Namespaces != "" && !matchList(Namespace, s.Namespaces):
			err = fmt.Errorf("key %s may not sign for %s (line %d)", print, Namespace, s.Line)
		case !s.ValidAfter.IsZero() && c.Now.Before(s.ValidAfter):
			err = fmt.Errorf("key %s is not valid yet (line %d)", print, s.Line)
		case !s.ValidBefore.IsZero() && c.Now.After(s.ValidBefore):
			err = fmt.Errorf("key %s is not valid any more (line %d)", print, s.Line)
		case who == "":
			who = s.Principals
		}
	}
	if who == "" {
		return "", err
	}
	return who, nil
}
