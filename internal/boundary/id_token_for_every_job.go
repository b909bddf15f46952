package boundary

// idTokenForEveryJob is the same at the top of a workflow.
//
// Source: GitHub Docs, "OpenID Connect", adding permissions settings.
var idTokenForEveryJob = Rule{
	ID:    "id-token-for-every-job",
	Why:   "id-token: write at the top of a workflow lets jobs become identities that have no use for them.",
	Fix:   "take id-token: write from the top and give it to the jobs that log in",
	Order: OrderOIDC,
	judgeFile: func(f *file) []hit {
		if f.Permissions == nil || f.Permissions.Scopes["id-token"].Value != "write" || len(f.Jobs) < 2 {
			return nil
		}
		idle := f.idle(func(r *run) bool { return r.needed().OIDC == "no" })
		if len(idle) == 0 {
			return nil
		}
		return []hit{{Pos: f.Permissions.Scopes["id-token"].Pos, severity: Medium, message: "id-token: write is given to every job; " + listed("job", idle) + " no step that asks for an OIDC token"}}
	},
}
