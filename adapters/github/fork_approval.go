package github

import (
	"encoding/json"
	"errors"

	"github.com/firebreak/firebreak/internal/snapshot"
)

// forkApproval is whose pull requests from forks start workflows without a person's
// yes. A public repository has a policy; a private one has switches, and where they
// start nothing from forks there is nothing to narrow.
// Source: GitHub REST reference, "Set fork PR contributor approval permissions for a
// repository" (404 for a private one) and "Set private repo fork PR workflow settings
// for a repository".
var forkApproval = setting{
	freeze: "github.fork_approval.require", lift: "github.fork_approval.lift",
	kind: "fork-approval", title: "approval of workflows for pull requests from forks",
	breaks: "pull requests of outside contributors wait until a maintainer lets their workflows run",
	places: func(private bool) string {
		if private {
			return "actions/permissions/fork-pr-workflows-private-repos"
		}
		return "actions/permissions/fork-pr-contributor-approval"
	},
	surveyed: func(r *snapshot.Repository) json.RawMessage { return r.ForkApproval },
	narrow: func(o map[string]any) error {
		runs, private := o["run_workflows_from_fork_pull_requests"].(bool)
		switch {
		case private && runs:
			o["require_approval_for_fork_pr_workflows"], o["send_write_tokens_to_workflows"], o["send_secrets_and_variables"] = true, false, false
		case private:
		case o["approval_policy"] == nil:
			return errors.New("GitHub's answer does not say whose pull requests from forks wait for approval")
		default:
			o["approval_policy"] = "all_external_contributors"
		}
		return nil
	},
}
