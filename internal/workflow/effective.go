package workflow

// Scopes are the permissions a GITHUB_TOKEN can have.
// Source: GitHub Docs, "Workflow syntax", permissions.
var Scopes = []string{
	"actions", "artifact-metadata", "attestations", "checks", "contents", "deployments", "discussions", "id-token", "issues",
	"models", "packages", "pages", "pull-requests", "repository-projects", "security-events", "statuses",
}

// Unknown is the key under which Effective says that the permissions are not
// known, because neither the file nor the survey tells.
const Unknown = "*"

// Effective gives what a job's token may do: the job's key, else the workflow's,
// else the repository's default ("read", "write", "" when not known). Scopes that
// are not granted are absent. id-token is never part of a default.
func Effective(file, job *Permissions, byDefault string) map[string]string {
	p := job
	if p == nil {
		p = file
	}
	out := map[string]string{}
	if p == nil {
		switch byDefault {
		case "read":
			// Source: GitHub Docs, "Automatic token authentication", restricted default.
			return map[string]string{"contents": "read", "packages": "read"}
		case "write":
			for _, s := range Scopes {
				switch s {
				case "id-token":
				case "models":
					out[s] = "read"
				default:
					out[s] = "write"
				}
			}
			return out
		}
		out[Unknown] = "unknown"
		return out
	}
	switch p.All {
	case "read-all", "write-all":
		for _, s := range Scopes {
			switch {
			case p.All == "write-all" && s != "models":
				out[s] = "write"
			case s != "id-token":
				out[s] = "read"
			}
		}
	default:
		for name, s := range p.Scopes {
			if s.Value != "none" && s.Value != "" {
				out[name] = s.Value
			}
		}
	}
	return out
}

// Limit gives what a called workflow's job may do: it can keep or lower what its
// caller has, never raise it.
// Source: GitHub Docs, "Reusing workflow configurations", supported keywords.
func Limit(caller, called map[string]string) map[string]string {
	if _, unknown := called[Unknown]; unknown {
		return caller
	}
	if _, unknown := caller[Unknown]; unknown {
		return called
	}
	out := map[string]string{}
	for name, v := range called {
		switch c, ok := caller[name]; {
		case !ok:
		case c == "read" || v == "read":
			out[name] = "read"
		default:
			out[name] = v
		}
	}
	return out
}

// IDToken says where a job's permission to ask for an OIDC token was given, if it was.
func IDToken(file, job *Permissions) (Pos, bool) {
	p := job
	if p == nil {
		p = file
	}
	if p == nil {
		return Pos{}, false
	}
	if p.All == "write-all" {
		return p.Pos, true
	}
	s, ok := p.Scopes["id-token"]
	return s.Pos, ok && s.Value == "write"
}
