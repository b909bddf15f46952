package github

import (
	"encoding/json"
	"errors"

	"github.com/firebreak/firebreak/internal/snapshot"
)

// defaultToken is what GITHUB_TOKEN gets in a workflow that does not say, and whether
// it may approve pull requests.
var defaultToken = setting{
	freeze: "github.default_token.restrict", lift: "github.default_token.lift",
	kind: "default-token", title: "what GITHUB_TOKEN gets by default",
	breaks:   "workflows without a permissions key that write to the repository or approve pull requests",
	places:   func(bool) string { return "actions/permissions/workflow" },
	surveyed: func(r *snapshot.Repository) json.RawMessage { return r.TokenDefaults },
	narrow: func(o map[string]any) error {
		if o["default_workflow_permissions"] == nil {
			return errors.New("GitHub's answer does not say what GITHUB_TOKEN gets")
		}
		o["default_workflow_permissions"], o["can_approve_pull_request_reviews"] = "read", false
		return nil
	},
}
