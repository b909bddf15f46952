package rehearse

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Loaded is a scenario with the files it refers to.
type Loaded struct {
	Scenario
	File   string                       // as asked for
	Config []byte                       // nil when the scenario brings none
	Repo   map[string]map[string]string // branch → path → content
	Fixed  map[string]map[string]string // nil when the team never pushes
}

// List gives the names of the scenarios that lie in the root of files, sorted.
func List(files fs.FS) ([]string, error) {
	all, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i] = strings.TrimSuffix(all[i], ".yaml")
	}
	slices.Sort(all)
	return all, nil
}

// Load reads a scenario: by name from files ("publish-token-theft"), or from disk
// when name is a path (it holds a separator or ends in .yaml). Mistakes in the
// file are a diag.List with all of them.
func Load(files fs.FS, name string) (*Loaded, error) {
	file := name + ".yaml"
	if strings.ContainsAny(name, `/\`) || strings.HasSuffix(name, ".yaml") {
		files, file = os.DirFS(filepath.Dir(name)), filepath.Base(name)
	}
	src, err := fs.ReadFile(files, file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no scenario %s; firebreak rehearse --list shows those that ship with it", name)
	}
	if err != nil {
		return nil, fmt.Errorf("read scenario: %w", err)
	}
	l := &Loaded{File: name}
	d := decode(name, src, &l.Scenario)
	if len(d.at) > 0 {
		l.check(d)
		l.files(d, files)
	}
	if err := d.doc.Problems.Err(); err != nil {
		return nil, err
	}
	return l, nil
}

// files reads what the scenario refers to.
func (l *Loaded) files(d *reader, files fs.FS) {
	var err error
	if l.Repo, err = branches(files, l.Repository); err != nil && l.Repository != "" {
		d.mistake("repository", err.Error(), "it is a folder with one folder a branch, beside the scenario")
	}
	if p := l.Team.Pushes; p != nil && p.After != never {
		if l.Fixed, err = branches(files, p.Tree); err != nil {
			d.mistake("team.pushes.tree", err.Error(), "it is a folder with one folder a branch, beside the scenario")
		}
	}
	if l.Configuration != "" {
		if l.Config, err = fs.ReadFile(files, path.Clean(l.Configuration)); err != nil {
			d.mistake("configuration", err.Error(), "")
		}
	}
}

// branches reads a folder of trees.
func branches(files fs.FS, folder string) (map[string]map[string]string, error) {
	root, all := path.Clean(folder), map[string]map[string]string{}
	err := fs.WalkDir(files, root, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		branch, file, ok := strings.Cut(strings.TrimPrefix(name, root+"/"), "/")
		if !ok {
			return fmt.Errorf("%s lies beside the branches", name)
		}
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		if all[branch] == nil {
			all[branch] = map[string]string{}
		}
		all[branch][file] = string(b)
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not there", folder)
	}
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("%s holds no file", folder)
	}
	return all, err
}
