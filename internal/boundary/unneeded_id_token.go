package boundary

// unneededIDToken: the article says it belongs only to jobs that need an external identity.
//
// Source: GitHub Docs, "OpenID Connect", adding permissions settings.
var unneededIDToken = Rule{
	ID:    "unneeded-id-token",
	Why:   "A job that may ask for OIDC tokens and never does lends every identity that trusts it to whoever gets into it.",
	Fix:   "take id-token: write away from this job",
	Order: OrderOIDC,
	judge: func(r *run) []hit {
		p := r.own()
		if p == nil || p.Scopes["id-token"].Value != "write" || r.needed().OIDC != "no" {
			return nil
		}
		return []hit{{Pos: p.Scopes["id-token"].Pos, severity: Medium, message: "job " + r.Job.ID + " has id-token: write, and no step of it asks for an OIDC token"}}
	},
}
