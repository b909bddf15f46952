package counterpart

const vaultName = "Vault 1.13.2"

func vaultClaims() []Claim {
	return []Claim{
		{"vault", vaultName, "what the server says a token may do is not refused, and what it says it may not is"},
		{"vault", vaultName, "the embedded world answers every request of one table as this server does, two named ones aside"},
		{"vault.jwt_role.block", vaultName, "it passes the conformance suite"},
		{"vault.jwt_role.block", vaultName, "a login with a valid JWT is refused afterwards, also with a JWT that carries the blocking claim"},
		{"vault.jwt_role.block", vaultName, "every other field of the role stays as it was, of JWT and browser roles"},
		{"vault.jwt_role.block", vaultName, "tokens from before live on until they are revoked"},
		{"vault.approle.destroy", vaultName, "it passes the conformance suite"},
		{"vault.approle.destroy", vaultName, "exactly the stolen secret-id logs nobody in afterwards, and its twin does"},
		{"vault.approle.end_tokens", vaultName, "it passes the conformance suite"},
		{"vault.approle.end_tokens", vaultName, "a token outlives the secret-id it came from, and is ended; one of a later login lives"},
		{"vault.approle.mint", vaultName, "it passes the conformance suite"},
		{"vault.approle.mint", vaultName, "the new secret-id logs in, from the old one's networks alone"},
		{"vault.approle.test", vaultName, "it passes the conformance suite"},
		{"vault.kv.put", vaultName, "it passes the conformance suite"},
		{"vault.kv.put", vaultName, "a write onto a version that is not the newest any more is refused, and nobody's key is lost"},
		{"vault.kv.destroy", vaultName, "it passes the conformance suite"},
		{"vault.kv.destroy", vaultName, "old values cannot be read by their version's number afterwards, and the new one stays"},
		{"vault.token.revoke", vaultName, "it passes the conformance suite"},
		{"vault.token.revoke", vaultName, "exactly the tokens of the role are refused afterwards"},
		{"vault.token.revoke", vaultName, "a role is the same in capitals, for its tokens too"},
		{"vault.token.revoke", vaultName, "tokens outlive their role, and are ended all the same"},
		{"vault.token.revoke", vaultName, "a token's children end with it, so firebreak's own parent is spared"},
		{"vault.token.revoke", vaultName, "a batch token has no accessor, so a role that issues them is never called held"},
	}
}

func vaultLimits() []Claim {
	return []Claim{
		{"vault", vaultName, "a server of another year answers the same: this is the API of 2023, and neither namespaces nor OpenBao were tried"},
		{"vault.jwt_role.block", vaultName, "a role that binds no audience refuses a JWT that has one: that rule came with 1.17"},
		{"vault.jwt_role.block", vaultName, "a login through a browser is refused: it would take an identity provider"},
		{"vault.token.revoke", vaultName, "a standby or a replica learns of it in time: one active node was tried"},
		{"vault.kv.put", vaultName, "a standby or a replica learns of it in time: one active node was tried"},
	}
}
