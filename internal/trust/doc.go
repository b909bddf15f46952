// Package trust says who a trust document lets in: which of the OIDC tokens that
// GitHub's jobs can get become which cloud role, Vault role or publisher.
//
// Begin with ClaimSet, what the tokens of one job look like, and Evaluate, which asks a
// Document whether any of them is let in. An answer is yes with a witness (the claims
// of one token, and the statement that lets it in), no with the reason, or not
// evaluable with the evidence that is missing; it is never a guess. Lint looks at a
// document alone, for what lets in more than anybody can want.
//
// The package is pure: documents and claims in, answers out.
package trust
