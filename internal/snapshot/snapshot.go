// Package snapshot is what the providers listed at one moment, as plain data.
//
// An incident's first snapshot is evidence; against a later one it shows what was
// added. It never holds a secret value: names, ids, times and policies only.
// Lists are sorted, so that equal listings give equal bytes.
package snapshot

import (
	"encoding/json"
	"time"
)

// Schema names the file format. Fields are added, never renamed.
const Schema = "firebreak.snapshot/1"

// Snapshot is one survey. Taken is when the survey began; it is not part of the
// content digest, so two surveys of an unchanged world have the same digest.
type Snapshot struct {
	Schema       string       `json:"schema"`
	Taken        time.Time    `json:"taken"`
	Repositories []Repository `json:"repositories,omitempty"`
	// Organizations own the repositories; what is listed of them is theirs as a whole.
	Organizations []Organization `json:"organizations,omitempty"`
	AWS           []Account      `json:"aws,omitempty"`
	Vault         []Vault        `json:"vault,omitempty"`
	NPM           []Registry     `json:"npm,omitempty"`
	Services      []Service      `json:"services,omitempty"`
	Databases     []Database     `json:"databases,omitempty"`
	// Actions are the commits at which the tags and branches of used actions stood.
	Actions []ActionRef `json:"actions,omitempty"`
	// Permissions is what our own credentials may do, as far as a provider tells.
	Permissions []Permission `json:"permissions,omitempty"`
	Gaps        []Gap        `json:"gaps,omitempty"`
}

// Permission is one thing our own credential may do or not, in the words of
// plan.Spec.Permissions, so that planning can hand to a person what we may not do.
type Permission struct {
	Provider string `json:"provider"`
	Name     string `json:"name"` // exactly as in Spec.Permissions
	// On is what it is about: a repository, an organization, an account; "" for everything at that provider.
	On string `json:"on,omitempty"`
	// Granted is "yes", "no" or "unknown". Only a provider's own word makes it "no".
	Granted string `json:"granted"`
	Why     string `json:"why,omitempty"`  // how it is known, in a sentence
	Link    string `json:"link,omitempty"` // page on which it is granted
}

// Gap is something that could not be listed, and why.
type Gap struct {
	Provider string `json:"provider"`
	What     string `json:"what"`
	Why      string `json:"why"`
	// Passing: asking again may help (no answer, a server error, a page that did not
	// parse), as it does not where a permission is missing.
	Passing bool `json:"passing,omitempty"`
}

// Repository is a GitHub repository.
type Repository struct {
	FullName      string        `json:"full_name"` // "owner/name"
	ID            int64         `json:"id"`
	DefaultBranch string        `json:"default_branch"`
	Private       bool          `json:"private"`
	Branches      []Branch      `json:"branches"`
	Workflows     []Workflow    `json:"workflows"` // as the Actions service knows them
	Files         []File        `json:"files"`     // workflow files and local actions, on every branch
	Secrets       []Secret      `json:"secrets"`   // names only
	Variables     []Variable    `json:"variables,omitempty"`
	Environments  []Environment `json:"environments"`
	Runners       []Runner      `json:"runners,omitempty"`
	Keys          []DeployKey   `json:"keys,omitempty"`
	Hooks         []Hook        `json:"hooks,omitempty"`
	Runs          []Run         `json:"runs,omitempty"` // live runs
	Caches        []Cache       `json:"caches,omitempty"`
	Artifacts     []Artifact    `json:"artifacts,omitempty"`
	// DefaultPermissions is "read" or "write": what GITHUB_TOKEN gets without a permissions key.
	DefaultPermissions string `json:"default_permissions,omitempty"`
	// Rulesets are its own and its owners', also those that are not enforced.
	Rulesets []Ruleset `json:"rulesets,omitempty"`
	// TokenDefaults and ForkApproval are settings of Actions as the API gave them: what
	// GITHUB_TOKEN gets, and whose pull requests from forks wait for approval.
	TokenDefaults json.RawMessage `json:"token_defaults,omitempty"`
	ForkApproval  json.RawMessage `json:"fork_approval,omitempty"`
	// Actions is whether Actions is on ("enabled"), with what may run as the API gave it
	// ("permissions", and "selected" where that is a selection).
	Actions json.RawMessage `json:"actions,omitempty"`
	// Subject is the OIDC subject customization as the API gave it.
	Subject json.RawMessage `json:"oidc_subject,omitempty"`
	// Left names what was not asked for: an organization's survey leaves out what comes and
	// goes, "runs", "caches", "artifacts". Of these an empty list says nothing.
	Left []string `json:"left_out,omitempty"`
}

// Organization is a GitHub organization. All but the webhooks is listed only when it is
// surveyed whole.
type Organization struct {
	Login   string   `json:"login"`
	Hooks   []Hook   `json:"hooks,omitempty"`
	Runners []Runner `json:"runners,omitempty"` // shared with its repositories
	Apps    []App    `json:"apps,omitempty"`
	// Repositories is how many it has; 0 where GitHub does not tell, or nobody asked.
	Repositories int `json:"repositories,omitempty"`
	// Subject and TokenDefaults are its template of OIDC subjects and what GITHUB_TOKEN
	// gets, as the API gave them, for repositories that follow it.
	Subject       json.RawMessage `json:"oidc_subject,omitempty"`
	TokenDefaults json.RawMessage `json:"token_defaults,omitempty"`
}

// App is a GitHub App that is installed in an organization.
type App struct {
	ID          int64             `json:"id"` // of the installation
	AppID       int64             `json:"app_id"`
	Slug        string            `json:"slug"`
	Selection   string            `json:"selection"` // "all", "selected": of the repositories
	Permissions map[string]string `json:"permissions,omitempty"`
	Suspended   bool              `json:"suspended,omitempty"`
}

// Branch is a branch head.
type Branch struct {
	Name      string `json:"name"`
	SHA       string `json:"sha"`
	Protected bool   `json:"protected"`
}

// Workflow is a workflow as the Actions service lists it.
type Workflow struct {
	ID    int64  `json:"id"`
	Path  string `json:"path"`
	Name  string `json:"name"`
	State string `json:"state"` // active, deleted, disabled_fork, disabled_inactivity, disabled_manually
}

// File is a file's content with the branches on which it has exactly this content.
type File struct {
	Path     string   `json:"path"`
	Branches []string `json:"branches"`
	SHA      string   `json:"sha"` // git blob
	Content  string   `json:"content"`
}

// Secret is a secret's name in one scope.
type Secret struct {
	Name    string    `json:"name"`
	Scope   string    `json:"scope"` // "repository", "environment/NAME", "organization"; of other readers than workflows "dependabot", "dependabot-organization", "codespaces", "codespaces-organization"
	Created time.Time `json:"created,omitzero"`
	Updated time.Time `json:"updated,omitzero"`
	// Visibility ("all", "private", "selected") and Selected (repository ids) are of
	// organization secrets; "" where they could not be read.
	Visibility string  `json:"visibility,omitempty"`
	Selected   []int64 `json:"selected,omitempty"`
}

// Variable is a configuration variable; its value is not secret.
type Variable struct {
	Name  string `json:"name"`
	Scope string `json:"scope"`
	Value string `json:"value"`
}

// Environment is a deployment environment. Raw is the API's own object.
type Environment struct {
	Name      string   `json:"name"`
	Reviewers []string `json:"reviewers,omitempty"`
	Branches  []string `json:"branches,omitempty"` // branch name patterns; empty with Policy "" means any branch
	Policy    string   `json:"policy,omitempty"`   // "", "protected", "custom"
	CanBypass bool     `json:"can_bypass"`
	// Patterns are Branches again, with what each is about.
	Patterns []Pattern       `json:"patterns,omitempty"`
	Raw      json.RawMessage `json:"raw,omitempty"`
}

// Pattern is a name pattern of refs that may deploy to an environment.
type Pattern struct {
	Name string `json:"name"`
	Type string `json:"type"` // "branch", "tag"
}

// Runner is a self-hosted runner.
type Runner struct {
	ID     int64    `json:"id"`
	Name   string   `json:"name"`
	OS     string   `json:"os,omitempty"`
	Status string   `json:"status"` // "online", "offline"
	Busy   bool     `json:"busy"`
	Labels []string `json:"labels,omitempty"`
	// Ephemeral: GitHub takes it out after one job.
	Ephemeral bool `json:"ephemeral,omitempty"`
}

// HostID names the machine of a self-hosted runner wherever one is named: owner is
// "owner/name", or the organization's login where it shares the runner.
func HostID(owner, runner string) string { return owner + ":runner:" + runner }

// DeployKey is an SSH key of a repository.
type DeployKey struct {
	ID       int64     `json:"id"`
	Key      string    `json:"key,omitempty"` // the public key
	Title    string    `json:"title"`
	ReadOnly bool      `json:"read_only"`
	Created  time.Time `json:"created,omitzero"`
	AddedBy  string    `json:"added_by,omitempty"`
}

// Hook is a webhook; its URL without query, because queries carry tokens.
type Hook struct {
	ID      int64     `json:"id"`
	Active  bool      `json:"active"`
	URL     string    `json:"url"`
	Events  []string  `json:"events,omitempty"`
	Created time.Time `json:"created,omitzero"`
	Updated time.Time `json:"updated,omitzero"`
}

// Run is a workflow run.
type Run struct {
	ID         int64     `json:"id"`
	WorkflowID int64     `json:"workflow_id"`
	Path       string    `json:"path"`
	Event      string    `json:"event"`
	Branch     string    `json:"branch"`
	SHA        string    `json:"sha"`
	Status     string    `json:"status"`
	Conclusion string    `json:"conclusion,omitempty"`
	Actor      string    `json:"actor,omitempty"`
	Attempt    int       `json:"attempt,omitempty"`
	Created    time.Time `json:"created,omitzero"`
}

// Cache is an Actions cache entry. There is no API to see what is in it.
type Cache struct {
	ID      int64     `json:"id"`
	Key     string    `json:"key"`
	Ref     string    `json:"ref"`
	Size    int64     `json:"size"`
	Created time.Time `json:"created,omitzero"`
	Used    time.Time `json:"used,omitzero"`
}

// Artifact is an Actions artifact.
type Artifact struct {
	ID      int64     `json:"id"`
	Name    string    `json:"name"`
	RunID   int64     `json:"run_id"`
	Size    int64     `json:"size"`
	Digest  string    `json:"digest,omitempty"`
	Expired bool      `json:"expired"`
	Created time.Time `json:"created,omitzero"`
}

// Account is an AWS account.
type Account struct {
	Name    string      `json:"name"` // as in firebreak.yaml
	ID      string      `json:"id"`
	Roles   []Role      `json:"roles,omitempty"`
	Users   []User      `json:"users,omitempty"`
	Secrets []AWSSecret `json:"secrets,omitempty"`
	// Chaining is nil where nobody looked for it.
	Chaining *Chaining `json:"chaining,omitempty"`
	// Parameters are those of SSM's Parameter Store.
	Parameters []AWSParameter `json:"parameters,omitempty"`
	// Providers are identity providers that somebody asked for.
	Providers []OIDCProvider `json:"oidc_providers,omitempty"`
}

// OIDCProvider is an OpenID Connect identity provider of an account.
type OIDCProvider struct {
	ARN         string            `json:"arn"`
	URL         string            `json:"url"` // without https://; "" where there is none
	Clients     []string          `json:"clients"`
	Thumbprints []string          `json:"thumbprints"`
	Tags        map[string]string `json:"tags,omitempty"`
	// Roles are the names of the account's roles that trust it, sorted; null where they
	// could not be read.
	Roles []string `json:"roles"`
}

// Role is an IAM role.
type Role struct {
	ARN        string                     `json:"arn"`
	Name       string                     `json:"name"`
	Trust      json.RawMessage            `json:"trust"` // decoded trust policy document
	Inline     map[string]json.RawMessage `json:"inline,omitempty"`
	Attached   []string                   `json:"attached,omitempty"`
	MaxSession int                        `json:"max_session_seconds,omitempty"`
	// May are those of the calls by which a session outlives its denial, or takes it off,
	// that the role's own policies allow, sorted: "ecr:GetAuthorizationToken".
	May []string `json:"may,omitempty"`
	// Boundary is the ARN of its permissions boundary, "" for none.
	Boundary string `json:"boundary,omitempty"`
}

// User is an IAM user.
type User struct {
	ARN  string      `json:"arn"`
	Name string      `json:"name"`
	Keys []AccessKey `json:"keys"`
}

// AccessKey is an IAM access key without its secret.
type AccessKey struct {
	ID      string    `json:"id"`
	Status  string    `json:"status"` // Active, Inactive
	Created time.Time `json:"created,omitzero"`
}

// AWSSecret is a Secrets Manager secret's metadata.
type AWSSecret struct {
	ID       string              `json:"id"` // as asked for
	ARN      string              `json:"arn"`
	Versions map[string][]string `json:"versions"` // version id → stages, sorted
}

// AWSParameter is the metadata of a parameter of SSM's Parameter Store.
type AWSParameter struct {
	Name        string `json:"name"`
	ARN         string `json:"arn,omitempty"`         // "" where there is no parameter of that name
	Version     int64  `json:"version"`               // the newest; 0 where there is none
	Type        string `json:"type,omitempty"`        // String, StringList, SecureString
	KeyID       string `json:"key_id,omitempty"`      // KMS key of a SecureString
	Tier        string `json:"tier,omitempty"`        // Standard, Advanced
	DataType    string `json:"data_type,omitempty"`   // text, aws:ec2:image, aws:ssm:integration
	Description string `json:"description,omitempty"` // what its owners wrote of it
	Pattern     string `json:"pattern,omitempty"`     // what a value has to match
	By          string `json:"by,omitempty"`          // ARN of who put the newest version, where AWS tells
}

// Vault is a Vault-compatible server.
type Vault struct {
	Address string       `json:"address"`
	Cluster string       `json:"cluster,omitempty"`
	Roles   []VaultRole  `json:"roles,omitempty"`
	Tokens  []VaultToken `json:"tokens,omitempty"`
	KV      []VaultKV    `json:"kv,omitempty"`
	// AppRoles are the roles that a role id and a secret-id log in to.
	AppRoles []VaultAppRole `json:"approles,omitempty"`
}

// VaultAppRole is a role of an AppRole mount. Neither role id nor secret-ids are in it.
type VaultAppRole struct {
	Mount string `json:"mount"`
	Name  string `json:"name"`
	// Raw are the server's own fields.
	Raw       json.RawMessage `json:"raw"`
	SecretIDs []VaultSecretID `json:"secret_ids,omitempty"`
}

// VaultSecretID is a secret-id by its accessor, which logs nobody in.
type VaultSecretID struct {
	Accessor string            `json:"accessor"`
	Created  time.Time         `json:"created,omitzero"`
	Metadata map[string]string `json:"metadata,omitempty"`
	// CIDRs are the networks from which it logs in, TokenCIDRs those from which its
	// tokens work; none: the role's.
	CIDRs      []string `json:"cidrs,omitempty"`
	TokenCIDRs []string `json:"token_cidrs,omitempty"`
}

// VaultRole is a JWT auth role, with the server's own fields.
type VaultRole struct {
	Mount string          `json:"mount"`
	Name  string          `json:"name"`
	Raw   json.RawMessage `json:"raw"`
}

// VaultToken is a token by its accessor, which grants nothing.
type VaultToken struct {
	Accessor string            `json:"accessor"`
	Path     string            `json:"path"`
	Role     string            `json:"role,omitempty"`
	Policies []string          `json:"policies,omitempty"`
	Type     string            `json:"type,omitempty"`
	Meta     map[string]string `json:"meta,omitempty"`
	Created  time.Time         `json:"created,omitzero"`
}

// VaultKV is a KV v2 path's metadata.
type VaultKV struct {
	Mount   string `json:"mount"`
	Path    string `json:"path"`
	Version int    `json:"version"`
	// Destroyed lists the versions whose data is gone for good.
	Destroyed []int `json:"destroyed,omitempty"`
}

// Registry is an npm registry as one user sees it.
type Registry struct {
	Address string     `json:"address"`
	User    string     `json:"user"`
	Tokens  []NPMToken `json:"tokens,omitempty"`
}

// NPMToken is a token by its key; the value is masked by the registry.
type NPMToken struct {
	Key      string    `json:"key"`
	Masked   string    `json:"masked"`
	ReadOnly bool      `json:"readonly"`
	Created  time.Time `json:"created,omitzero"`
}
