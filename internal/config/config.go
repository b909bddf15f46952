// Package config is firebreak.yaml: what cannot be discovered. It is trust, so it
// is read only from where the responder keeps it, never from a repository under
// response.
package config

import (
	"time"

	"github.com/firebreak/firebreak/internal/plan"
)

// Config is the whole file. Parse gives it with every mistake as a diagnostic.
type Config struct {
	GitHub      GitHub
	Author      string
	AWS         map[string]AWSAccount // by name
	Recipients  []string              // public key texts or file names, as written
	Owners      map[string]Owner
	Credentials []Credential
	Identities  map[string]Identity // by the name workflows use
	Workflows   map[string]Workflow // by file name, path, or "owner/name/path"
	Services    map[string]Service  // under http:, by name
	Confirm     Confirm
	Waits       map[string]plan.Duration // overrides, by action name, or by provider ("aws")
}

// GitHub says which account is meant when only a repository's name is given.
type GitHub struct {
	Owner string
	App   *App
}

// App is a GitHub App to authenticate as.
type App struct {
	ID, Installation int64
	KeyFile          string
}

// AWSAccount is an account and the profile that reaches it.
type AWSAccount struct {
	ID, Profile string
}

// Owner is who rotates a credential.
type Owner struct{ Contact string }

// Named is an issuer or store with its settings, as in `npm.token: { user: acme-bot }`.
type Named struct {
	Name string
	With map[string]string // values that are maps or lists are kept as compact JSON
}

// Credential declares what is known of a secret.
type Credential struct {
	Secret    []string // one name, or the names that are one credential together
	Scope     string   // "", "repository", "environment/NAME", "organization", "dependabot", "dependabot-organization", "codespaces", "codespaces-organization"
	Issuer    *Named
	Stores    []Named // copies beyond those it was found in
	Authority []string
	Systems   []string // what it opens, in people's words; empty: as its issuer and its use tell
	Owner     string
	Rotation  string // "emergency" or "overlap"
	Deadline  time.Duration
	Mints     []string // names of other credentials or identities
	Line      int      // where it stands, for messages
}

// Identity maps a name used in workflows to a cloud identity.
type Identity struct {
	Kind      string // "aws.role", "vault.jwt_role"
	Ref       string // ARN, or role name
	With      map[string]string
	Authority []string
	Systems   []string // as of a Credential
	Owner     string
	Line      int
}

// Workflow says who answers for a workflow file, and so for what is bound to the file
// itself, as a registry's trusted publisher is.
type Workflow struct{ Owner string }

// Confirm says what irreversible actions need.
type Confirm struct {
	Approvals      int
	AllowedSigners string // file
	SecondPerson   bool   // overrides need a second person
}
