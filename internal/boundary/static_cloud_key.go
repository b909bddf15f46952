package boundary

import (
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/workflow"
)

// staticCloudKey: a stored key works for whoever copies it until somebody rotates it;
// where the same action can log in by OIDC nothing has to be stored.
//
// Source: GitHub Docs, "About security hardening with OpenID Connect"; the actions' READMEs.
var staticCloudKey = Rule{
	ID:    "static-cloud-key",
	Why:   "A stored key works for whoever copies it, while this action could log in without one.",
	Fix:   "let the job log in by OIDC, with a trust policy bound to this workflow, and delete the stored key",
	Order: OrderCloud,
	judge: func(r *run) []hit {
		var hits []hit
		for i := range r.Steps {
			s := &r.Steps[i]
			k, ok := s.Known()
			if !ok || k.OIDC != "without" || k.System == "oci" || // few registries take OIDC
				s.Path != r.File.Path {
				continue
			}
			for _, v := range s.With {
				names := workflow.SecretsIn(v.Value)
				if len(names) == 0 || !slices.ContainsFunc(k.Secrets, func(x string) bool { return strings.EqualFold(x, v.Name) }) {
					continue
				}
				at := OrderCloud
				if k.Kind == workflow.Publish || k.System == "rubygems" || k.System == "npm" {
					at = OrderRegistry
				}
				hits = append(hits, hit{Pos: v.Pos, severity: Low, order: at, message: "job " + r.Job.ID + " gives " + short(s.Uses) + " the stored " + strings.Join(names, ", ") + ", and the action can do without by OIDC"})
				break
			}
		}
		return hits
	},
}
