package boundary

// cacheFromLowerTrust: a cache of the default branch is read by every branch. What
// outsiders start by pull_request_target and the like runs on the default branch.
//
// Source: GitHub Docs, "Dependency caching reference", restrictions for accessing a
// cache; GitHub changelog, June 2026: such runs get a read-only cache token on
// github.com, not on GitHub Enterprise Server. Which of them a repository lies on is not
// known here, so that this is told and holds no gate.
var cacheFromLowerTrust = Rule{
	ID:  "cache-from-lower-trust",
	Why: "A job with authority restores a cache that an outsider's code can have written.",
	Fix: "restore no cache in this job, or never run an outsider's code in a job that saves one on the default branch",
	judge: func(r *run) []hit {
		if len(r.file.whole.poisoners) == 0 {
			return nil
		}
		if _, what := r.holds(); what == "" && r.Permissions["id-token"] != "write" || len(r.outsiders) > 0 {
			return nil
		}
		var hits []hit
		for i := range r.Steps {
			s := &r.Steps[i]
			if _, restores := s.Cache(); !restores {
				continue
			}
			if w := r.file.whole.poisons(s, written(s)); w != "" {
				hits = append(hits, hit{
					Pos: r.at(s, s.UsesPos), severity: Medium,
					message: "job " + r.Job.ID + " restores a cache (" + short(s.Uses) + ") that " + w + " can write with an outsider's code in it; on github.com such runs have a read-only cache token since June 2026, elsewhere not",
				})
			}
		}
		return hits
	},
}
