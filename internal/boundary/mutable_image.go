package boundary

import (
	"strings"

	"github.com/firebreak/firebreak/internal/workflow"
)

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
