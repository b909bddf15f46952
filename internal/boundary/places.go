package boundary

import (
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/workflow"
)

// selfHostedForOutsiders: a machine of one's own keeps what a run leaves on it.
//
// Source: GitHub Docs, "Security hardening for GitHub Actions", hardening for self-hosted runners.
var selfHostedForOutsiders = Rule{
	ID:   "self-hosted-for-outsiders",
	Why:  "An outsider's code runs on a machine of your own, and what it leaves there meets the next job.",
	Fix:  "run outsiders' pull requests on GitHub's runners, or on machines that live for one job",
	Gate: true,
	judge: func(r *run) []hit {
		if r.Model.Visibility == "private" || !slices.ContainsFunc(r.Job.Runner.Labels, func(l string) bool { return strings.EqualFold(l, "self-hosted") }) {
			return nil
		}
		var events []string
		for _, e := range r.Entries {
			if e.Trust == workflow.Untrusted && (e.Name == "pull_request" || e.Authority) {
				events = append(events, e.Name)
			}
		}
		own := slices.Contains(events, "pull_request") && r.buildsTree()
		found, _ := r.foreign(r.outsiders)
		if !own && len(found) == 0 {
			return nil
		}
		severity := High
		if r.Model.Visibility == "" {
			severity = Unknown
		}
		message := "job " + r.Job.ID + " runs an outsider's code on a self-hosted runner, on " + strings.Join(events, ", ")
		if severity == Unknown {
			message += ", if the repository is public, which was not read"
		}
		return []hit{{Pos: r.Job.Runner.Pos, severity: severity, events: events, message: message}}
	},
}

// buildsTree says whether the job checks out what started it and runs something of it.
func (r *run) buildsTree() bool {
	out := false
	for i := range r.Steps {
		s := &r.Steps[i]
		if k, ok := s.Known(); ok && k.Kind == workflow.Checkout {
			out = true
		} else if out && s.Run != "" {
			return true
		}
	}
	return false
}

// phasesShareJob: the article's four phases, each with an authority of its own.
//
// Source: the article, "Every workflow is a security boundary"; SLSA, build levels.
var phasesShareJob = Rule{
	ID:  "phases-share-job",
	Why: "A job that installs dependencies and builds runs other people's code beside the authority to publish or deploy.",
	Fix: "build in one job without authority, hand the artifact on, and publish or deploy in another that builds nothing",
	judge: func(r *run) []hit {
		if r.Call != nil && r.Start.Path != r.File.Path {
			return nil // told where the job starts from its own file, or once for its callers
		}
		built := ""
		for i := range r.Steps {
			s := &r.Steps[i]
			for _, u := range s.Commands() {
				if u.Kind == workflow.Build && u.System != "oci" && fetches(u) && built == "" {
					built = title(s.Step)
				}
			}
			if built == "" {
				continue
			}
			what, pos := hands(s)
			if what == "" || !r.armed() {
				continue
			}
			severity := Low
			if len(r.outsiders) > 0 {
				severity = High
			}
			return []hit{{Pos: r.at(s, pos), severity: severity, message: "job " + r.Job.ID + " runs " + built + " and then " + what + " with the same authority"}}
		}
		return nil
	},
}

// fetches says whether a build command runs code that is not the repository's own.
func fetches(u workflow.Use) bool {
	if len(u.Args) == 0 {
		return u.System == "npm" && u.Match[0] == "yarn"
	}
	switch u.System {
	case "npm", "python", "ruby", "php", "dotnet":
		return u.Args[0] == "install" || u.Args[0] == "ci" || u.Args[0] == "i" || u.Args[0] == "sync" || u.Args[0] == "restore" || u.Args[0] == "update"
	case "rust", "java":
		return true // the build fetches what it needs
	case "go":
		return u.Args[0] == "test" || u.Args[0] == "generate" || u.Args[0] == "run"
	}
	return false
}

// hands says what a step publishes or deploys, and where.
func hands(s *inventory.InstanceStep) (string, workflow.Pos) {
	if k, ok := s.Known(); ok && (k.Kind == workflow.Publish || k.Kind == workflow.Deploy) {
		return verb(k.Kind) + " to " + k.System + " (" + short(s.Uses) + ")", s.UsesPos
	}
	for _, u := range s.Commands() {
		if u.Kind == workflow.Publish || u.Kind == workflow.Deploy {
			return verb(u.Kind) + " to " + u.System, s.RunPos
		}
	}
	return "", workflow.Pos{}
}

func verb(k workflow.Kind) string {
	if k == workflow.Publish {
		return "publishes"
	}
	return "deploys"
}

// armed says whether the job has something to publish or deploy with.
func (r *run) armed() bool {
	if r.Permissions["id-token"] == "write" || r.Permissions["packages"] == "write" || r.Permissions["contents"] == "write" || r.Permissions["pages"] == "write" {
		return true
	}
	for _, x := range r.Refs() {
		if x.Kind == workflow.Secret && x.How != workflow.HowIf {
			return true
		}
	}
	return false
}

// persistedCredentials: checkout leaves the job's token in .git/config, and an
// artifact of the folder takes it along.
//
// Source: actions/checkout README, persist-credentials: from v6 on the token lies
// outside the folder; Palo Alto Networks Unit 42, "ArtiPACKED" (2024).
var persistedCredentials = Rule{
	ID:  "persisted-credentials",
	Why: "Checkout leaves the job's token in the folder, and the job uploads the folder.",
	Fix: "set persist-credentials: false at the checkout, or upload a folder below",
	judge: func(r *run) []hit {
		var left *inventory.InstanceStep
		for i := range r.Steps {
			s := &r.Steps[i]
			k, ok := s.Known()
			switch {
			case !ok:
			case k.Kind == workflow.Checkout && keepsToken(s):
				left = s
			case k.Kind == workflow.Upload && left != nil && wholeFolder(s):
				return []hit{{Pos: r.at(left, left.UsesPos), severity: Medium, message: "job " + r.Job.ID + " keeps its token in .git/config and uploads the folder it lies in"}}
			}
		}
		return nil
	},
}

func keepsToken(s *inventory.InstanceStep) bool {
	if v, set := s.Input("persist-credentials"); set && v.Value == "false" {
		return false
	}
	if v, set := s.Input("path"); set && v.Value != "." && v.Value != "" {
		return false
	}
	_, ref, _ := strings.Cut(s.Uses, "@")
	major := strings.TrimPrefix(strings.SplitN(ref, ".", 2)[0], "v")
	return major == "1" || major == "2" || major == "3" || major == "4" || major == "5"
}

func wholeFolder(s *inventory.InstanceStep) bool {
	v, _ := s.Input("path")
	hidden, _ := s.Input("include-hidden-files")
	_, ref, _ := strings.Cut(s.Uses, "@")
	// Source: actions/upload-artifact README: from v4.4 on hidden files are left out by default.
	if hidden.Value != "true" && !strings.HasPrefix(ref, "v1") && !strings.HasPrefix(ref, "v2") && !strings.HasPrefix(ref, "v3") {
		return false
	}
	for l := range strings.Lines(v.Value) {
		switch strings.TrimSpace(l) {
		case ".", "./", "*", "**", "./**", "${{ github.workspace }}", "${{github.workspace}}":
			return true
		}
	}
	return false
}

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

// mutableImage: a job that publishes runs in whatever a tag means today.
//
// Source: Docker Docs, "Image digests"; GitHub Docs, "Security hardening for GitHub Actions".
var mutableImage = Rule{
	ID:  "mutable-image",
	Why: "The job runs in an image that can be another one tomorrow, beside its authority.",
	Fix: "name the image by its digest, with the tag in a comment behind it",
	judge: func(r *run) []hit {
		severity, what := r.holds()
		if what == "" || severity == Unknown {
			return nil
		}
		var hits []hit
		add := func(image string, at workflow.Pos) {
			if image != "" && !strings.Contains(image, "@sha256:") && !strings.Contains(image, "${{") {
				hits = append(hits, hit{Pos: at, severity: Low, message: "job " + r.Job.ID + " runs in " + short(image) + ", which has no digest, while it holds " + what})
			}
		}
		for _, x := range r.Job.Images {
			if x.Kind == "container" {
				add(x.Value, x.Pos)
			}
		}
		for i := range r.Steps {
			if image, ok := strings.CutPrefix(r.Steps[i].Uses, "docker://"); ok {
				add(image, r.at(&r.Steps[i], r.Steps[i].UsesPos))
			}
		}
		return hits
	},
}

// confusedBotCheck: the actor is whoever caused the event last, not who wrote the code.
//
// Source: Synacktiv, "GitHub Actions exploitation: Dependabot" (2024); GitHub Docs, "Contexts", github.actor.
var confusedBotCheck = Rule{
	ID:  "confused-bot-check",
	Why: "The actor is who caused the event last, and an outsider can make a bot the actor of the run of his own pull request.",
	Fix: "ask for github.event.pull_request.user.login instead",
	judge: func(r *run) []hit {
		if len(r.outsiders) == 0 {
			return nil
		}
		var hits []hit
		if asksActor(r.Job.If) {
			hits = append(hits, hit{Pos: r.Job.Pos, severity: Medium, events: r.outsiders, message: "job " + r.Job.ID + " trusts github.actor to be a bot, on " + strings.Join(r.outsiders, ", ")})
		}
		for i := range r.Steps {
			if s := &r.Steps[i]; asksActor(s.If) {
				hits = append(hits, hit{Pos: r.at(s, s.Pos), severity: Medium, events: r.outsiders, message: title(s.Step) + " of job " + r.Job.ID + " trusts github.actor to be a bot, on " + strings.Join(r.outsiders, ", ")})
			}
		}
		return hits
	},
}

func asksActor(cond string) bool {
	i := strings.Index(cond, "github.actor")
	return i >= 0 && strings.Contains(cond[i:], "[bot]") && strings.Contains(cond, "==")
}
