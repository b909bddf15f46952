// Package playbook reads playbooks and compiles them into plans.
//
// Parse turns YAML into a typed tree and tells every mistake at once, each with its
// place. Compile turns the tree, the responder's inputs, the inventory, a snapshot
// and the configuration into a plan. Both are pure: the same input gives the same
// plan bytes (invariant I14, docs/adr/0003). The language is described in
// docs/playbooks.md.
//
// In a playbook's expressions, inventory is what the incident is about: the
// credentials and identities which the workflows under response reach, or the whole
// inventory where no workflow is named.
package playbook

import (
	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/document"
	"github.com/firebreak/firebreak/internal/plan"
)

// Version is the version of the language this package reads.
const Version = 1

// Playbook is a checked playbook.
type Playbook struct {
	File        string
	Digest      string // SHA-256 of the file, hex
	Name        string
	Title       string
	Description string
	// Partial, when set, says what the playbook leaves to a further plan of the same
	// incident; see plan.Plan.Partial.
	Partial string
	Inputs  []Input
	Gates   []Gate
	Steps   []Step // in the order of plan.Steps

	doc *document.Document
}

// Step is one of the seven steps with its tasks.
type Step struct {
	Name  plan.Step
	Tasks []Task
}

// Input is what a responder gives.
type Input struct {
	Name     string
	Type     plan.Type
	List     bool // several of Type
	Required bool
	Default  any // string, bool, int64 or []string; nil when there is none
	Doc      string

	at document.Node
}

// Gate is a condition the playbook adds. Somebody has to say that it holds.
type Gate struct {
	Name string
	Text string
}

// Task is one entry of a step. Exactly one of Use, Rotate, Manual and Notify is set.
type Task struct {
	ID     string // so that later tasks can name its outputs
	For    *Loop
	When   *Expr
	Use    string
	With   []Argument
	Rotate *Expr
	Manual *Manual
	Notify *Template
	Gates  []string

	at document.Node
}

// Loop carries a task out once for each element of a list.
type Loop struct {
	Name string
	In   *Expr
}

// Argument is one input of an action as the playbook writes it.
type Argument struct {
	Name  string
	Value Template

	at document.Node
}

// Manual is a task for a person. With Verify, an action's reading says when it is
// done; without, the person does, and the proof is P0.
type Manual struct {
	Instructions Template
	Link         *Template
	Verify       *Verify
}

// Verify is the action whose reading closes a manual task.
type Verify struct {
	Use  string
	With []Argument

	at document.Node
}

// Catalogue is what can be done. *adapters.Catalogue is one.
type Catalogue interface {
	Spec(name string) (plan.Spec, bool)
	Specs() []plan.Spec // sorted by name
	Action(name string) (adapters.Action, bool)
	Issuer(name string) (plan.Issuer, bool)
	Store(name string) (plan.StoreKind, bool)
}

var _ Catalogue = (*adapters.Catalogue)(nil)
