package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/boundary"
	"github.com/firebreak/firebreak/internal/drive/local"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// eyes look for the decider: a fresh survey, and what the gates need of it.
type eyes struct {
	site     *site
	evidence *local.Evidence
}

// Survey answers a Survey command. It never fails: what could not be seen is
// unknown.
func (e *eyes) Survey(ctx context.Context, s *respond.State, scope string) respond.Surveyed {
	out := respond.Surveyed{Scope: scope}
	repositories, subjects := about(s)
	l, err := e.site.look(ctx, repositories, subjects, always(s.Exposure().Since))
	if err != nil {
		out.Unknown = append(out.Unknown, err.Error())
		if scope == "preflight" {
			out.Problems = append(out.Problems, err.Error())
		}
		return out
	}
	if out.Digest, err = snapshot.Digest(l.snapshot); err != nil {
		out.Unknown = append(out.Unknown, err.Error())
	}
	e.judge(&out, l, subjects)
	if scope == "preflight" {
		out.Untreated = append(out.Untreated, uncovered(s, inventory.ForSubjects(l.inventory, subjects))...)
		e.preflight(ctx, s, &out, l)
	}
	return out
}

// about says which repositories and workflows an incident is about.
func about(s *respond.State) (repositories, subjects []string) {
	for _, p := range s.Plans {
		for _, x := range p.Plan.Subjects {
			subjects = append(subjects, x)
			if name, _, ok := strings.Cut(x, "/.github/"); ok {
				repositories = append(repositories, name)
			}
		}
		repositories = append(repositories, p.Plan.Repositories()...)
	}
	return once(repositories), once(subjects)
}

// judge fills in the boundary's verdict.
func (e *eyes) judge(out *respond.Surveyed, l look, subjects []string) {
	v := boundary.Gate(l.inventory.Findings, l.snapshot, subjects, e.site.accepted.Findings, e.site.clock.Now())
	for _, f := range v.Open {
		out.Findings = append(out.Findings, respond.Finding{Rule: f.Rule, Where: where(f), Message: f.Message})
	}
	for _, a := range v.Accepted {
		out.Findings = append(out.Findings, respond.Finding{Rule: a.Finding.Rule, Where: where(a.Finding), Message: a.Finding.Message, Accepted: &respond.Exception{
			Reason: a.Acceptance.Reason, Owner: a.Acceptance.Owner, Expires: a.Acceptance.Expires,
		}})
	}
	out.Unknown = append(out.Unknown, v.Unknown...)
}

func where(f inventory.Finding) string {
	at := fmt.Sprintf("%s:%d:%d", f.Path, f.Line, f.Column)
	if f.Repository != "" {
		at = f.Repository + "/" + at
	}
	if len(f.Fires) > 0 {
		at += " on " + strings.Join(f.Fires, ", ")
	}
	return at
}

// preflight keeps the first snapshot as evidence and says what must be mended
// before anything is minted.
func (e *eyes) preflight(ctx context.Context, s *respond.State, out *respond.Surveyed, l look) {
	if len(e.site.recipients) == 0 {
		out.Problems = append(out.Problems, "nobody could open a sealed value if this machine were lost: name public keys under recipients in the configuration")
	}
	who := e.site.selves(ctx)
	out.Self, out.SelfUnknown = who.kills, who.unknown
	for _, name := range touched(s) {
		if why := who.problems[name]; why != "" {
			out.Problems = append(out.Problems, why)
		}
	}
	for _, x := range e.site.unassisted(s, l.snapshot) {
		out.Problems = append(out.Problems, said(x))
	}
	b, err := snapshot.Encode(l.snapshot)
	if err == nil {
		var saved plan.Saved
		if saved, err = e.evidence.Save("snapshot.json", b); err == nil {
			out.Listed = listings(l.snapshot, saved)
			return
		}
	}
	out.Problems = append(out.Problems, "the first snapshot could not be kept: "+err.Error())
}

// touched lists the providers the incident's actions go to.
func touched(s *respond.State) []string {
	var out []string
	for _, a := range s.Actions {
		name, _, _ := strings.Cut(a.Action.Use, ".")
		out = append(out, name)
	}
	return once(out)
}

// listings says which pieces of evidence a snapshot is: there is no way to export
// caches, and issuers never show a value again, so the listing is all there is.
func listings(s *snapshot.Snapshot, file plan.Saved) []plan.Saved {
	var out []plan.Saved
	add := func(key, listing, gap string) {
		out = append(out, plan.Saved{Evidence: key, File: file.File, Digest: file.Digest, Gap: gap, Listing: listing})
	}
	for _, r := range s.Repositories {
		add("caches:"+r.FullName, fmt.Sprintf("%d caches", len(r.Caches)), "GitHub does not let caches be downloaded; the listing is all there is")
	}
	for _, a := range s.AWS {
		for _, u := range a.Users {
			add("keys:aws:"+a.Name+"/"+u.Name, fmt.Sprintf("%d access keys", len(u.Keys)), "IAM never shows a key's secret again; the listing is all there is")
		}
	}
	for _, r := range s.NPM {
		add("tokens:npm:"+r.User, fmt.Sprintf("%d tokens", len(r.Tokens)), "the registry masks token values; the listing is all there is")
	}
	return out
}

// once gives a list sorted and without repeats.
func once(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
