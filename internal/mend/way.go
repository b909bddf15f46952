package mend

// Way is a way to mend a finding without a person.
type Way string

// The ways there are, with what a rule's findings have to point at for it.
const (
	// Pin puts the commit in the place of a tag: into the line of the uses key of a step or of a call.
	Pin Way = "pin"
	// ForgetToken sets persist-credentials: false: into the checkout step.
	ForgetToken Way = "forget-token"
	// LeastToken gives a workflow's token what its steps need, job by job: to a line of a
	// job's own permissions, or anywhere for the workflow's.
	LeastToken Way = "least-token"
	// ScopeSecret moves a variable from the env of a workflow or job to the steps that
	// name it: into the line of the variable's value.
	ScopeSecret Way = "scope-secret"
	// PassAsVariable hands an expression to a script as an environment variable: into the step.
	PassAsVariable Way = "pass-as-variable"
)

// Ways says how the findings of each rule are mended. A rule that is not here wants a
// person to decide.
func Ways() map[string]Way {
	return map[string]Way{
		"token-write-by-default": LeastToken,
		"write-for-every-job":    LeastToken,
		"unneeded-permission":    LeastToken,
		"id-token-for-every-job": LeastToken,
		"unneeded-id-token":      LeastToken,
		"template-injection":     PassAsVariable,
		"secret-for-every-job":   ScopeSecret,
		"secret-for-every-step":  ScopeSecret,
		"persisted-credentials":  ForgetToken,
		"unpinned-action":        Pin,
	}
}
