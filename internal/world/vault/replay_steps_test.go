package vault_test

import "maps"

type m = map[string]any

func claim(more m) claims {
	out := claims{"iat": -10, "exp": 600, "aud": "https://v", "actor": "alice", "repository": "acme/shop", "ref": "refs/heads/main"}
	maps.Copy(out, more)
	for k, v := range out {
		if v == nil {
			delete(out, k)
		}
	}
	return out
}

func presents(role string, more m) m { return m{"role": role, "jwt": claim(more)} }

// steps is everything the adapter, the attacker and the consumers ask, and what a
// refusal of each looks like.
func steps() []step {
	var all []step
	for _, part := range [][]step{whoSteps(), loginSteps(), tokenSteps(), capabilitySteps(), roleSteps(), appRoleSteps(), kvSteps(), routeSteps()} {
		all = append(all, part...)
	}
	return all
}

func whoSteps() []step {
	return []step{
		{name: "health", method: "GET", path: "sys/health"},
		{name: "who am I, root", as: "root", method: "GET", path: "auth/token/lookup-self"},
		{name: "who am I, nobody", method: "GET", path: "auth/token/lookup-self"},
		{name: "who am I, an unknown token", as: "bogus", method: "GET", path: "auth/token/lookup-self"},
		{name: "who am I, without the default policy", as: "bare", method: "GET", path: "auth/token/lookup-self"},
	}
}

func loginSteps() []step {
	l := func(name string, body m) step {
		return step{name: "login, " + name, method: "POST", path: "auth/jwt/login", body: body}
	}
	kept := func(s step, as string) step { s.keep = as; return s }
	return []step{
		kept(l("as bound", presents("ci", nil)), "ci"),
		kept(l("a role's name in capitals", presents("CI", nil)), "ci-2"),
		l("PUT", presents("ci", m{"ref": "refs/heads/legacy"})),
		l("another repository", presents("ci", m{"repository": "mallory/shop"})),
		l("another ref", presents("ci", m{"ref": "refs/heads/x"})),
		l("a claim is missing", presents("ci", m{"ref": nil})),
		l("a claim is a list with the value", presents("ci", m{"ref": []any{"a", "refs/heads/main"}})),
		l("another audience", presents("ci", m{"aud": "sts"})),
		l("one of several audiences", presents("ci", m{"aud": []any{"sts", "https://v"}})),
		l("no audience", presents("ci", m{"aud": nil})),
		l("expired", presents("ci", m{"exp": -90})),
		l("expired within the leeway", presents("ci", m{"exp": -30})),
		l("not yet", presents("ci", m{"nbf": 300})),
		l("issued in the future", presents("ci", m{"iat": 300, "nbf": -1})),
		l("no times", presents("ci", m{"iat": nil, "exp": nil})),
		l("issued long ago, no end", presents("ci", m{"iat": -3600, "exp": nil})),
		l("an end alone", presents("ci", m{"iat": nil})),
		l("no user claim", presents("ci", m{"actor": nil})),
		l("no such role", presents("nope", nil)),
		l("no role", m{"jwt": claim(nil)}),
		l("no JWT", m{"role": "ci"}),
		l("no JWT at all", m{"role": "ci", "jwt": "a.b"}),
		l("a role of the browser kind", presents("browser", nil)),
		kept(l("a batch token", presents("batch", m{"aud": nil, "sub": "s"})), "batch"),
		l("another subject", presents("batch", m{"aud": nil, "sub": "t"})),
		l("several audiences, none bound", presents("batch", m{"aud": []any{"a", "b"}, "sub": "s"})),
		{
			name: "login, one audience, none bound", method: "POST", path: "auth/jwt/login", body: presents("batch", m{"sub": "s"}),
			differs: "since 1.17 a JWT with an audience needs one bound on the role; the world follows the newer rule, 1.13 lets a single one pass",
		},
		kept(l("by a pattern", presents("glob", m{"aud": nil, "sub": "repo:acme/shop:ref:refs/heads/main"})), "glob"),
		l("not by the pattern", presents("glob", m{"aud": nil, "sub": "repo:mallory/shop:ref:refs/heads/main"})),
		l("a pattern against a list", presents("glob", m{"aud": nil, "sub": nil})),
	}
}

func tokenSteps() []step {
	accessor := func(n string) m { return m{"accessor": "{accessor " + n + "}"} }
	at := func(name, as, path string, body m) step {
		return step{name: name, as: as, method: "POST", path: "auth/token/" + path, body: body}
	}
	return []step{
		{name: "who am I, a login's token", as: "ci", method: "GET", path: "auth/token/lookup-self"},
		{name: "who am I, a batch token", as: "batch", method: "GET", path: "auth/token/lookup-self"},
		{name: "who am I, a role without the default policy", as: "glob", method: "GET", path: "auth/token/lookup-self"},
		{name: "accessors, without sudo", as: "ci", method: "GET", path: "auth/token/accessors?list=true"},
		{name: "accessors, by a rule with a slash", as: "listslash", method: "LIST", path: "auth/token/accessors"},
		{name: "accessors, nobody", method: "LIST", path: "auth/token/accessors"},
		at("look up", "operator", "lookup-accessor", accessor("ci")),
		at("look up root", "operator", "lookup-accessor", accessor("root")),
		at("look up nobody's", "operator", "lookup-accessor", m{"accessor": "nobody"}),
		at("look up nothing", "operator", "lookup-accessor", m{}),
		at("look up, may not", "ci", "lookup-accessor", accessor("ci")),
		at("revoke, may not", "ci", "revoke-accessor", accessor("ci-2")),
		at("revoke", "operator", "revoke-accessor", accessor("ci-2")),
		at("revoke again", "operator", "revoke-accessor", accessor("ci-2")),
		at("revoke nobody's", "operator", "revoke-accessor", m{"accessor": "nobody"}),
		at("revoke nothing", "operator", "revoke-accessor", m{}),
		at("look up the dead", "operator", "lookup-accessor", accessor("ci-2")),
		{name: "the dead asks who it is", as: "ci-2", method: "GET", path: "auth/token/lookup-self"},
		{name: "the dead reads", as: "ci-2", method: "GET", path: "secret/data/ci/npm"},
	}
}

func capabilitySteps() []step {
	paths := []any{
		"auth/token/accessors", "auth/token/accessors/", "auth/token/lookup-accessor", "auth/token/lookup-self", "auth/jwt/role/ci", "auth/jwt/role/a/b", "auth/jwt/config",
		"secret/data/ci/npm", "secret/data/ci/hidden", "secret/data/xx/npm", "secret/data/xx/yy/x1", "secret/data/xx/yy/z", "secret/data/xx/yy/z2", "secret/data/xx/wwx", "secret/metadata/xx/a", "secret/metadata/ci/npm", "secret/", "secret", "sys/mounts", "sys/capabilities-self",
	}
	var out []step
	for _, who := range []string{"root", "operator", "ci", "narrow", "onlynew", "listslash", "batch", "wild"} {
		out = append(out,
			step{name: "what may " + who, as: who, method: "PUT", path: "sys/capabilities-self", body: m{"paths": paths}},
			step{name: "what may " + who + " on one path", as: who, method: "POST", path: "sys/capabilities-self", body: m{"paths": []any{"secret/data/ci/npm"}}},
			step{name: "what may " + who + " on one path, the old way", as: who, method: "POST", path: "sys/capabilities-self", body: m{"path": "secret/data/ci/npm"}})
	}
	return append(out,
		step{name: "what may I, of nothing", as: "operator", method: "PUT", path: "sys/capabilities-self", body: m{}},
		step{name: "what may I, without the default policy", as: "bare", method: "PUT", path: "sys/capabilities-self", body: m{"paths": []any{"x"}}},
		step{name: "what may nobody", method: "PUT", path: "sys/capabilities-self", body: m{"paths": []any{"x"}}})
}

func roleSteps() []step {
	read := func(name, as, role string) step {
		return step{name: "role, " + name, as: as, method: "GET", path: "auth/jwt/role/" + role}
	}
	write := func(name, as, role string, body m) step {
		return step{name: "write role, " + name, as: as, method: "PUT", path: "auth/jwt/role/" + role, body: body}
	}
	jwt := func(more m) m {
		out := m{"role_type": "jwt", "user_claim": "actor", "bound_audiences": "a, b"}
		maps.Copy(out, more)
		return out
	}
	return []step{
		read("as seeded", "operator", "ci"), read("in capitals", "operator", "CI"), read("of the browser kind", "operator", "browser"), read("by a pattern", "operator", "glob"),
		read("none", "operator", "nope"), read("may not", "ci", "ci"),
		write("blocked", "operator", "ci", m{"role_type": "jwt", "user_claim": "actor", "bound_claims": m{"repository": "acme/shop", "firebreak_blocked": []any{}}}),
		read("blocked", "operator", "ci"),
		{name: "login, blocked", method: "POST", path: "auth/jwt/login", body: presents("ci", m{"ref": nil})},
		{name: "login, blocked, with the claim", method: "POST", path: "auth/jwt/login", body: presents("ci", m{"firebreak_blocked": "x"})},
		{name: "login, blocked, with it empty", method: "POST", path: "auth/jwt/login", body: presents("ci", m{"firebreak_blocked": []any{}})},
		write("may not", "ci", "ci", jwt(nil)),
		write("new, may only make", "onlynew", "fresh", jwt(nil)), write("again, may only make", "onlynew", "fresh", jwt(nil)),
		write("new, may only change", "onlyold", "fresher", jwt(nil)), write("again, may only change", "onlyold", "fresh", jwt(m{"token_ttl": "1h", "token_max_ttl": 7200})),
		read("written", "operator", "fresh"),
		write("a part of it", "operator", "fresh", m{"role_type": "jwt", "bound_claims": m{"a": "b"}}), read("a part written", "operator", "fresh"),
		write("claims are replaced", "operator", "fresh", m{"role_type": "jwt", "bound_claims": m{"c": "d"}}), read("claims replaced", "operator", "fresh"),
		write("without a kind", "operator", "fresh", m{"user_claim": "actor"}),
		write("of no kind", "operator", "fresh", jwt(m{"role_type": "saml"})),
		write("nobody's claim", "operator", "other", m{"role_type": "jwt", "bound_audiences": []any{"a"}}),
		write("bound by nothing", "operator", "other", m{"role_type": "jwt", "user_claim": "actor"}),
		write("claims of no kind", "operator", "other", jwt(m{"bound_claims_type": "regex"})),
		write("tokens of no kind", "operator", "other", jwt(m{"token_type": "x"})),
		write("longer than the longest", "operator", "other", jwt(m{"token_ttl": 20, "token_max_ttl": 10})),
		read("which was never taken", "operator", "other"),
		write("every member", "operator", "Full", jwt(m{
			"bound_subject": "s", "bound_claims_type": "glob", "bound_claims": m{"x": "y*"}, "claim_mappings": m{"actor": "who"}, "user_claim_json_pointer": true, "groups_claim": "g",
			"oidc_scopes": []any{"p"}, "allowed_redirect_uris": "https://x", "verbose_oidc_logging": false, "max_age": 5, "expiration_leeway": -1, "not_before_leeway": 3, "clock_skew_leeway": 4,
			"token_policies": []any{"p", "q"}, "token_type": "service", "token_ttl": 5, "token_max_ttl": 50, "token_explicit_max_ttl": 500, "token_period": 9, "token_num_uses": 2,
			"token_no_default_policy": true, "token_bound_cidrs": []any{"127.0.0.1"},
		})),
		read("every member", "operator", "full"),
		{name: "delete role", as: "operator", method: "DELETE", path: "auth/jwt/role/full"}, read("deleted", "operator", "full"),
		{name: "delete role again", as: "operator", method: "DELETE", path: "auth/jwt/role/full"},
		{name: "delete role, may not", as: "ci", method: "DELETE", path: "auth/jwt/role/ci"},
		{name: "who am I, of a blocked role", as: "ci", method: "GET", path: "auth/token/lookup-self"},
	}
}

func kvSteps() []step {
	put := func(name, as string, body any) step {
		return step{name: "put, " + name, as: as, method: "PUT", path: "secret/data/ci/new", body: body}
	}
	get := func(name, as, path string) step {
		return step{name: "get, " + name, as: as, method: "GET", path: "secret/" + path}
	}
	return []step{
		get("as seeded", "ci", "data/ci/npm"), get("hidden", "ci", "data/ci/hidden"), get("by nobody", "", "data/ci/npm"), get("what only seems denied", "narrow", "data/ci/other"),
		get("metadata", "operator", "metadata/ci/npm"), get("nothing", "operator", "data/ci/none"), get("metadata of nothing", "operator", "metadata/ci/none"),
		put("onto a version of nothing", "operator", m{"data": m{"a": "1"}, "options": m{"cas": 3}}),
		put("may only change", "onlyold", m{"data": m{"a": "1"}}),
		put("new", "onlynew", m{"data": m{"a": "1"}, "options": m{"cas": 0}}),
		put("may only make", "onlynew", m{"data": m{"a": "1"}}),
		put("again onto nothing", "operator", m{"data": m{"a": "1"}, "options": m{"cas": 0}}),
		put("onto the newest", "onlyold", m{"data": m{"a": "2", "n": 7, "deep": m{"x": []any{true}}}, "options": m{"cas": 1}}),
		put("no data", "operator", m{"options": m{"cas": 2}}), put("text", "operator", "text"), put("may not", "ci", m{"data": m{"a": "3"}}),
		get("newest", "operator", "data/ci/new"), get("by number", "operator", "data/ci/new?version=1"), get("version 0", "operator", "data/ci/new?version=0"),
		get("a version too many", "operator", "data/ci/new?version=9"), get("no number", "operator", "data/ci/new?version=x"),
		{name: "destroy", as: "root", method: "PUT", path: "secret/destroy/ci/new", body: m{"versions": []any{2}}},
		get("destroyed", "operator", "data/ci/new"), get("metadata with a destroyed version", "operator", "metadata/ci/new"),
		put("onto a destroyed version", "operator", m{"data": m{"a": "4"}, "options": m{"cas": 2}}), get("after it", "operator", "data/ci/new"),
		{name: "custom metadata", as: "operator", method: "POST", path: "secret/metadata/ci/new", body: m{"custom_metadata": m{"incident": "inc-1"}}},
		get("custom metadata", "operator", "metadata/ci/new"), get("data with custom metadata", "operator", "data/ci/new"),
	}
}

func routeSteps() []step {
	return []step{
		{name: "no such path, root", as: "root", method: "GET", path: "nope/x"},
		{name: "no such path, operator", as: "operator", method: "GET", path: "nope/x"},
		{name: "no such auth mount", as: "operator", method: "GET", path: "auth/gone/role/ci"},
		{name: "no such mount, write", as: "root", method: "PUT", path: "nope/x", body: m{"a": "b"}},
		{name: "no such path, nobody", method: "GET", path: "nope/x"},
		{name: "no such auth mount, login", method: "POST", path: "auth/gone/login", body: presents("ci", nil)},
		{name: "no such auth mount, root", as: "root", method: "GET", path: "auth/gone/role/ci"},
		{name: "no such auth mount, write", as: "root", method: "PUT", path: "auth/gone/role/ci", body: m{"user_claim": "actor"}},
		{name: "no such KV mount", as: "root", method: "GET", path: "gone/data/x"},
		{name: "no such KV mount, may not", as: "operator", method: "GET", path: "gone/data/x"},
		{name: "no such KV mount, write", as: "root", method: "PUT", path: "gone/data/x", body: m{"data": m{"a": "b"}}},
		{
			name: "login, forged", method: "POST", path: "auth/jwt/login", body: presents("ci", m{"forged": true}),
			differs: "the world does not check signatures: whoever holds a JWT there got it from the world",
		},
	}
}
