package config

import (
	"fmt"
	"slices"
	"time"

	"github.com/firebreak/firebreak/internal/diag"
	"github.com/firebreak/firebreak/internal/document"
	"github.com/firebreak/firebreak/internal/plan"
)

// Parse reads firebreak.yaml. The error is a diag.List with every mistake, sorted;
// the configuration is then zero. file is the name shown in it. Paths are kept as
// written. An empty file is a mistake; no file at all is the caller's zero Config.
func Parse(file string, b []byte) (Config, error) {
	doc, root, ok := document.Open(file, b)
	if !ok {
		return Config{}, doc.Problems.Err()
	}
	r := &reader{}
	r.file(root)
	if len(doc.Problems) > 0 {
		return Config{}, doc.Problems.Err()
	}
	return r.c, nil
}

type reader struct {
	c      Config
	owners []used // checked when every owner is known
	// issuers are where each credential's issuer stands, checked when every service is known.
	issuers []document.Node
}

type used struct {
	name string
	at   document.Node
}

func (r *reader) file(root document.Node) {
	versioned := false
	for _, e := range root.Map("version", "github", "author", "aws", "recipients", "owners", "credentials", "identities", "workflows", "http", "confirm", "waits") {
		switch e.Name {
		case "version":
			versioned = true
			version(e.Value)
		case "github":
			r.github(e.Value)
		case "author":
			r.c.Author, _ = e.Value.Text()
		case "aws":
			r.aws(e.Value)
		case "recipients":
			r.c.Recipients = e.Value.Texts()
		case "owners":
			r.ownerMap(e.Value)
		case "credentials":
			for _, n := range list(e.Value) {
				r.credential(n)
			}
		case "identities":
			r.identities(e.Value)
		case "workflows":
			r.workflows(e.Value)
		case "http":
			r.services(e.Value)
		case "confirm":
			r.confirm(e.Value)
		case "waits":
			r.waits(e.Value)
		}
	}
	if !versioned && root.IsMap() {
		root.ReportAt(document.Pos{Line: 1, Column: 1}, `the key "version" is missing`, "write version: 1")
	}
	r.checkOwners()
	r.checkServices()
}

// list is n's items; an empty value has none.
func list(n document.Node) []document.Node {
	if !n.Exists() {
		return nil
	}
	return n.List()
}

func version(n document.Node) {
	if v, ok := n.Int(); ok && v != 1 {
		n.Report(fmt.Sprintf("this is version %d of the format", v), "this program reads version 1")
	}
}

func (r *reader) github(n document.Node) {
	for _, e := range n.Map("owner", "app") {
		switch e.Name {
		case "owner":
			r.c.GitHub.Owner, _ = e.Value.Text()
		case "app":
			r.c.GitHub.App = app(e.Value)
		}
	}
}

func app(n document.Node) *App {
	a := &App{}
	for _, e := range n.Map("id", "installation", "key_file") {
		switch e.Name {
		case "id":
			a.ID, _ = e.Value.Int()
		case "installation":
			a.Installation, _ = e.Value.Int()
		case "key_file":
			a.KeyFile, _ = e.Value.Text()
		}
	}
	if n.IsMap() && (a.ID == 0 || a.Installation == 0 || a.KeyFile == "") {
		n.Report("a GitHub App needs id, installation and key_file", "all three stand on the App's settings page")
	}
	return a
}

func (r *reader) aws(n document.Node) {
	for _, e := range n.Map("accounts") {
		r.c.AWS = map[string]AWSAccount{}
		for _, a := range e.Value.Map() {
			r.c.AWS[a.Name] = account(a)
		}
	}
}

func account(e document.Entry) AWSAccount {
	var a AWSAccount
	for _, f := range e.Value.Map("id", "profile") {
		switch f.Name {
		case "id":
			if s, ok := f.Value.Text(); ok {
				a.ID = s
				if !accountID.MatchString(s) {
					f.Value.Report(fmt.Sprintf("%q is not an AWS account id", s), "twelve digits, in quotes")
				}
			}
		case "profile":
			a.Profile, _ = f.Value.Text()
		}
	}
	if e.Value.IsMap() && a.ID == "" {
		e.Key.Report(fmt.Sprintf("the account %q has no id", e.Name), "twelve digits, in quotes")
	}
	return a
}

func (r *reader) ownerMap(n document.Node) {
	r.c.Owners = map[string]Owner{}
	for _, e := range n.Map() {
		var o Owner
		for _, f := range e.Value.Map("contact") {
			o.Contact, _ = f.Value.Text()
		}
		r.c.Owners[e.Name] = o
	}
}

// checkOwners reports owners that are used and not declared: in an emergency a name
// without a contact is no owner.
func (r *reader) checkOwners() {
	var known []string
	for name := range r.c.Owners {
		known = append(known, name)
	}
	slices.Sort(known)
	for _, u := range r.owners {
		if !slices.Contains(known, u.name) {
			hint := diag.DidYouMean(u.name, known)
			if hint == "" {
				hint = "declare it: owners: { " + u.name + ": { contact: \"#channel\" } }"
			}
			u.at.Report(fmt.Sprintf("the owner %q is not declared", u.name), hint)
		}
	}
}

func (r *reader) owner(n document.Node) string {
	s, ok := n.Text()
	if ok {
		r.owners = append(r.owners, used{s, n})
	}
	return s
}

func (r *reader) confirm(n document.Node) {
	for _, e := range n.Map("irreversible") {
		for _, f := range e.Value.Map("approvals", "allowed_signers", "second_person") {
			switch f.Name {
			case "approvals":
				v, ok := f.Value.Int()
				if ok && v < 0 {
					f.Value.Report("approvals cannot be negative", "0 means a typed confirmation is enough")
				}
				r.c.Confirm.Approvals = int(v)
			case "allowed_signers":
				r.c.Confirm.AllowedSigners, _ = f.Value.Text()
			case "second_person":
				r.c.Confirm.SecondPerson, _ = f.Value.Bool()
			}
		}
		if r.c.Confirm.Approvals > 0 && r.c.Confirm.AllowedSigners == "" {
			e.Key.Report("approvals are asked for, but nobody may sign", "name an OpenSSH allowed-signers file: allowed_signers: PATH")
		}
	}
}

func (r *reader) waits(n document.Node) {
	if !n.Exists() {
		return
	}
	r.c.Waits = map[string]plan.Duration{}
	for _, e := range n.Map() {
		if d, ok := duration(e.Value); ok {
			r.c.Waits[e.Name] = plan.Duration(d)
		}
	}
}

func duration(n document.Node) (time.Duration, bool) {
	s, ok := n.Text()
	if !ok {
		return 0, false
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		n.Report(fmt.Sprintf("%q is not a span of time", s), "write it like 90s, 15m or 1h30m")
		return 0, false
	}
	return d, true
}
