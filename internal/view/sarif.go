package view

import (
	"cmp"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"
)

// mostResults is what a run may hold; GitHub refuses more, and shows 5,000. Findings
// come in the order to mend them, so that what is left out is the least of them.
// Source: GitHub Docs, "SARIF results exceed one or more limits".
const mostResults = 25_000

// SARIF writes findings as a SARIF 2.1.0 log of one run, in the form that GitHub's
// code scanning reads. Accepted ones are suppressed. Paths are relative to the folder
// that was read, or with several to where they lie from here.
func SARIF(w io.Writer, version string, b Boundary) error {
	return JSON(w, newSARIF(version, b))
}

func newSARIF(version string, b Boundary) sarifLog {
	run := sarifRun{
		Tool:        sarifTool{sarifDriver{Name: "firebreak", Version: version, Rules: []sarifRule{}}},
		Invocations: []sarifInvocation{{Successful: true}}, ColumnKind: "unicodeCodePoints", Results: []sarifResult{},
	}
	index := map[string]int{}
	worst := map[string]string{}
	for _, f := range b.Findings {
		if w, ok := worst[f.Rule]; !ok || score(f.Severity) > score(w) {
			worst[f.Rule] = f.Severity
		}
	}
	for i, r := range b.Rules {
		index[r.ID] = i
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, newRule(r, worst[r.ID]))
	}
	several := origins(b) > 1
	for i, f := range b.Findings {
		if i == mostResults {
			run.Invocations[0].Notifications = append(run.Invocations[0].Notifications, sarifNotification{"warning", sarifText{
				Text: fmt.Sprintf("%d more findings are left out: a run may hold %d; narrow it with --severity, --rule or fewer repositories", len(b.Findings)-i, mostResults),
			}})
			break
		}
		run.Results = append(run.Results, newResult(f, index[f.Rule], several))
	}
	return sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}}
}

func newRule(r RuleTold, worst string) sarifRule {
	tags := []string{"security", "supply-chain", "ci"}
	if r.Gate {
		tags = append(tags, "gate")
	}
	return sarifRule{
		ID: r.ID, Short: sarifText{Text: r.Why}, Full: sarifText{Text: r.Why},
		Help:    sarifText{Text: r.Why + "\nTo mend it: " + r.Fix + ".", Markdown: r.Why + "\n\n**To mend it:** " + Markdown(r.Fix) + "."},
		Default: sarifDefault{level(worst)},
		// Source: GitHub Docs, "SARIF support for code scanning": above 9.0 is shown as
		// critical, from 7.0 as high, from 4.0 as medium, below as low.
		Bag: map[string]any{"tags": tags, "security-severity": fmt.Sprintf("%.1f", score(worst)), "problem.severity": problem(worst)},
	}
}

func newResult(f FindingTold, rule int, several bool) sarifResult {
	at := sarifPhysical{Artifact: sarifArtifact{uri(f, several)}, Region: sarifRegion{Line: max(f.Line, 1), Column: f.Column}}
	if f.Snippet != "" {
		at.Context = &sarifRegion{Line: max(f.Line, 1), Snippet: &sarifText{Text: f.Snippet}}
	}
	r := sarifResult{
		RuleID: f.Rule, RuleIndex: rule, Level: level(f.Severity), Message: sarifText{Text: message(f)}, Locations: []sarifLocation{{at}},
		// Code scanning goes by this name alone.
		// Source: GitHub Docs, "SARIF support for code scanning", fingerprints.
		Fingerprints: map[string]string{"primaryLocationLineHash": f.Fingerprint + ":1"},
		Suppressions: []sarifSuppression{}, Bag: map[string]any{"severity": f.Severity},
	}
	if f.Job != "" {
		r.Bag["job"] = f.Job
	}
	if len(f.Branches) > 0 {
		r.Bag["branches"] = f.Branches
	}
	if a := f.Accepted; a != nil {
		r.Suppressions = append(r.Suppressions, sarifSuppression{"external", "accepted", a.Reason, map[string]string{"owner": a.Owner, "expires": a.Expires}})
	}
	return r
}

// message is what a finding says. Brackets make links in SARIF, and what stands in a
// message comes from the files.
func message(f FindingTold) string {
	text := f.Message
	if f.Fix != "" {
		text += ". To mend it: " + f.Fix
	}
	return strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`).Replace(Line(text))
}

func uri(f FindingTold, several bool) string {
	p := f.Path
	if several {
		p = path.Join(cmp.Or(f.Folder, f.Repository), p)
	}
	for strings.HasPrefix(p, "/") || strings.HasPrefix(p, "../") { // relative, as code scanning wants it
		p = strings.TrimPrefix(strings.TrimPrefix(p, "/"), "../")
	}
	return (&url.URL{Path: p}).String()
}

func origins(b Boundary) int {
	seen := map[string]bool{}
	for _, f := range b.Findings {
		seen[f.Repository+"\x00"+f.Folder] = true
	}
	return len(seen)
}

func level(severity string) string {
	switch severity {
	case "critical", "high":
		return "error"
	case "low":
		return "note"
	}
	return "warning"
}

func problem(severity string) string {
	if l := level(severity); l != "note" {
		return l
	}
	return "recommendation"
}

// score is a severity as a number. What is not known stands with medium: it is looked
// at, and claims nothing.
func score(severity string) float64 {
	switch severity {
	case "critical":
		return 9.5
	case "high":
		return 8
	case "low":
		return 2.5
	}
	return 5.5
}
