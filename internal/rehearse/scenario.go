package rehearse

import (
	"time"

	"github.com/firebreak/firebreak/internal/world/aws"
	"github.com/firebreak/firebreak/internal/world/github"
	"github.com/firebreak/firebreak/internal/world/npm"
	"github.com/firebreak/firebreak/internal/world/postgres"
	"github.com/firebreak/firebreak/internal/world/vault"
)

// Scenario is a scenario file. Paths in it are relative to the file. Times are
// world time.
type Scenario struct {
	Version  int    `yaml:"version"` // 1
	Name     string `yaml:"scenario"`
	Title    string `yaml:"title"`
	Source   string `yaml:"source"` // where the facts come from
	Playbook string `yaml:"playbook"`
	// Repository is a folder with one folder a branch, each a whole tree.
	Repository    string `yaml:"repository"`
	Configuration string `yaml:"configuration"` // the responder's firebreak.yaml
	// Incident is what the responder is told.
	Incident Incident `yaml:"incident"`
	World    World    `yaml:"world"`
	Attacker Attacker `yaml:"attacker"`
	Team     Team     `yaml:"team"`
	Faults   []Fault  `yaml:"faults"`
	Expect   Expect   `yaml:"expect"`
}

// Incident is what the responder knows at the beginning.
type Incident struct {
	Workflow string        `yaml:"workflow"` // path
	Also     []string      `yaml:"also"`     // paths of further workflows under response
	Since    time.Duration `yaml:"since"`    // how long before the beginning of the world the exposure began
	// Inputs are further inputs of the playbook, by name.
	Inputs map[string]string `yaml:"inputs"`
}

// Workflows are the paths of all workflows under response.
func (i Incident) Workflows() []string { return append([]string{i.Workflow}, i.Also...) }

// World is what the simulated providers hold.
type World struct {
	Begins  time.Time                `yaml:"begins"` // the world's time at the start; our present time when left out
	Latency time.Duration            `yaml:"latency"`
	Delays  map[string]time.Duration `yaml:"delays"` // propagation, by kind of change
	Limits  []Limit                  `yaml:"limits"`
	GitHub  GitHub                   `yaml:"github"`
	AWS     aws.Seed                 `yaml:"aws"`
	Vault   Vault                    `yaml:"vault"`
	NPM     NPM                      `yaml:"npm"`
	// Postgres is a database cluster; there is none where it names no roles.
	Postgres postgres.Seed `yaml:"postgres"`
}

// Limit is a rate limit; see world.Limit.
type Limit struct {
	Provider   string        `yaml:"provider"`
	Calls      int           `yaml:"calls"`
	Per        time.Duration `yaml:"per"`
	Status     int           `yaml:"status"`
	Primary    bool          `yaml:"primary"`
	RetryAfter time.Duration `yaml:"retry_after"`
	Silent     bool          `yaml:"silent"`
	Mutating   bool          `yaml:"mutating"`
}

// Stored is what a store holds under a name: a literal value that is no secret,
// or the value of a credential of this scenario; of a key pair the secret, or the
// id when Part says so.
type Stored struct {
	Value      string `yaml:"value"`
	Credential string `yaml:"credential"`
	Part       string `yaml:"part"` // "" or "id"
	// Selected are ids of further repositories an organization's secret is shared with; all
	// repositories of the organization where there are none.
	Selected []int64 `yaml:"selected"`
}

// GitHub is the repository beyond its files.
type GitHub struct {
	Repository    string                     `yaml:"repository"` // "owner/name"
	DefaultBranch string                     `yaml:"default_branch"`
	Protected     []string                   `yaml:"protected"` // branches
	Private       bool                       `yaml:"private"`
	Responder     string                     `yaml:"responder"` // login of the responder's token
	Secrets       map[string]Stored          `yaml:"secrets"`   // of the repository
	Organization  map[string]Stored          `yaml:"organization"`
	Dependabot    map[string]Stored          `yaml:"dependabot"` // of the repository, as are codespaces
	Codespaces    map[string]Stored          `yaml:"codespaces"`
	Variables     map[string]string          `yaml:"variables"`
	Environments  map[string]EnvironmentSeed `yaml:"environments"`
	Runs          []github.RunSeed           `yaml:"runs"`
	Caches        []github.CacheSeed         `yaml:"caches"`
	Runners       []github.Runner            `yaml:"runners"`
	Keys          []github.Key               `yaml:"keys"`
	Tokens        []GitHubToken              `yaml:"tokens"` // people's, beside the responder's
	Apps          []GitHubApp                `yaml:"apps"`
	Hooks         []github.Hook              `yaml:"hooks"`
	// Further is how many more repositories the organization has, made up and only to be
	// read; Actions are commits of other people's actions, by "owner/name@ref".
	Further int               `yaml:"further_repositories"`
	Actions map[string]string `yaml:"actions"`
}

// GitHubApp is an App with private keys, by their names in the world's log. They are made.
type GitHubApp struct {
	ID   int64    `yaml:"id"`
	Slug string   `yaml:"slug"`
	Keys []string `yaml:"keys"`
}

// GitHubToken is a person's token. Its value is made.
type GitHubToken struct {
	Name  string `yaml:"name"` // in the world's log
	Login string `yaml:"login"`
}

// EnvironmentSeed is a deployment environment with its secrets.
type EnvironmentSeed struct {
	Reviewers []string          `yaml:"reviewers"`
	Branches  []string          `yaml:"branches"`
	Protected bool              `yaml:"protected"`
	CanBypass bool              `yaml:"can_bypass"`
	Secrets   map[string]Stored `yaml:"secrets"`
	Variables map[string]string `yaml:"variables"`
}

// Vault is a Vault server. The responder's token is made with it.
type Vault struct {
	KV       map[string]map[string]Stored `yaml:"kv"` // "mount/path" → key → value
	Policies map[string][]vault.Rule      `yaml:"policies"`
	JWTRoles []vault.Role                 `yaml:"jwt_roles"` // the identity "vault:NAME"
	Tokens   []VaultToken                 `yaml:"tokens"`
	AppRoles []VaultAppRole               `yaml:"approles"`
}

// VaultAppRole is a role that a role id and a secret-id log in to. Both are made.
type VaultAppRole struct {
	Name      string   `yaml:"name"`
	Policies  []string `yaml:"token_policies"`
	TTL       int      `yaml:"token_ttl"`  // seconds
	SecretIDs []string `yaml:"secret_ids"` // their names in the world's log
}

// VaultToken is a token alive at the beginning, got through a role when the
// exposure began.
type VaultToken struct {
	Name string `yaml:"name"`
	Role string `yaml:"role"`
}

// NPM is a package registry. A token's value is made when it has none.
type NPM struct {
	Users    []npm.User  `yaml:"users"`
	Tokens   []npm.Token `yaml:"tokens"`
	Operator string      `yaml:"operator"` // name of the responder's token
	Team     string      `yaml:"team"`     // name of the token with which the team publishes
	Packages []Package   `yaml:"packages"`
}

// Package is a package with its published versions, oldest first; the last is "latest".
type Package struct {
	Name        string   `yaml:"name"`
	Maintainers []string `yaml:"maintainers"`
	Versions    []string `yaml:"versions"`
}

// Attacker acts every so often with what was stolen, from the beginning to the end.
type Attacker struct {
	Name  string        `yaml:"name"`
	Holds []string      `yaml:"holds"` // credentials and identities ("role:deploy", "vault:ci")
	Every time.Duration `yaml:"every"`
	Does  []string      `yaml:"does"`
	// OnRevoke are reactions to losing something.
	OnRevoke []string `yaml:"on_revoke"`
	// LivesOn is the self-hosted runner whose machine wipe_machine watches from.
	LivesOn  string   `yaml:"lives_on"`
	Persists []string `yaml:"persists"`
}

// Team is everybody who helps.
type Team struct {
	Pushes  *Push             `yaml:"pushes"`
	Knows   []string          `yaml:"knows"` // credentials whose old values somebody can paste
	Answers map[string]string `yaml:"answers"`
	Undoes  []Undo            `yaml:"undoes"`
}

// Push brings a fixed tree to its branches once a step has ended.
type Push struct {
	Tree  string `yaml:"tree"`
	After string `yaml:"after"` // a step, or "never"
}

// Undo is a well-meant mistake: something done at a time after the beginning.
type Undo struct {
	Do string        `yaml:"do"` // "enable_workflow"
	At time.Duration `yaml:"at"`
}

// Fault goes wrong at the nth call of a name; see world.Fault.
type Fault struct {
	Call   string        `yaml:"call"`
	Nth    int           `yaml:"nth"`
	Then   string        `yaml:"then"`
	Status int           `yaml:"status"`
	After  time.Duration `yaml:"after"`
}

// Expect is what the rehearsal is scored against.
type Expect struct {
	Closed   []string `yaml:"closed"`   // credentials and identities that must not work at the end
	Findings []string `yaml:"findings"` // rules the boundary must have reported
	Never    []string `yaml:"never"`
}
