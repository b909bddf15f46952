package trust

// Rule is what an Issue's id stands for.
type Rule struct{ ID, Why, Fix string }

// Rules are all ids that Lint gives.
func Rules() []Rule {
	return []Rule{
		{"trust-unbound", "Nothing in the trust policy ties a token to an owner or a repository, so that every GitHub user becomes the role.", narrow},
		{"trust-any-owner", "A wildcard stands before the first slash, so that every GitHub user becomes the role.", narrow},
		{"trust-owner-wildcard", "A wildcard in the owner's name also matches owners that somebody else can register.", narrow},
		{"trust-forallvalues", "ForAllValues is true for a token that has no such claim.", "use the plain operator"},
		{"trust-ifexists", "IfExists is true for a token that has no such claim.", "use the operator without IfExists"},
		{"trust-negative-only", "A policy that only says who may not lets everybody else in.", narrow},
		{"trust-choosable-subject", "The subject begins with a claim that anybody can choose in a repository of their own.", "begin the subject template with repo or repository_id"},
		{"trust-misspelt-key", "No token has this key, so that the condition never holds or restricts nobody.", "write one of the keys that AWS has"},
		{"trust-whole-owner", "Every repository of the owner becomes the role, those yet to be made included.", narrow},
		{"trust-repository-wildcard", "A wildcard in the repository's name also matches repositories with a longer name.", narrow},
		{"trust-whole-repository", "Any branch, tag, pull request and workflow of the repository becomes the role.", narrow},
		{"trust-pull-request", "Pull requests of everybody who may push a branch become the role.", "let pull requests become a role that may only read"},
		{"trust-ref-wildcard", "The ref is one that anybody who may push can make.", "name one protected branch, or an environment"},
		{"trust-environment-unprotected", "The environment keeps nobody out, and a subject with an environment names no ref.", "give the environment a branch policy or reviewers"},
		{"trust-called-workflow", "The called workflow is not held to one file at one ref, or its callers to nothing.", "name one file at a protected ref, and the caller"},
		{"trust-no-workflow", "Every workflow file on that ref or in that environment becomes the role.", "bind job_workflow_ref to a file at a protected ref"},
		{"trust-workflow-name", "A workflow's display name is nobody's own.", "bind job_workflow_ref to a file"},
		{"trust-audience", "Tokens that were made for somebody else are taken.", "ask for aud sts.amazonaws.com"},
		{"trust-actor-only", "Who triggers a run is no proof of who wrote it.", narrow},
		{"trust-mutable-subject", "Names can be given up and taken by others, and subjects with ids do not match names.", "write the subject with its ids"},
		{"trust-id-wildcard", "Ids left open bind the subject to the names alone.", "write the ids out"},
		{"trust-case", "Case counts in a trust policy and not in GitHub's names.", "write the name as GitHub writes it"},
		{"trust-second-door", "Others become the role too, past everything the other statements ask for.", "give it a role of its own"},
		{"trust-other-federation", "Another identity provider's tokens become the same role.", "give it a role of its own"},
		{"trust-old-role", "AWS began to refuse open trust in June 2025 and does not look at roles that are older.", "save the trust policy again, narrowed"},
		{"trust-variable", "What AWS fills in, or any one character, stands where a value should.", "write the value out"},
	}
}
