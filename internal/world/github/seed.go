// Package github simulates the part of GitHub's REST API that a response to a
// compromised workflow touches: repository contents, Actions (workflows, runs,
// jobs, logs, caches, artifacts, secrets, variables, environments, runners), deploy keys
// and webhooks, of one repository and its owner.
//
// Runs move in world time; a change is seen by readers after the propagation
// delay configured for its kind ("github workflow", "github run", "github secret",
// "github cache", "github dispatch", "github environment", "github setting", "github ruleset", and "github build", how long a dispatched run takes). The shapes follow the GitHub REST reference, version
// 2022-11-28; only members that clients of this world read are served.
package github

import (
	"encoding/json"
	"time"
)

// Seed is what a scenario says about GitHub. Times are offsets before the
// beginning of the world, so that a scenario needs no dates.
type Seed struct {
	Repository    string            `yaml:"repository"` // "owner/name"
	ID            int64             `yaml:"id"`         // 0 for a fresh one
	DefaultBranch string            `yaml:"default_branch"`
	Private       bool              `yaml:"private"`
	Branches      []Branch          `yaml:"branches"`
	Disabled      map[string]string `yaml:"disabled"` // workflow path → state other than active
	Secrets       []Secret          `yaml:"secrets"`
	Variables     []Variable        `yaml:"variables"`
	Environments  []Environment     `yaml:"environments"`
	Runs          []RunSeed         `yaml:"runs"`
	Caches        []CacheSeed       `yaml:"caches"`
	Runners       []Runner          `yaml:"runners"`
	Keys          []Key             `yaml:"keys"`
	Hooks         []Hook            `yaml:"hooks"`
	OwnerHooks    []Hook            `yaml:"owner_hooks"` // of the organization
	// OwnerActions, OwnerChosen and OwnerSelected: see OwnerSwitch; everything when left out.
	OwnerActions  *OwnerActions   `yaml:"-"`
	OwnerChosen   []int64         `yaml:"-"`
	OwnerSelected *Selected       `yaml:"-"`
	OwnerRunners  []Runner        `yaml:"owner_runners"`
	OwnerApps     []App           `yaml:"owner_apps"`
	OwnerSubject  json.RawMessage `yaml:"-"` // the organization's template of OIDC subjects
	// Enterprise: the organization is on Enterprise Cloud.
	Enterprise bool `yaml:"enterprise"`
	// Personal: the owner is a person, not an organization.
	Personal bool `yaml:"personal"`
	// Further is how many more repositories the organization has, made up and only to be read.
	Further int `yaml:"further_repositories"`
	// Actions are commits of other people's actions, by "owner/name@ref".
	Actions map[string]string `yaml:"actions"`
	Tokens  []Token           `yaml:"tokens"`
	// Apps are GitHub Apps whose keys are credentials.
	Apps []RegisteredApp `yaml:"-"`
	// Permissions is "read" (default) or "write": what GITHUB_TOKEN gets by default.
	Permissions string `yaml:"permissions"`
	// Approves: Actions may approve pull requests.
	Approves bool `yaml:"approves"`
	// ActionsOff switches Actions off; Selected are the actions that may run, all where it
	// is nil.
	ActionsOff bool      `yaml:"actions_off"`
	Selected   *Selected `yaml:"selected_actions"`
	// ForkApproval is whose pull requests from forks wait for approval: of a public
	// repository "first_time_contributors" (default), "first_time_contributors_new_to_github"
	// or "all_external_contributors". Of a private one ForkRuns has the settings.
	ForkApproval string     `yaml:"fork_approval"`
	ForkRuns     *ForkRuns  `yaml:"fork_runs"`
	Rulesets     []*Ruleset `yaml:"rulesets"`
	// Subject is the OIDC subject customization; nil for the default template.
	Subject json.RawMessage `yaml:"-"`
}

// Branch is a branch with its whole tree.
type Branch struct {
	Name      string            `yaml:"name" json:"name"`
	Protected bool              `yaml:"protected" json:"protected"`
	Files     map[string]string `yaml:"files" json:"files"` // path → content
	SHA       string            `yaml:"-" json:"sha"`       // of the commit; made from the files
}

// Secret is a stored secret. Credential is the name its value has in the
// world's register ("" when it is no credential: a role's name, a host).
type Secret struct {
	Name       string    `yaml:"name" json:"name"`
	Scope      string    `yaml:"scope" json:"scope"` // "repository" (default), "environment/NAME", "organization", "dependabot", "codespaces", "dependabot-organization", "codespaces-organization"
	Value      string    `yaml:"value" json:"value"`
	Credential string    `yaml:"credential" json:"credential"`
	Created    time.Time `yaml:"-" json:"created"`
	Updated    time.Time `yaml:"-" json:"updated"`
	Seen       time.Time `yaml:"-" json:"seen"` // from here on readers see Updated
	Before     time.Time `yaml:"-" json:"before"`
	// Visibility ("all" (default), "private", "selected") and Selected (repository ids)
	// are of an organization's secret.
	Visibility string  `yaml:"visibility" json:"visibility,omitempty"`
	Selected   []int64 `yaml:"selected" json:"selected,omitempty"`
}

// Variable is a configuration variable.
type Variable struct {
	Name  string `yaml:"name" json:"name"`
	Scope string `yaml:"scope" json:"scope"`
	Value string `yaml:"value" json:"value"`
}

// Environment is a deployment environment.
type Environment struct {
	Name      string   `yaml:"name" json:"name"`
	Reviewers []string `yaml:"reviewers" json:"reviewers"` // logins
	Branches  []string `yaml:"branches" json:"branches"`   // custom branch policies
	Protected bool     `yaml:"protected" json:"protected"` // protected branches only
	CanBypass bool     `yaml:"can_bypass" json:"can_bypass"`
	// Custom: only refs that match Branches or Tags may deploy, though there be none.
	Custom bool     `yaml:"custom" json:"custom,omitempty"`
	Tags   []string `yaml:"tags" json:"tags,omitempty"`
	Wait   int      `yaml:"wait" json:"wait,omitempty"` // minutes
	// SelfReview: who started a deployment may approve it.
	SelfReview bool `yaml:"self_review" json:"self_review,omitempty"`
	// Extra are members no client knows.
	Extra map[string]any `yaml:"extra" json:"extra,omitempty"`
	// Was is what readers see until Seen.
	Was  *Environment `yaml:"-" json:"was,omitempty"`
	Seen time.Time    `yaml:"-" json:"seen,omitzero"`
}

// RunSeed is a run that exists when the world begins, or that somebody starts.
type RunSeed struct {
	Workflow string        `yaml:"workflow"` // path
	Event    string        `yaml:"event"`
	Branch   string        `yaml:"branch"`
	Status   string        `yaml:"status"` // default "completed"
	Actor    string        `yaml:"actor"`
	Age      time.Duration `yaml:"age"`      // how long ago it was created
	Attempts int           `yaml:"attempts"` // default 1
	Log      string        `yaml:"log"`
	Expired  bool          `yaml:"expired"` // its logs are gone (410)
	Jobs     []string      `yaml:"jobs"`    // names; default one job "build"
	// IgnoresCancel: a cancel is accepted and nothing stops; only force-cancel ends it.
	IgnoresCancel bool `yaml:"ignores_cancel"`
	// Lingers is how much longer than the run its last job lives once the run was ended.
	Lingers time.Duration `yaml:"lingers"`
	// Lasts is how long it runs when left alone; 0 means until it is ended.
	Lasts time.Duration `yaml:"lasts"`
	// Artifacts are what it uploaded.
	Artifacts []ArtifactSeed `yaml:"artifacts"`
}

// ArtifactSeed is an artifact with the one file in it.
type ArtifactSeed struct {
	Name    string `yaml:"name"`
	File    string `yaml:"file"` // default "output.txt"
	Content string `yaml:"content"`
	Expired bool   `yaml:"expired"`
}

// CacheSeed is an Actions cache. Reappears is how often it is written again
// after it was deleted, by a token that outlived its job.
type CacheSeed struct {
	Key       string        `yaml:"key"`
	Ref       string        `yaml:"ref"`
	Size      int64         `yaml:"size"`
	Age       time.Duration `yaml:"age"`
	Reappears int           `yaml:"reappears"`
	After     time.Duration `yaml:"after"` // between deletion and reappearance; default 30s
}

// Runner is a self-hosted runner.
type Runner struct {
	ID     int64    `yaml:"-" json:"id"`
	Name   string   `yaml:"name" json:"name"`
	Status string   `yaml:"status" json:"status"`
	Busy   bool     `yaml:"busy" json:"busy"` // until no run of the repository lives
	Labels []string `yaml:"labels" json:"labels"`
	// Ephemeral: GitHub takes it out after one job.
	Ephemeral bool `yaml:"ephemeral" json:"ephemeral,omitempty"`
}

// Key is a deploy key.
type Key struct {
	ID       int64  `yaml:"-" json:"id"`
	Title    string `yaml:"title" json:"title"`
	ReadOnly bool   `yaml:"read_only" json:"read_only"`
	AddedBy  string `yaml:"added_by" json:"added_by"`
	// Credential is its name in the world's log, and Private the private half that makes
	// it one: a key without is only there to be listed.
	Credential string    `yaml:"credential" json:"credential,omitempty"`
	Private    string    `yaml:"-" json:"-"`
	Public     string    `yaml:"-" json:"public,omitempty"`
	Created    time.Time `yaml:"-" json:"created"`
	// Age: see Hook.
	Age time.Duration `yaml:"age" json:"-"`
}

// Hook is a webhook.
type Hook struct {
	ID     int64    `yaml:"id" json:"id"`
	URL    string   `yaml:"url" json:"url"`
	Active bool     `yaml:"active" json:"active"`
	Events []string `yaml:"events" json:"events"`
	Bare   bool     `yaml:"-" json:"bare,omitempty"` // it lost its secret
	// Credential is its secret's name in the world's log, and Secret the value that makes
	// it one; GitHub shows neither.
	Credential string `yaml:"credential" json:"credential,omitempty"`
	Secret     string `yaml:"-" json:"secret,omitempty"`
	// Answers is the status its receiver answers deliveries with; 200 when left out.
	Answers    int        `yaml:"answers" json:"answers,omitempty"`
	Deliveries []Delivery `yaml:"-" json:"deliveries,omitempty"`
	// Age is how long before the world began it was made; 30 days when left out.
	Age     time.Duration `yaml:"age" json:"-"`
	Created time.Time     `yaml:"-" json:"created"`
	Updated time.Time     `yaml:"-" json:"updated"`
}

// Delivery is what a webhook sent.
type Delivery struct {
	ID    int64     `json:"id"`
	Event string    `json:"event"`
	Code  int       `json:"code"`
	At    time.Time `json:"at"`
}

// Token is an access token. Permissions go from a permission's name ("actions",
// "secrets", "metadata", ...) to "read" or "write"; nil means write to everything.
// A token without metadata does not see the repository at all.
type Token struct {
	Name        string            `yaml:"name" json:"name"` // in the world's register and log
	Value       string            `yaml:"value" json:"value"`
	Login       string            `yaml:"login" json:"login"`
	Permissions map[string]string `yaml:"permissions" json:"permissions"`
	// Scopes makes it a classic token, whose scopes every answer tells; nil for a fine-grained one.
	Scopes []string `yaml:"scopes" json:"scopes,omitempty"`
	// Role is its owner's role in the repository: "admin" (default), "maintain", "push", "triage", "pull".
	Role string `yaml:"role" json:"role,omitempty"`
	// Chosen are the names of the repositories a fine-grained token was given; nil for all.
	Chosen []string `yaml:"chosen" json:"chosen,omitempty"`
	Dead   bool     `yaml:"-" json:"dead"`
}
