package boundary

import (
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/workflow"
)

// untrustedCheckout: whoever opens a pull request writes the code that such a job
// runs, and the job holds what the code can steal.
//
// Source: GitHub Security Lab, "Preventing pwn requests".
var untrustedCheckout = Rule{
	ID:   "untrusted-checkout-with-secrets",
	Why:  "A job that checks out an outsider's code runs it with every secret and right the job has.",
	Fix:  "run the outsider's code on pull_request, without secrets and with a read-only token; do what needs secrets in another workflow that never checks that code out",
	Gate: true,
	judge: func(r *run) []hit {
		found, events := r.foreign(r.Outsiders())
		if len(found) == 0 {
			return nil
		}
		severity, holds := r.holds()
		if holds == "" {
			return nil
		}
		var hits []hit
		for i, f := range found {
			hits = append(hits, hit{
				Pos: f.Pos, severity: severity, events: events[i],
				message: "job " + r.Job.ID + " runs on " + strings.Join(events[i], ", ") + " and fetches an outsider's code (" + short(f.What) + ") while it holds " + holds,
			})
		}
		return hits
	},
}

// holds says what there is to steal in the job, and how bad that is; "" when it is
// nothing. The OIDC token has a rule of its own.
func (r *run) holds() (severity, what string) {
	var names []string
	for _, x := range r.Refs() {
		switch x.Kind {
		case workflow.Secret:
			names = append(names, r.Real(x.Name)...)
		case workflow.All, workflow.Dynamic:
			names = append(names, "every secret of the repository")
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) > 0 {
		return Critical, few(names)
	}
	var write []string
	for scope, v := range r.Permissions {
		if v == "write" && scope != "id-token" {
			write = append(write, scope+": write")
		}
	}
	slices.Sort(write)
	switch {
	case len(write) > 3:
		return High, "a token with " + strings.Join(write[:3], ", ") + " and more"
	case len(write) > 0:
		return High, "a token with " + strings.Join(write, ", ")
	case r.Permissions[workflow.Unknown] != "":
		return Unknown, "a token whose rights are not known: neither the file nor the survey tells them"
	}
	return "", ""
}

// few names some of many.
func few(names []string) string {
	if len(names) <= 6 {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:5], ", ") + " and " + count(len(names)-5) + " more"
}

// short keeps a value from an untrusted file to one line of readable length.
func short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 80 {
		return string(r[:79]) + "…"
	}
	return s
}
