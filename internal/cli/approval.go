package cli

import (
	"cmp"
	"fmt"
	"os"

	"github.com/firebreak/firebreak/internal/approval"
	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/respond"
)

// judged is an approval that holds for an incident about to begin.
type judged struct {
	file   approval.File
	events []respond.Data
}

// judge holds the approval an incident is to begin with against its plan, before
// anything of the incident exists. None was given: nothing is approved, nil.
func (f *Factory) judge(s *site, o opening, opened respond.Opened, digest string) (*judged, error) {
	if o.approval == "" {
		return nil, nil
	}
	b, err := os.ReadFile(o.approval)
	if err != nil {
		return nil, &Fault{Usage, fmt.Errorf("read approval: %w", err), "make one with firebreak approve"}
	}
	file, err := approval.Decode(b)
	if err != nil {
		return nil, &Fault{Usage, err, ""}
	}
	signers, err := f.allowedSigners(s.config.Confirm.AllowedSigners)
	if err != nil {
		return nil, err
	}
	ok, err := file.Verify(approval.Check{
		Plan: digest, Incident: opened.Incident, First: !o.further, Author: opened.Author, Quorum: opened.Approvals, Now: s.clock.Now(), Signers: signers,
	})
	if err != nil {
		return nil, err
	}
	if used, err := f.usedBy(ok.Digest); err != nil || used != "" {
		if err == nil {
			err = fault(Approval, "ask for a new one with firebreak approve", "incident %s used this approval already", used)
		}
		return nil, err
	}
	j := &judged{file: file}
	for _, who := range ok.Signers {
		j.events = append(j.events, respond.Approved{Statement: ok.Digest, Plan: digest, Signer: who, Effects: ok.Statement.Effects, NotAfter: ok.Statement.NotAfter})
	}
	return j, nil
}

// judgeLater holds an approval against the plans of an incident that has begun. One
// that this incident has already is not brought twice: nil.
func (f *Factory) judgeLater(s *site, dir, path string) (*judged, error) {
	if path == "" {
		return nil, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, &Fault{Usage, fmt.Errorf("read approval: %w", err), "make one with firebreak approve"}
	}
	file, err := approval.Decode(b)
	if err != nil {
		return nil, &Fault{Usage, err, ""}
	}
	r, d, err := readIncident(dir)
	if err != nil {
		return nil, err
	}
	digest, err := file.Statement.Digest()
	if err != nil {
		return nil, err
	}
	for _, e := range r.Events {
		if a, ok := e.Data.(respond.Approved); ok && a.Statement == digest {
			return nil, nil
		}
	}
	for i, p := range d.State().Plans {
		if p.Digest != file.Statement.Plan {
			continue
		}
		opened := r.Opened
		if i > 0 {
			opened.Approvals, opened.Author = max(opened.Approvals, p.Approvals), cmp.Or(p.Author, opened.Author)
		}
		return f.judge(s, opening{approval: path, further: i > 0}, opened, p.Digest)
	}
	return nil, fault(Approval, "firebreak show "+r.Opened.Incident+" --plan prints the file to approve", "%s is for another plan than those of incident %s", path, r.Opened.Incident)
}

// approve records an approval that was brought to the sitting.
func (t *sitting) approve(j *judged) error {
	if j == nil {
		return nil
	}
	if err := j.file.Save(t.dir); err != nil {
		return err
	}
	return t.log.Append(j.events...)
}

func (f *Factory) allowedSigners(path string) ([]approval.Signer, error) {
	if path == "" {
		return nil, fault(Usage, "set confirm.irreversible.allowed_signers in the configuration", "it is not known who may approve")
	}
	b, err := os.ReadFile(f.home(path))
	if err != nil {
		return nil, &Fault{Usage, fmt.Errorf("read allowed signers: %w", err), "name an OpenSSH allowed-signers file under confirm.irreversible.allowed_signers"}
	}
	return approval.ParseSigners(path, b)
}

// usedBy names the incident of this state folder that used a statement before.
func (f *Factory) usedBy(statement string) (string, error) {
	all, err := f.incidents()
	if err != nil {
		return "", err
	}
	for _, x := range all {
		r, err := journal.Read(x.dir)
		if err != nil {
			continue // damaged journals are told of by status and verify
		}
		for _, e := range r.Events {
			if a, ok := e.Data.(respond.Approved); ok && a.Statement == statement {
				return x.Incident, nil
			}
		}
	}
	return "", nil
}
