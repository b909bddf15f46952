package boundary

import "strings"

// curlToShell: what a server answers today is not what it answered at the review.
//
// Source: OpenSSF Scorecard, Pinned-Dependencies, downloadThenRun.
var curlToShell = Rule{
	ID:  "curl-to-shell",
	Why: "The job runs what a server answers at that moment, unread, beside its authority.",
	Fix: "download a named version, check its digest, then run it",
	judge: func(r *run) []hit {
		severity, what := r.authority()
		if what == "" || severity == Unknown {
			return nil
		}
		var hits []hit
		for i := range r.Steps {
			s := &r.Steps[i]
			if line, ok := piped(s.Run); ok {
				p := s.RunPos
				if strings.Contains(s.Run, "\n") {
					p.Line, p.Column = p.Line+1+line, 1
				}
				hits = append(hits, hit{Pos: r.at(s, p), severity: Low, message: "job " + r.Job.ID + " pipes a download into a shell (" + title(s.Step) + ") while it holds " + what})
			}
		}
		return hits
	},
}

// piped finds the line of a script that pipes a download into an interpreter.
func piped(script string) (int, bool) {
	if !strings.Contains(script, "curl") && !strings.Contains(script, "wget") && !strings.Contains(script, "iwr") {
		return 0, false
	}
	n := 0
	for l := range strings.Lines(script) {
		if _, rest, ok := strings.Cut(l, "curl"); ok || strings.Contains(l, "wget") {
			if !ok {
				_, rest, _ = strings.Cut(l, "wget")
			}
			for part := range strings.SplitSeq(rest, "|") {
				w := strings.Fields(strings.TrimPrefix(strings.TrimSpace(part), "sudo "))
				if part != rest && len(w) > 0 && (w[0] == "sh" || w[0] == "bash" || w[0] == "zsh" || w[0] == "/bin/sh" || w[0] == "/bin/bash") {
					return n, true
				}
			}
		}
		n++
	}
	return 0, false
}
