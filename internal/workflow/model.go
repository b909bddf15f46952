package workflow

import (
	"github.com/rhysd/actionlint"

	"github.com/firebreak/firebreak/internal/diag"
)

// Pos is a place in a file; both count from 1.
type Pos struct{ Line, Column int }

// File is one workflow file.
type File struct {
	Path        string
	Name        string
	Triggers    []Trigger    // in the order of the file
	Permissions *Permissions // nil when the file has no permissions key
	Env         []Var
	Jobs        []Job
	// Refs are references above the jobs (workflow env and the like); every job has them too.
	Refs []Ref
	// Problems are what the file gets wrong. Broken says that it is no YAML at all,
	// or so wrong that GitHub would not run it and no job could be read.
	Problems diag.List
	Broken   bool

	byID map[string][]*Job // ids in lower case
}

// Trigger is one event in the file with its filters.
type Trigger struct {
	Event
	Pos
	Branches, BranchesIgnore []string
	Tags, TagsIgnore         []string
	Types                    []string
	Workflows                []string // of workflow_run
	// Secrets are those a reusable workflow (workflow_call) declares.
	Secrets []string
	// Inputs are those of workflow_call and workflow_dispatch, with their defaults.
	Inputs []Var
	// Schedules are those of the event schedule.
	Schedules []Schedule
}

// Schedule is one entry of the event schedule. Zone is an IANA name, "" for UTC.
type Schedule struct{ Cron, Zone string }

// Permissions is a permissions key. All is "read-all" or "write-all", or "" when
// Scopes lists what is granted; an empty Scopes then means nothing is.
type Permissions struct {
	Pos
	All    string
	Scopes map[string]Scope
}

// Scope is what one permission is set to: "read", "write" or "none".
type Scope struct {
	Value string
	Pos
}

// Job is one job.
type Job struct {
	ID   string
	Name string
	Pos
	Needs       []string
	If          string
	Runner      Runner
	Permissions *Permissions // nil when the job has no permissions key
	Environment *Text        // nil when the job is in no environment
	Matrix      *Matrix      // nil when the job runs once
	Images      []Image      // of its container and its services
	Env         []Var
	Steps       []Step
	Call        *Call // set for a job that calls a reusable workflow
	// Refs are all references in the job, in the order of the file.
	Refs []Ref

	judged bool
	cond   actionlint.ExprNode
}

// Text is a value that may hold expressions, with its place.
type Text struct {
	Value string
	Pos
}

// Image is a container image a job runs in ("container") or beside ("service").
type Image struct {
	Kind string
	Text
}

// Var is a name bound to a value: an environment variable or an input.
type Var struct {
	Name  string
	Value string
	Pos
}

// Runner is where a job runs.
type Runner struct {
	Labels []string // as written, expressions included
	Group  string
	Pos
}

// Call is the use of a reusable workflow.
type Call struct {
	Uses    string
	Local   string // path in the same repository, "" for a remote one
	Inherit bool   // secrets: inherit
	Secrets []Var  // passed one by one
	With    []Var
	Pos
	// InheritPos is where "inherit" stands.
	InheritPos Pos
}

// Step is one step of a job or of a composite action.
type Step struct {
	Index int // from 0
	ID    string
	Name  string
	If    string
	Pos
	Uses    string // "" for a run step
	UsesPos Pos
	Note    string // the comment behind uses, in which people write the tag of a commit
	With    []Var
	Run     string
	RunPos  Pos
	Shell   string
	Env     []Var

	scanned bool
	uses    []Use
}

// Input gives the value of an input of a uses step. Names are compared without case.
func (s *Step) Input(name string) (Var, bool) { return find(s.With, name) }

// Ref is one reference to a secret, to the job's token or to a variable.
type Ref struct {
	Kind  RefKind
	Name  string // upper case; "" for All and Dynamic
	How   string // one of the How constants
	Level string // "workflow", "job", "step", "container", "service"
	As    string // the environment variable, input or secret it is bound to, "" when none
	Step  int    // index of the step, -1 outside of steps
	Value string // the whole value it stands in
	// Tested: a secret is only compared or chosen by here; its value goes nowhere.
	Tested bool
	Pos
}

// RefKind says what a reference refers to.
type RefKind string

const (
	Secret   RefKind = "secret"   // secrets.NAME
	All      RefKind = "all"      // toJSON(secrets), secrets.*, secrets alone
	Dynamic  RefKind = "dynamic"  // secrets[expression]
	Inherit  RefKind = "inherit"  // secrets: inherit
	JobToken RefKind = "token"    // secrets.GITHUB_TOKEN, github.token
	Variable RefKind = "variable" // vars.NAME
)

// How a reference reaches the job; these words appear in the inventory.
const (
	HowEnv       = "env"
	HowWith      = "with"
	HowRun       = "run"
	HowIf        = "if"
	HowAll       = "toJSON(secrets)"
	HowDynamic   = "secrets[...]"
	HowInherit   = "inherit"
	HowPassed    = "secrets" // passed to a reusable workflow by name
	HowContainer = "container"
	HowService   = "service"
	HowOther     = "expression" // any other place, unknown keys included
)

// Action is a local action's metadata file.
type Action struct {
	Path     string // of action.yml
	Name     string
	Using    string  // "composite", "node20", "docker", ...
	Steps    []Step  // of a composite action
	Images   []Image // of a Docker action
	Inputs   []Var   // with their defaults
	Refs     []Ref
	Problems diag.List
	Broken   bool
}
