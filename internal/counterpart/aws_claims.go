package counterpart

// AWSModels is the name of the service models in claims.
const AWSModels = "AWS's service models"

func awsClaims() []Claim {
	return []Claim{
		{"aws", AWSModels, "every request the adapter sends and every answer and refusal of the embedded world passes them"},
		{"aws", Moto5, "the embedded world answers every request of one table as this server does, named ones aside"},
		{"aws.role.deny_trust", Moto5, "it passes the conformance suite"},
		{"aws.oidc_provider.remove", Moto5, "it passes the conformance suite"},
		{"aws.oidc_provider.restore", Moto5, "it passes the conformance suite: client ids, thumbprints and tags are what they were"},
		{"aws.role.deny_chain", Moto5, "it passes the conformance suite"},
		{"aws.role.bound", Moto5, "it passes the conformance suite, the policy simulator aside"},
		{"aws.role.unbound", Moto5, "it passes the conformance suite, the policy simulator aside"},
		{"aws.role.revoke_sessions", Moto5, "it passes the conformance suite, the policy simulator aside"},
		{"aws.role.revoke_sessions", Moto5, "a session that worked before is refused by the policy that was put"},
		{"aws.access_key.disable", Moto5, "it passes the conformance suite, by the key's status"},
		{"aws.access_key.mint", Moto5, "it passes the conformance suite: two keys at most, and a key whose answer was lost is found, deleted and made anew"},
		{"aws.access_key.test", Moto5, "it passes the conformance suite: a live key is told from a deleted one and from a wrong secret"},
		{"aws.access_key.destroy", Moto5, "it passes the conformance suite: the deleted key is refused (InvalidClientTokenId)"},
		{"aws.secretsmanager.put", Moto5, "it passes the conformance suite: the new value is the current one"},
		{"aws.secretsmanager.forget", Moto5, "it passes the conformance suite: no version is found by the label AWSPREVIOUS"},
		{"aws.ssm.put", Moto5, "it passes the conformance suite: the newest version has the new value, and the rest is as it was"},
	}
}

func awsLimits() []Claim {
	return []Claim{
		{"aws", AWSModels, "behaviour: they know the form of every request and answer, and which errors there are"},
		{"aws.role.deny_trust", Moto5, "that nobody gets a session any more: it evaluates no Deny of a trust policy and no web identity"},
		{"aws.oidc_provider.remove", Moto5, "that nobody gets a session through it any more: it checks no web identity"},
		{"aws.role.bound", Moto5, "that a role can change itself no more: it has no policy simulator (500)"},
		{"aws.role.deny_chain", Moto5, "that a session of another role is refused: it evaluates no Deny of a trust policy"},
		{"aws", Moto5, "who assumed what: it has no CloudTrail event history, which the world alone serves, by AWS's own description"},
		{"aws.role.revoke_sessions", Moto5, "that T divides old sessions from new: it evaluates no time in a policy, and has no policy simulator (500)"},
		{"aws.access_key.disable", Moto5, "that an inactive key is dead: there it goes on working"},
		{"aws.secretsmanager.put", Moto5, "what a reader without a stage gets after labels were moved: there it is the newest version"},
		{"aws.ssm.put", Moto5, "who put a version, and that a key which is not sent again is changed: it names nobody and keeps the key"},
	}
}
