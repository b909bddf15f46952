package boundary

import "strings"

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
