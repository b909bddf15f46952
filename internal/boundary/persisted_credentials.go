package boundary

import (
	"strconv"
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
				h := hit{Pos: r.at(left, left.UsesPos), severity: Medium, message: "job " + r.Job.ID + " keeps its token in .git/config and uploads the folder it lies in"}
				if release(left) == 0 {
					h.severity = Low
					h.message += ", unless " + short(left.Uses) + " is v6 or newer"
				}
				return []hit{h}
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
	return release(s) < 6
}

// release is the first number of an action's version, 0 where it is not known: of a
// commit the tag in the comment behind it tells.
func release(s *inventory.InstanceStep) int {
	_, ref, _ := strings.Cut(s.Uses, "@")
	if isCommit(ref) {
		ref, _, _ = strings.Cut(strings.TrimPrefix(s.Note, "tag="), " ")
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(ref, "v"), ".")
	n, err := strconv.Atoi(first)
	if err != nil {
		return 0
	}
	return n
}

func wholeFolder(s *inventory.InstanceStep) bool {
	v, _ := s.Input("path")
	hidden, _ := s.Input("include-hidden-files")
	// Source: actions/upload-artifact README: from v4.4 on hidden files are left out by
	// default. One of which the version is not known is taken for a new one.
	if n := release(s); hidden.Value != "true" && (n == 0 || n > 3) {
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
