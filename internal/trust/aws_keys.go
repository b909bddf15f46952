package trust

import "strings"

// awsClaims are GitHub's claims that AWS has condition keys for. A claim that is not
// here can only be bound through a customised subject.
// Source: AWS IAM User Guide, "IAM and AWS STS condition context keys", keys for AWS
// OIDC federation, GitHub (service authorization reference of STS, November 2026).
var awsClaims = []string{
	"sub", "aud", "amr",
	"actor", "actor_id", "enterprise_id", "environment", "job_workflow_ref", "ref", "repository", "repository_id", "repository_owner_id", "workflow",
}

// claimOf gives the claim that a condition key asks for. known is false for a key that
// no token of the issuer has; global is true for AWS's own keys, of which a token says nothing.
func claimOf(key, issuer string) (claim string, known, global bool) {
	i := strings.LastIndexByte(key, ':')
	if i < 0 {
		return "", false, false
	}
	prefix, claim := key[:i], strings.ToLower(key[i+1:])
	if strings.EqualFold(prefix, "aws") || strings.EqualFold(prefix, "sts") || strings.EqualFold(prefix, "saml") {
		return "", false, true
	}
	if !strings.EqualFold(prefix, issuer) {
		return "", false, false
	}
	for _, c := range awsClaims {
		if c == claim {
			return claim, true, false
		}
	}
	return "", false, false
}
