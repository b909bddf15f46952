package github

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/firebreak/firebreak/internal/world"
)

// sow fills the state from a seed.
func (s *Server) sow(seed Seed) error {
	for _, b := range seed.Branches {
		b.SHA = commit(b.Files, s.core.Text(8))
		s.state.Branches = append(s.state.Branches, &b)
	}
	if s.state.branch(s.state.Default) == nil {
		return fmt.Errorf("github world: the default branch %q is not among the branches", s.state.Default)
	}
	s.register()
	for path, state := range seed.Disabled {
		w := s.byPath(path)
		if w == nil {
			return fmt.Errorf("github world: %s is to be %s, but no such file is on %s", path, state, s.state.Default)
		}
		w.State = world.Always(state)
	}
	for _, x := range seed.Secrets {
		s.sowSecret(x)
	}
	for _, a := range seed.Apps {
		s.registerApp(a)
	}
	for _, t := range seed.Tokens {
		if t.Value == "" {
			return fmt.Errorf("github world: token %q has no value", t.Name)
		}
		s.state.Tokens = append(s.state.Tokens, &t)
		if s.core.Name(t.Value) == "" {
			s.core.Born(t.Name, t.Value)
		}
	}
	for _, r := range seed.Runs {
		if _, err := s.StartRun(r); err != nil {
			return err
		}
	}
	for _, c := range seed.Caches {
		at := s.core.Now().Add(-c.Age)
		s.state.Caches = append(s.state.Caches, &Cache{
			ID: s.core.ID(), Key: c.Key, Ref: cmp.Or(c.Ref, "refs/heads/"+s.state.Default), Size: c.Size,
			Created: at, Reappears: c.Reappears, After: cmp.Or(c.After, 30*time.Second),
		})
	}
	for i := range s.state.Runners {
		s.state.Runners[i].ID = s.core.ID()
	}
	for i := range s.state.Keys {
		s.state.Keys[i].Created = s.core.Now().Add(-cmp.Or(s.state.Keys[i].Age, long))
	}
	s.sowKeys()
	s.sowHooks(s.state.Hooks)
	s.sowHooks(s.state.OwnerHooks)
	return nil
}

func (s *Server) sowSecret(x Secret) {
	x.Scope = cmp.Or(x.Scope, "repository")
	if shared(x.Scope) {
		x.Visibility = cmp.Or(x.Visibility, "all")
	}
	x.Created = s.core.Now().Add(-90 * 24 * time.Hour).Truncate(time.Second)
	x.Updated, x.Before, x.Seen = x.Created, x.Created, x.Created
	if known := s.core.Name(x.Value); known != "" {
		x.Credential = known
	} else if x.Credential != "" {
		s.core.Born(x.Credential, x.Value)
	}
	s.state.Secrets = append(s.state.Secrets, &x)
}

// StartRun begins a run of a workflow, as an event would, and gives its id.
func (s *Server) StartRun(seed RunSeed) (int64, error) {
	w := s.byPath(seed.Workflow)
	if w == nil {
		return 0, fmt.Errorf("github world: no workflow %s", seed.Workflow)
	}
	at := s.core.Now().Add(-seed.Age)
	branch := cmp.Or(seed.Branch, s.state.Default)
	r := &Run{
		ID: s.core.ID(), Workflow: w.ID, Path: w.Path, Event: cmp.Or(seed.Event, "push"), Branch: branch,
		Status: cmp.Or(seed.Status, "completed"), Actor: cmp.Or(seed.Actor, "octocat"), Attempts: max(seed.Attempts, 1),
		Created: at, Updated: at, Shown: at, Starts: at, Log: seed.Log, Expired: seed.Expired,
		IgnoresCancel: seed.IgnoresCancel, Lingers: seed.Lingers, EndsAs: "success",
	}
	if b := s.state.branch(branch); b != nil {
		r.SHA = b.SHA
	}
	names := seed.Jobs
	if len(names) == 0 {
		names = []string{"build"}
	}
	for _, n := range names {
		r.Jobs = append(r.Jobs, Job{ID: s.core.ID(), Name: n, Status: r.Status})
	}
	if seed.Lasts > 0 {
		r.Ends = at.Add(seed.Lasts)
	}
	if r.Status == "completed" {
		r.end(at, "success", 0)
	}
	for _, a := range seed.Artifacts {
		s.state.Artifacts = append(s.state.Artifacts, &Artifact{
			ID: s.core.ID(), Run: r.ID, Name: a.Name, File: cmp.Or(a.File, "output.txt"), Content: []byte(a.Content), Created: at, Expired: a.Expired,
		})
	}
	s.state.Runs = append(s.state.Runs, r)
	return r.ID, nil
}

// register brings the Actions service's list of workflows in step with the
// files: a new file on the default branch is an active workflow; one that left it
// is "deleted", and may still run from another branch.
func (s *Server) register() {
	now := s.core.Now()
	for _, b := range s.state.Branches {
		for _, path := range sorted(b.Files) {
			if isWorkflow(path) && b.Name == s.state.Default && s.byPath(path) == nil {
				s.state.Workflows = append(s.state.Workflows, &Workflow{ID: s.core.ID(), Path: path, Name: nameOf(path, b.Files[path]), State: world.Always("active")})
			}
		}
	}
	files := s.state.branch(s.state.Default).Files
	for _, w := range s.state.Workflows {
		content, there := files[w.Path]
		switch {
		case !there && w.State.Is == "active":
			w.State.Set("deleted", now, 0)
		case there && w.State.Is == "deleted":
			w.State.Set("active", now, 0)
		}
		if there {
			w.Name = nameOf(w.Path, content)
		}
	}
	slices.SortFunc(s.state.Workflows, func(a, b *Workflow) int { return cmp.Compare(a.ID, b.ID) })
}

func (s *Server) byPath(path string) *Workflow {
	for _, w := range s.state.Workflows {
		if w.Path == path {
			return w
		}
	}
	return nil
}
