package boundary

import (
	"strings"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/workflow"
)

// secretInUntrusted: beside a checkout and an expression there are two more ways from an
// outsider's text to what a job does: an agent that does what it reads, and a file of
// variables into which the text writes lines of its own. Those two rules tell of theirs.
//
// Source: GitHub Security Lab, "Keeping your GitHub Actions and workflows secure";
// GitHub Docs, "Workflow commands", environment files.
var secretInUntrusted = Rule{
	ID:   "secret-in-untrusted-job",
	Why:  "An outsider's text decides what a job does that holds secrets or rights.",
	Fix:  "read the text in a job that holds nothing, and let another job with authority take from it only what you can check, such as a label from a list",
	Gate: true,
	judge: func(r *run) []hit {
		if len(r.outsiders) == 0 {
			return nil
		}
		severity, what := r.authority()
		if what == "" {
			return nil
		}
		var hits []hit
		for i := range r.Steps {
			s := &r.Steps[i]
			events := unguarded(s.If, r.outsiders)
			if len(events) == 0 {
				continue
			}
			how, p := swayed(s)
			if how == "" {
				continue
			}
			hits = append(hits, hit{
				Pos: r.at(s, p), severity: severity, events: events,
				message: "job " + r.Job.ID + " runs on " + strings.Join(events, ", ") + " and " + how + " while it holds " + what,
			})
		}
		return hits
	},
}

// swayed says how an outsider's text comes to decide what a step or those behind it do.
func swayed(s *inventory.InstanceStep) (string, workflow.Pos) {
	if s.Run != "" {
		return writesVariables(s)
	}
	a, ok := agents[strings.ToLower(before(s.Uses, "@"))]
	if !ok {
		return "", workflow.Pos{}
	}
	if a.open != "" {
		if v, set := s.Input(a.open); !set || !strings.Contains(v.Value, "*") {
			return "", workflow.Pos{}
		}
		return "lets anybody instruct an agent (" + short(s.Uses) + ", " + a.open + ": *)", s.UsesPos
	}
	for _, vars := range [][]workflow.Var{s.With, s.Step.Env} {
		for _, v := range vars {
			if text, ok := workflow.OutsidersText(v.Value); ok {
				return "hands an outsider's text (" + short(text) + ") to an agent (" + short(s.Uses) + ")", s.UsesPos
			}
		}
	}
	return "", workflow.Pos{}
}

// agent is an action that lets a model use tools in the job. open is the input that lets
// anybody instruct it who may not write to the repository; "" where it asks nobody.
type agent struct{ open string }

// agents by name.
//
// Source: anthropics/claude-code-action, docs/security.md; openai/codex-action,
// docs/security.md; google-github-actions/run-gemini-cli README, which has no such input.
var agents = map[string]agent{
	"anthropics/claude-code-action":        {"allowed_non_write_users"},
	"openai/codex-action":                  {"allow-users"},
	"google-github-actions/run-gemini-cli": {},
	"google-gemini/gemini-cli-action":      {},
	"anthropics/claude-code-base-action":   {},
}

// writesVariables finds a line that appends a variable with an outsider's text of several
// lines to the file of variables or of folders in which programs are looked for.
func writesVariables(s *inventory.InstanceStep) (string, workflow.Pos) {
	if !strings.Contains(s.Run, "GITHUB_ENV") && !strings.Contains(s.Run, "GITHUB_PATH") {
		return "", workflow.Pos{}
	}
	n := -1
	for l := range strings.Lines(s.Run) {
		n++
		if strings.Contains(l, "<<$") { // a mark nobody can guess keeps the lines together
			return "", workflow.Pos{}
		}
		if strings.Contains(l, "|") || !strings.Contains(l, "GITHUB_ENV") && !strings.Contains(l, "GITHUB_PATH") {
			continue
		}
		for _, v := range s.Step.Env {
			text, ok := workflow.OutsidersText(v.Value)
			if !ok || !strings.Contains(text, ".body") || !expands(l, v.Name) {
				continue
			}
			p := s.RunPos
			if strings.Contains(s.Run, "\n") {
				p.Line, p.Column = p.Line+1+n, 1
			}
			return "writes an outsider's lines (" + short(text) + ") into the variables of the steps behind", p
		}
	}
	return "", workflow.Pos{}
}

// expands says whether a line of a script puts a variable's value in.
func expands(line, name string) bool {
	for i := 0; ; {
		k := strings.Index(line[i:], name)
		if k < 0 {
			return false
		}
		at := i + k
		i = at + len(name)
		if at > 0 && (line[at-1] == '$' || strings.HasSuffix(line[:at], "${") || strings.HasSuffix(strings.ToLower(line[:at]), "$env:")) &&
			(i == len(line) || !word(line[i])) {
			return true
		}
	}
}

func word(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func before(s, sep string) string {
	head, _, _ := strings.Cut(s, sep)
	return head
}
