package counterpart

// Described is GitHub's published description of its API.
const Described = "GitHub's API description (@octokit/openapi 23.0.2)"

// AsDescribed is what the description shows of an action that passed its suite.
const AsDescribed = "every request of its conformance suite, and every answer of the embedded world to it, is as described, named exceptions aside"

func githubClaims() []Claim {
	out := []Claim{{"github", Described, "a whole rehearsal of the shipped scenario speaks as described, named exceptions aside"}}
	for _, action := range []string{
		"github.access.review", "github.actions.reopen", "github.actions.stop", "github.app_key.mint", "github.app_key.revoke", "github.app_key.test", "github.artifacts.export", "github.caches.purge", "github.default_token.lift", "github.default_token.restrict", "github.deploy_key.mint", "github.deploy_key.revoke", "github.deploy_key.test", "github.deploy_keys.remove", "github.hooks.deactivate",
		"github.environment.freeze", "github.environment.lift", "github.fork_approval.lift", "github.fork_approval.require", "github.logs.export",
		"github.ruleset.freeze", "github.ruleset.lift", "github.runner.isolate", "github.runner.remove", "github.runs.cancel", "github.secret.put", "github.token.mint", "github.token.revoke", "github.token.test", "github.workflow.disable", "github.workflow.dispatch",
		"github.org_actions.reopen", "github.org_actions.stop", "github.webhook.mint", "github.webhook.revoke", "github.webhook.test", "github.workflow.enable",
	} {
		out = append(out, Claim{action, Described, AsDescribed})
	}
	return out
}

func githubLimits() []Claim {
	return []Claim{{"github", Described, "what GitHub does: permissions, hidden repositories, delays, limits, and what a change sets off; it says what things look like"}}
}
