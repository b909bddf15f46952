package github

import (
	"time"

	"github.com/firebreak/firebreak/internal/world"
)

// State is everything the simulated GitHub knows, as plain data.
type State struct {
	Owner        string            `json:"owner"`
	Repo         string            `json:"repo"`
	ID           int64             `json:"id"`
	Default      string            `json:"default_branch"`
	Private      bool              `json:"private"`
	Began        time.Time         `json:"began"`
	Branches     []*Branch         `json:"branches"`
	Workflows    []*Workflow       `json:"workflows"`
	Secrets      []*Secret         `json:"secrets"`
	Variables    []Variable        `json:"variables"`
	Environments []Environment     `json:"environments"`
	Runs         []*Run            `json:"runs"`
	Caches       []*Cache          `json:"caches"`
	Artifacts    []*Artifact       `json:"artifacts"`
	Runners      []Runner          `json:"runners"`
	Unplugged    []string          `json:"unplugged,omitempty"` // runners whose machines were taken off the network
	Keys         []Key             `json:"keys"`
	Hooks        []Hook            `json:"hooks"`
	OwnerHooks   []Hook            `json:"owner_hooks,omitempty"`
	Organization Owner             `json:"organization,omitzero"`
	Tokens       []*Token          `json:"tokens"`
	Apps         []*RegisteredApp  `json:"apps,omitempty"`
	Guards       Guards            `json:"guards"`
	Tags         map[string]string `json:"tags,omitempty"` // name → commit
	Subject      []byte            `json:"subject"`
	KeyID        string            `json:"key_id"`
	Private32    []byte            `json:"private_key"` // of the sealed boxes secrets arrive in
	Public32     []byte            `json:"public_key"`
	Links        []link            `json:"links"`
	Used         int               `json:"used"` // of the primary rate limit
}

// Workflow is a workflow file as the Actions service knows it.
type Workflow struct {
	ID    int64                    `json:"id"`
	Path  string                   `json:"path"`
	Name  string                   `json:"name"`
	State world.Eventually[string] `json:"state"`
}

// Run is one run with its jobs.
type Run struct {
	ID            int64         `json:"id"`
	Workflow      int64         `json:"workflow"`
	Path          string        `json:"path"`
	Event         string        `json:"event"`
	Branch        string        `json:"branch"`
	SHA           string        `json:"sha"`
	Status        string        `json:"status"`
	Conclusion    string        `json:"conclusion"`
	Actor         string        `json:"actor"`
	Attempts      int           `json:"attempts"`
	Created       time.Time     `json:"created"`
	Updated       time.Time     `json:"updated"`
	Shown         time.Time     `json:"shown"` // from here on readers see it
	Starts        time.Time     `json:"starts"`
	Ends          time.Time     `json:"ends"` // zero: until it is ended
	EndsAs        string        `json:"ends_as"`
	JobsEnd       time.Time     `json:"jobs_end"`
	Jobs          []Job         `json:"jobs"`
	Log           string        `json:"log"`
	Expired       bool          `json:"expired"`
	IgnoresCancel bool          `json:"ignores_cancel"`
	Lingers       time.Duration `json:"lingers"`
	Purpose       string        `json:"purpose"` // "dispatch" for runs that decide their conclusion themselves
	Inputs        []byte        `json:"inputs,omitempty"`
	Files         string        `json:"files,omitempty"` // of a dispatched run: the workflow file it runs
}

// Job is one job of a run.
type Job struct {
	ID         int64  `json:"id"`
	Name       string `json:"name"`
	Status     string `json:"status"`
	Conclusion string `json:"conclusion"`
}

// Cache is an Actions cache entry.
type Cache struct {
	ID        int64         `json:"id"`
	Key       string        `json:"key"`
	Ref       string        `json:"ref"`
	Size      int64         `json:"size"`
	Created   time.Time     `json:"created"`
	Gone      time.Time     `json:"gone"` // deleted at; zero while it exists
	Seen      time.Time     `json:"seen"` // readers see the deletion from here on
	Back      time.Time     `json:"back"` // it is written again at
	Reappears int           `json:"reappears"`
	After     time.Duration `json:"after"`
}

// Artifact is what a run uploaded.
type Artifact struct {
	ID      int64     `json:"id"`
	Run     int64     `json:"run"`
	Name    string    `json:"name"`
	File    string    `json:"file"`
	Content []byte    `json:"content"` // of the one file in it
	Created time.Time `json:"created"`
	Expired bool      `json:"expired"`
	Built   bool      `json:"built"` // by a run of this world, not there from the beginning
}

// link is a download address that works for one minute.
type link struct {
	Key     string    `json:"key"`
	Kind    string    `json:"kind"` // "logs", "artifact"
	Object  int64     `json:"object"`
	Attempt int       `json:"attempt"`
	Until   time.Time `json:"until"`
}

func (s *State) branch(name string) *Branch {
	for _, b := range s.Branches {
		if b.Name == name {
			return b
		}
	}
	return nil
}

func (s *State) run(id int64) *Run {
	for _, r := range s.Runs {
		if r.ID == id {
			return r
		}
	}
	return nil
}

func (s *State) secret(scope, name string) *Secret {
	for _, x := range s.Secrets {
		if x.Scope == scope && x.Name == name {
			return x
		}
	}
	return nil
}

func (s *State) environment(name string) *Environment {
	for i := range s.Environments {
		if s.Environments[i].Name == name {
			return &s.Environments[i]
		}
	}
	return nil
}
