package counterpart

import "slices"

// Claims lists what counterparts show of actions. Each is shown by a test that calls
// Proved with exactly these words.
func Claims() []Claim {
	return slices.Concat(vaultClaims(), npmClaims(), awsClaims(), githubClaims(), postgresClaims())
}

// Limits lists what a counterpart cannot show, so that nobody takes its silence for a yes.
func Limits() []Claim {
	return slices.Concat(vaultLimits(), npmLimits(), awsLimits(), githubLimits(), postgresLimits())
}
