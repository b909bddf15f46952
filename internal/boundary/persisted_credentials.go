package boundary

import (
	"strings"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/workflow"
)

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
