package github

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/firebreak/firebreak/internal/snapshot"
)

// files reads the workflow files and local actions of every branch, because a
// workflow that is gone from the default branch still runs from another one. Trees
// and contents that branches share are read once.
func (v *surveyor) files(ctx context.Context) error {
	type branch struct {
		Name      string `json:"name"`
		Protected bool   `json:"protected"`
		Commit    struct {
			SHA string `json:"sha"`
		} `json:"commit"`
	}
	branches, _, err := list[branch](ctx, v.client, at(v.r.FullName, "branches"), "", nil)
	if err != nil {
		return err
	}
	for _, b := range branches {
		v.r.Branches = append(v.r.Branches, snapshot.Branch{Name: b.Name, SHA: b.Commit.SHA, Protected: b.Protected})
	}
	slices.SortFunc(v.r.Branches, func(a, b snapshot.Branch) int { return cmp.Compare(a.Name, b.Name) })
	trees := map[string][]entry{}
	found := map[entry]*snapshot.File{}
	for _, b := range v.r.Branches {
		if _, done := trees[b.SHA]; !done {
			if trees[b.SHA], err = v.tree(ctx, b); err != nil {
				v.gap("workflow files on branch "+b.Name, err)
			}
		}
		for _, e := range trees[b.SHA] {
			if found[e] == nil {
				found[e] = &snapshot.File{Path: e.Path, SHA: e.SHA}
			}
			found[e].Branches = append(found[e].Branches, b.Name)
		}
	}
	read := make([]error, len(found))
	order := slices.SortedFunc(maps.Keys(found), func(a, b entry) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.SHA, b.SHA)) })
	var wait sync.WaitGroup
	turn := make(chan struct{}, 8)
	for i, e := range order {
		turn <- struct{}{}
		wait.Go(func() {
			defer func() { <-turn }()
			found[e].Content, read[i] = v.content(ctx, e.SHA)
		})
	}
	wait.Wait()
	for i, e := range order {
		if f := found[e]; read[i] == nil {
			v.r.Files = append(v.r.Files, *f)
		} else {
			v.gap("content of "+e.Path+" on "+strings.Join(f.Branches, ", "), read[i])
		}
	}
	return nil
}

// entry is a file in a tree.
type entry struct {
	Path string `json:"path"`
	SHA  string `json:"sha"`
}

func (v *surveyor) tree(ctx context.Context, b snapshot.Branch) ([]entry, error) {
	var tree struct {
		Tree []struct {
			entry
			Type string `json:"type"`
		} `json:"tree"`
		Truncated bool `json:"truncated"`
	}
	if _, err := get(ctx, v.client, at(v.r.FullName, "git", "trees", b.SHA)+"?recursive=1", &tree); err != nil {
		return nil, err
	}
	var wanted []entry
	for _, e := range tree.Tree {
		if e.Type == "blob" && counts(e.Path) {
			wanted = append(wanted, e.entry)
		}
	}
	if tree.Truncated {
		v.gap("part of the files on branch "+b.Name, errors.New("GitHub cut the tree off: it is too large"))
	}
	return wanted, nil
}

// counts reports whether a file is a workflow or a local action.
func counts(file string) bool {
	dir, name := path.Split(file)
	if dir == ".github/workflows/" {
		return strings.HasSuffix(name, ".yml") || strings.HasSuffix(name, ".yaml")
	}
	return name == "action.yml" || name == "action.yaml"
}

// content reads a blob once for all repositories of the owner that have the same file:
// what a blob's id names is the same everywhere.
func (v *surveyor) content(ctx context.Context, sha string) (string, error) {
	if v.house == nil {
		return v.blob(ctx, sha)
	}
	return shared(v.house, "blob "+sha, func() (string, error) { return v.blob(ctx, sha) })
}

func (v *surveyor) blob(ctx context.Context, sha string) (string, error) {
	var blob struct {
		Content  string `json:"content"`
		Encoding string `json:"encoding"`
	}
	if _, err := get(ctx, v.client, at(v.r.FullName, "git", "blobs", sha), &blob); err != nil {
		return "", err
	}
	if blob.Encoding != "base64" {
		return "", fmt.Errorf("GitHub encoded it as %q, which firebreak does not read", blob.Encoding)
	}
	b, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(blob.Content, "\n", ""))
	return string(b), err
}
