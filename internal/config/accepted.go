package config

import (
	"fmt"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/document"
)

// Accepted is accepted.yaml: findings a person lives with, and credentials that may
// stay open at close. Each entry has a reason, an owner and an end.
type Accepted struct {
	Findings   []AcceptedFinding
	Exceptions []Exception
}

// AcceptedFinding accepts a rule's finding. Repository, Path, Job and Fingerprint
// narrow it; an empty one means any.
type AcceptedFinding struct {
	Rule        string
	Repository  string // "owner/name"; findings in a folder are of no repository
	Path        string
	Job         string
	Fingerprint string
	Reason      string
	Owner       string
	Expires     time.Time
	Line        int
}

// Exception lets an incident close while a credential is not proven dead. Credential
// is its name in workflows or its inventory id.
type Exception struct {
	Credential string
	Reason     string
	Owner      string
	Expires    time.Time
	Line       int
}

// ParseAccepted reads accepted.yaml. The error is a diag.List with every mistake.
// Expiry is not judged here: the caller has the clock.
func ParseAccepted(file string, b []byte) (Accepted, error) {
	doc, root, ok := document.Open(file, b)
	if !ok {
		return Accepted{}, doc.Problems.Err()
	}
	var a Accepted
	for _, e := range root.Map("version", "findings", "exceptions") {
		switch e.Name {
		case "version":
			version(e.Value)
		case "findings":
			for _, n := range list(e.Value) {
				a.Findings = append(a.Findings, finding(n))
			}
		case "exceptions":
			for _, n := range list(e.Value) {
				a.Exceptions = append(a.Exceptions, exception(n))
			}
		}
	}
	if len(doc.Problems) > 0 {
		return Accepted{}, doc.Problems.Err()
	}
	return a, nil
}

func finding(n document.Node) AcceptedFinding {
	f := AcceptedFinding{Line: n.Pos().Line}
	for _, e := range n.Map("rule", "repository", "path", "job", "fingerprint", "reason", "owner", "expires") {
		switch e.Name {
		case "rule":
			f.Rule = statement(e)
		case "repository":
			f.Repository, _ = e.Value.Text()
		case "path":
			f.Path, _ = e.Value.Text()
		case "job":
			f.Job, _ = e.Value.Text()
		case "fingerprint":
			f.Fingerprint, _ = e.Value.Text()
		case "reason":
			f.Reason = statement(e)
		case "owner":
			f.Owner = statement(e)
		case "expires":
			f.Expires = expiry(e.Value)
		}
	}
	complete(n, "rule", "reason", "owner", "expires")
	return f
}

func exception(n document.Node) Exception {
	x := Exception{Line: n.Pos().Line}
	for _, e := range n.Map("credential", "reason", "owner", "expires") {
		switch e.Name {
		case "credential":
			x.Credential = statement(e)
		case "reason":
			x.Reason = statement(e)
		case "owner":
			x.Owner = statement(e)
		case "expires":
			x.Expires = expiry(e.Value)
		}
	}
	complete(n, "credential", "reason", "owner", "expires")
	return x
}

// statement is a text that has to say something: an empty reason is none.
func statement(e document.Entry) string {
	s, ok := e.Value.Text()
	if ok && strings.TrimSpace(s) == "" {
		e.Value.Report(fmt.Sprintf("%q says nothing", e.Name), "an acceptance has a reason, an owner and an end")
	}
	return s
}

// complete reports keys that are missing: without an owner and an end an acceptance
// would never be looked at again.
func complete(n document.Node, keys ...string) {
	if !n.IsMap() {
		return
	}
	have := map[string]bool{}
	for _, k := range n.Keys() {
		have[k] = true
	}
	for _, k := range keys {
		if !have[k] {
			n.Report(fmt.Sprintf("the key %q is missing", k), "an acceptance has a reason, an owner and an end")
		}
	}
}

// expiry reads a day (its end, UTC) or a time.
func expiry(n document.Node) time.Time {
	s, ok := n.Text()
	if !ok {
		return time.Time{}
	}
	if day, err := time.Parse(time.DateOnly, s); err == nil {
		return day.Add(24 * time.Hour)
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		n.Report(fmt.Sprintf("%q is not a day or time", s), "write it like 2026-03-31 or 2026-03-31T12:00:00Z")
	}
	return at.UTC()
}
