package github

import (
	"encoding/json"
	"time"
)

// The types below decode what v62's own structs lack or lose.

// workflowWire is a workflow as the Actions service gives it.
type workflowWire struct {
	ID    int64  `json:"id"`
	Path  string `json:"path"`
	Name  string `json:"name"`
	State string `json:"state"`
}

// runWire has the path, which v62 drops.
type runWire struct {
	ID         int64     `json:"id"`
	WorkflowID int64     `json:"workflow_id"`
	Path       string    `json:"path"`
	Event      string    `json:"event"`
	Branch     string    `json:"head_branch"`
	SHA        string    `json:"head_sha"`
	Status     string    `json:"status"`
	Conclusion string    `json:"conclusion"`
	Attempt    int       `json:"run_attempt"`
	Created    time.Time `json:"created_at"`
	Updated    time.Time `json:"updated_at"`
	Actor      struct {
		Login string `json:"login"`
	} `json:"triggering_actor"`
}

type jobWire struct {
	ID     int64  `json:"id"`
	Name   string `json:"name"`
	Status string `json:"status"`
}

type secretWire struct {
	Name       string    `json:"name"`
	Created    time.Time `json:"created_at"`
	Updated    time.Time `json:"updated_at"`
	Visibility string    `json:"visibility"`
}

type variableWire struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type cacheWire struct {
	ID      int64     `json:"id"`
	Key     string    `json:"key"`
	Ref     string    `json:"ref"`
	Version string    `json:"version"`
	Size    int64     `json:"size_in_bytes"`
	Created time.Time `json:"created_at"`
	Used    time.Time `json:"last_accessed_at"`
}

type artifactWire struct {
	ID      int64     `json:"id"`
	Name    string    `json:"name"`
	Size    int64     `json:"size_in_bytes"`
	Digest  string    `json:"digest"`
	Expired bool      `json:"expired"`
	Created time.Time `json:"created_at"`
	Run     struct {
		ID int64 `json:"id"`
	} `json:"workflow_run"`
}

type environmentWire struct {
	Name      string          `json:"name"`
	CanBypass bool            `json:"can_admins_bypass"`
	Policy    *policyWire     `json:"deployment_branch_policy"`
	Rules     []ruleWire      `json:"protection_rules"`
	Raw       json.RawMessage `json:"-"`
}

type policyWire struct {
	Protected bool `json:"protected_branches"`
	Custom    bool `json:"custom_branch_policies"`
}

type ruleWire struct {
	Type      string `json:"type"`
	Reviewers []struct {
		Type     string `json:"type"`
		Reviewer struct {
			Login string `json:"login"`
			Slug  string `json:"slug"`
		} `json:"reviewer"`
	} `json:"reviewers"`
}
