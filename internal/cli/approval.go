package cli

import (
	"fmt"
	"os"

	"github.com/firebreak/firebreak/internal/approval"
	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/respond"
)

// approvals judges the approval an incident is begun with and keeps it in the
// incident's folder. None was given: nothing is approved.
func (t *sitting) approvals(o opening, opened respond.Opened, digest string) ([]respond.Data, error) {
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
	signers, err := t.f.allowedSigners(t.site.config.Confirm.AllowedSigners)
	if err != nil {
		return nil, err
	}
	ok, err := file.Verify(approval.Check{
		Plan: digest, Incident: opened.Incident, First: true, Author: opened.Author, Quorum: opened.Approvals, Now: t.site.clock.Now(), Signers: signers,
	})
	if err != nil {
		return nil, err
	}
	if used, err := t.f.usedBy(ok.Digest); err != nil || used != "" {
		if err == nil {
			err = fault(Approval, "ask for a new one with firebreak approve", "incident %s used this approval already", used)
		}
		return nil, err
	}
	if err := file.Save(t.dir); err != nil {
		return nil, err
	}
	var out []respond.Data
	for _, who := range ok.Signers {
		out = append(out, respond.Approved{Statement: ok.Digest, Plan: digest, Signer: who, Effects: ok.Statement.Effects, NotAfter: ok.Statement.NotAfter})
	}
	return out, nil
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
