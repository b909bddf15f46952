package boundary

// Mending is a way to mend a finding that package mend knows. A rule that names one
// has to put its findings where that way looks for what is to be changed. "" says that a
// person decides.
type Mending string

// The ways there are.
const (
	// Pin puts the commit in the place of a tag. The finding points into the line of the
	// uses key of a step or of a call.
	Pin Mending = "pin"
	// ForgetToken sets persist-credentials: false. The finding points into the checkout step.
	ForgetToken Mending = "forget-token"
	// LeastToken gives the workflow the permissions that its steps need, job by job. The
	// finding is about the permissions of a workflow or job; its place does not matter.
	LeastToken Mending = "least-token"
	// ScopeSecret moves a variable from the env of a workflow or job to the steps that
	// name it. The finding points into the line of the variable's value.
	ScopeSecret Mending = "scope-secret"
	// PassAsVariable hands an expression to a script as an environment variable. The
	// finding points into the step.
	PassAsVariable Mending = "pass-as-variable"
)
