package trust

import (
	"encoding/json"
	"fmt"
)

// ParseSubject reads a repository's subject customization, and its organization's
// where the repository follows that; nil for what was not read.
// Source: GitHub REST reference, "Get the customization template for an OIDC subject
// claim for a repository"; with use_default false and no keys the organization's holds.
func ParseSubject(repository, organization []byte) (Subject, error) {
	type template struct {
		UseDefault *bool    `json:"use_default"`
		Keys       []string `json:"include_claim_keys"`
		Immutable  bool     `json:"use_immutable_subject"`
		Prefix     string   `json:"sub_claim_prefix"`
	}
	if len(repository) == 0 {
		return Subject{Unknown: true}, nil
	}
	var r, o template
	if err := json.Unmarshal(repository, &r); err != nil {
		return Subject{Unknown: true}, fmt.Errorf("read subject template: %w", err)
	}
	s := Subject{Prefix: r.Prefix, Immutable: r.Immutable}
	if r.UseDefault == nil || *r.UseDefault {
		return s, nil
	}
	if s.Keys = r.Keys; s.Keys != nil {
		return s, nil
	}
	if len(organization) == 0 {
		s.Unknown = true
		return s, nil
	}
	if err := json.Unmarshal(organization, &o); err != nil {
		return Subject{Unknown: true}, fmt.Errorf("read the organization's subject template: %w", err)
	}
	s.Keys = o.Keys
	return s, nil
}

// Choosable says whether somebody else can mint the beginning of a subject of this
// template in a repository of their own: nothing in front ties it to one owner.
// Source: checkov, CKV_AWS_358, its list of abusable claims; GitHub Docs as above.
func (t Subject) Choosable() bool {
	if len(t.Keys) == 0 {
		return false
	}
	for _, k := range t.Keys {
		switch k {
		case "repo", "repository", "repository_id", "repository_owner", "repository_owner_id", "enterprise_id", "enterprise", "job_workflow_ref", "workflow_ref":
			return false
		}
	}
	return true
}
