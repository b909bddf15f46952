package counterpart

func postgresClaims() []Claim {
	const suite = "it passes the conformance suite"
	return []Claim{
		{"postgres.role.disable", PostgreSQL, suite},
		{"postgres.role.end_sessions", PostgreSQL, suite},
		{"postgres.role.mint", PostgreSQL, suite},
		{"postgres.role.test", PostgreSQL, suite},
		{"postgres.role.retire", PostgreSQL, suite},
	}
}

func postgresLimits() []Claim {
	return []Claim{
		{"postgres.role.end_sessions", PostgreSQL, "what a pooler keeps: nothing stands before the server here"},
	}
}
