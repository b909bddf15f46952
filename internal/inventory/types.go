// Package inventory is the authority graph: which credential and identity each
// workflow and job can reach, what it lets its holder do, and who rotates it.
//
// Build is pure: workflow models, a snapshot and the configuration in, the graph
// out. The JSON form is the contract "firebreak.inventory/1"; the same types are
// what playbook expressions see.
package inventory

// Schema names the JSON form. Fields are added, never renamed.
const Schema = "firebreak.inventory/1"

// Inventory is the whole graph. All lists are sorted.
type Inventory struct {
	Schema       string       `json:"schema"`
	Repositories []Repository `json:"repositories"`
	Credentials  []Credential `json:"credentials"`
	Identities   []Identity   `json:"identities"`
	Hosts        []Host       `json:"hosts"`
	Findings     []Finding    `json:"findings"`
}

// Repository is one checkout or surveyed repository.
type Repository struct {
	Repository string     `json:"repository"` // "owner/name", "" for a plain folder
	Path       string     `json:"path"`       // folder, "" when surveyed
	Workflows  []Workflow `json:"workflows"`
	// Flows are the caches and artifacts that one job writes and another restores.
	Flows []Flow `json:"flows,omitempty"`
}

// Flow is a cache or artifact with who writes it and who restores it: what one job puts
// in, the others run with.
type Flow struct {
	Kind string `json:"kind"` // "cache", "artifact"
	// Name is the key or name up to its first expression; "" where it begins with one or
	// none is written.
	Name    string    `json:"name"`
	Action  string    `json:"action,omitempty"` // of a cache, the action that makes its keys
	Writers []FlowEnd `json:"writers"`
	Readers []FlowEnd `json:"readers"`
	// Rises: somebody without write access starts a job that writes it, and another job
	// that restores it has something to take.
	Rises bool `json:"rises,omitempty"`

	run string // the workflow whose run an artifact is of
}

// FlowEnd is a job that writes or restores.
type FlowEnd struct {
	Workflow string `json:"workflow"` // path
	Job      string `json:"job"`
	Line     int    `json:"line"`
	// Trust is of one that writes: the least in what starts it, as far as others see what
	// it wrote. Authority is of one that restores: it has something to take.
	Trust     string `json:"trust,omitempty"`
	Authority bool   `json:"authority,omitempty"`
}

// Workflow is one workflow file on one or more branches.
type Workflow struct {
	Path     string    `json:"path"`
	Branches []string  `json:"branches,omitempty"`
	Triggers []Trigger `json:"triggers"`
	Jobs     []Job     `json:"jobs"`
	Answers  Answers   `json:"answers"`
	// Owner and Contact are who answers for the file by the configuration's workflows.
	Owner   string `json:"owner,omitempty"`
	Contact string `json:"contact,omitempty"`
}

// Trigger is an event and the trust it gives the code that runs.
type Trigger struct {
	Event string `json:"event"`
	Trust string `json:"trust"` // untrusted, contributor, trusted, human
}

// Job is a job with what it reaches.
type Job struct {
	ID          string            `json:"id"`
	Permissions map[string]string `json:"permissions"`
	Environment string            `json:"environment"`
	Runner      string            `json:"runner"` // the runner's labels as written
	Reaches     []Reach           `json:"reaches"`
	// Starts are the events that really start the job, through its own condition and those
	// of the jobs it needs.
	Starts []Start `json:"starts"`
	// Exposes are the places beyond the runner's memory into which the job can carry what it reaches.
	Exposes []string `json:"exposes,omitempty"`
	// Hosts are the ids of the self-hosted runners it can run on.
	Hosts []string `json:"hosts,omitempty"`
	// Phase is the highest of the four phases that it touches by what it does: build, verify,
	// publish, deploy; left out for a job that only works on the repository or reports.
	Phase string `json:"phase,omitempty"`
	// Fetches are the systems whose packages its build downloads: npm, python, go, ...
	Fetches []string `json:"fetches,omitempty"`

	releases int // line of the first step that makes a release with the job's token, 0 when none
}

// Start is one way a job starts.
type Start struct {
	Event string `json:"event"`
	Trust string `json:"trust"` // in what starts it, after every condition on the way
	// Authority: the run has the repository's secrets and its token's full permissions.
	Authority bool `json:"authority"`
	// Refs are patterns of the refs it can run on; "*" stands for any text. They may be
	// wider than what the workflow lets through, never narrower.
	Refs []string `json:"refs"`
}

// Reach is one way a job gets at a credential or identity. Two ids stand for what
// ends with the job and is in no list: "REPOSITORY:job-token:PATH#JOB" for its
// GITHUB_TOKEN and "REPOSITORY:id-token" for the OIDC tokens it may ask for.
type Reach struct {
	Credential string `json:"credential"` // id
	Name       string `json:"name"`       // what the workflow calls it
	How        string `json:"how"`        // env, with, inherit, toJSON(secrets), id-token, ...
	Line       int    `json:"line"`
}

// Answers are the questions of the mission, one sentence per credential.
type Answers struct {
	Deploy     []Answer `json:"deploy"`
	Publish    []Answer `json:"publish"`
	Rotate     []Answer `json:"rotate"`
	Read       []Answer `json:"read"`
	Exfiltrate []Answer `json:"exfiltrate"`
	Sign       []Answer `json:"sign"`
	Escalate   []Answer `json:"escalate"`
	ExposedIn  []string `json:"exposed_in"`  // memory, environments, logs, caches and artifacts it may appear in
	MustRotate []string `json:"must_rotate"` // ids of what has to be rotated after a suspicious run
}

// Answer is one sentence with its evidence.
type Answer struct {
	Credential string `json:"credential"`
	System     string `json:"system"`
	Sentence   string `json:"sentence"` // what can be done with it, for people
	Job        string `json:"job"`
	Path       string `json:"path"`
	Line       int    `json:"line"`
}

// Credential is a long-lived or minted thing that grants authority.
type Credential struct {
	ID         string `json:"id"`    // "acme/shop:repository:NPM_TOKEN"
	Name       string `json:"name"`  // "NPM_TOKEN"; of a pair the first name
	Kind       string `json:"kind"`  // "secret", "access-key", "token", "job-token"
	Scope      string `json:"scope"` // repository, environment/NAME, organization; dependabot, dependabot-organization, codespaces, codespaces-organization
	Repository string `json:"repository"`
	// Names are all secrets that together are this credential, in the order of the issuer's outputs.
	Names []string `json:"names"`
	// Issuer is what issues it; nil when nobody declared it.
	Issuer *System  `json:"issuer"`
	Stores []System `json:"stores"` // every place a copy is kept, the ones it was found in first
	// Possible are stores beside Actions' own that have a secret of the same name, of
	// which nobody said whether it is a copy. Nothing is put there.
	Possible  []System `json:"possible_copies,omitempty"`
	Systems   []string `json:"systems"`
	Authority []string `json:"authority"`
	Owner     string   `json:"owner"`
	Contact   string   `json:"contact"`
	Declared  bool     `json:"declared"` // whether the configuration names it
	Mints     []string `json:"mints"`    // ids
	Rotation  string   `json:"rotation"` // "emergency" or "overlap"
	Deadline  string   `json:"deadline"` // of an overlap, e.g. "60m"; "" = 60m
	ReachedBy []string `json:"reached_by"`
	// Sentence explains it: who gets at it, what for, and who rotates it.
	Sentence string `json:"sentence"`
}

// System is an issuer or store in configuration terms: a name and its settings.
type System struct {
	Name string            `json:"name"` // "npm.token", "github.secret", "aws.secretsmanager"
	With map[string]string `json:"with"`
}

// Identity is a principal a job becomes without holding a value.
type Identity struct {
	ID        string   `json:"id"` // "role:deploy"
	Name      string   `json:"name"`
	Provider  string   `json:"provider"` // "aws", "vault"
	Kind      string   `json:"kind"`     // "aws.role", "vault.jwt_role"; "aws.role_beyond" for a role that cannot be cut off from here
	ARN       string   `json:"arn"`
	Mount     string   `json:"mount"`
	Role      string   `json:"role"`
	Owner     string   `json:"owner"`
	Contact   string   `json:"contact"`
	Authority []string `json:"authority"`
	// Systems are what it opens, as declared or as the steps behind its login show.
	Systems   []string `json:"systems"`
	ReachedBy []string `json:"reached_by"`
	Verdict   string   `json:"verdict"` // "reachable", "not reachable: ...", "not evaluable: ..."
	Witness   string   `json:"witness"` // the job, event and claims that reach it
	// OpenTo says of each way into it, in a sentence, which workflows get in, whether or
	// not there is such a one yet. Empty where its trust document was not read.
	OpenTo []string `json:"open_to,omitempty"`
	// UndoesDenial: its own policies let it take off what it is cut off with.
	UndoesDenial bool `json:"undoes_denial,omitempty"`
	// ChainedFrom are the ARNs of the roles whose sessions have assumed it, or could. A
	// playbook sees those within reach, and none where a workflow under response becomes the
	// role by itself.
	ChainedFrom []string `json:"chained_from,omitempty"`
	// Sentence explains it: who becomes it, what for, and who answers for it.
	Sentence string `json:"sentence"`
}

// Finding is a rule's complaint with its place.
type Finding struct {
	Rule       string   `json:"rule"`
	Severity   string   `json:"severity"`
	Repository string   `json:"repository"`
	Folder     string   `json:"folder,omitempty"` // the folder Path is in, as it was given; "" when surveyed
	Path       string   `json:"path"`
	Branches   []string `json:"branches,omitempty"`
	Line       int      `json:"line"`
	Column     int      `json:"column"`
	Message    string   `json:"message"`
	Fix        string   `json:"fix"`
	// Gate: an open finding of this kind holds gate 5.
	Gate bool `json:"gate"`
	// Workflow is the workflow whose event starts the job, where that is not Path itself.
	Workflow string `json:"workflow,omitempty"`
	Job      string `json:"job,omitempty"`
	// Fires are those of Branches from which an event can still start it.
	Fires []string `json:"fires,omitempty"`
	// Order is where it stands in the order in which authority is taken away: 1 what the
	// job's token may write, 2 registry tokens, 3 deploy roles and keys, 4 id-token: write,
	// 5 the rest.
	Order int `json:"order,omitempty"`
	// Fingerprint names the finding as long as it says the same, wherever its lines move
	// to: of rule, path, job and message, and of the how-manieth such one it is. It is the same
	// on every branch and in every repository.
	Fingerprint string `json:"fingerprint"`
	// Accepted is who lets it stand, until when and why; nil when it is open.
	Accepted *Acceptance `json:"accepted,omitempty"`
}

// Acceptance lets a finding stand until it expires.
type Acceptance struct {
	Reason  string `json:"reason"`
	Owner   string `json:"owner"`   // who answers for it
	Expires string `json:"expires"` // the time, RFC 3339, from which the finding counts again
}
