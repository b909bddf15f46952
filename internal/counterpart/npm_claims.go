package counterpart

func npmClaims() []Claim {
	return []Claim{
		{"npm", Verdaccio6, "the embedded world answers every request of one table as this server does, named ones aside"},
		{"npm", Verdaccio6, "the real npm client publishes to the embedded world and is refused there after the revocation"},
		{"npm", Verdaccio6, "what the survey says firebreak's token may not do is refused"},
		{"npm.token.mint", Verdaccio6, "it passes the conformance suite: with the user's password, and a token whose answer was lost is found, deleted and made anew"},
		{"npm.token.test", Verdaccio6, "it passes the conformance suite: a live token is told by its user's name"},
		{"npm.token.revoke", Verdaccio6, "it passes the conformance suite: by id, and by the masks of the list; the token is refused and no other is"},
		{"npm.token.revoke", Verdaccio6, "the real npm client publishes with the stolen token before, and is refused after (403), as is its whoami"},
		{"npm.dist.digest", Verdaccio6, "it passes the conformance suite: the tarball that the real npm client published is told from another one"},
	}
}

func npmLimits() []Claim {
	return []Claim{
		{"npm.token.mint", Verdaccio6, "granular tokens (packages, expiry, bypass of 2FA) and one-time passwords: it has neither, and does not keep a token's name"},
		{"npm.token.revoke", Verdaccio6, "npm's delay of up to an hour: here a deleted token is dead at once"},
		{"npm.token.revoke", Verdaccio6, "the 401 of npm for a dead token: here it is 403, and a value that was never given out is nobody (200)"},
	}
}
