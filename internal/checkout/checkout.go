// Package checkout finds the workflow files and local actions below a folder, for
// the inventory of a working copy. It only reads, and nothing outside the folder:
// a symbolic link that leads out of it is not followed.
package checkout

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/workflow"
)

// maxFile is the largest file read. GitHub refuses workflow files above 512 KiB.
const maxFile = 1 << 20

// maxDepth is how deep below the folder local actions are looked for.
const maxDepth = 8

// Skipped is a file that was not read, and why.
type Skipped struct {
	Path string
	Why  string
}

// Read gives the workflow files of folder (in .github/workflows) and the actions
// anywhere below it. A folder without .github gives a source without files. The
// error is for a folder that cannot be read at all.
func Read(folder, repository string) (inventory.Source, []Skipped, error) {
	src := inventory.Source{Repository: repository, Folder: folder}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return src, nil, fmt.Errorf("read %s: %w; name a folder with a repository's working copy", folder, err)
	}
	var skipped []Skipped
	walkErr := fs.WalkDir(root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			skipped = append(skipped, Skipped{p, err.Error()})
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			if leaveOut(p) {
				return fs.SkipDir
			}
			return nil
		}
		if !workflow.IsWorkflow(p) && !workflow.IsAction(p) {
			return nil
		}
		content, err := read(root, p)
		if err != nil {
			skipped = append(skipped, Skipped{p, err.Error()})
			return nil
		}
		src.Files = append(src.Files, inventory.SourceFile{Path: p, Content: content})
		return nil
	})
	if err := errors.Join(walkErr, root.Close()); err != nil {
		return src, skipped, fmt.Errorf("read %s: %w; check that it can be read", folder, err)
	}
	return src, skipped, nil
}

// leaveOut says which folders hold no action of this repository.
func leaveOut(p string) bool {
	switch path.Base(p) {
	case ".git", "node_modules", "vendor", "testdata":
		return true
	}
	return strings.Count(p, "/") >= maxDepth
}

// read reads a regular file; the root refuses links that lead out of it.
func read(root *os.Root, p string) (content []byte, err error) {
	info, err := root.Stat(p) // before opening: a named pipe would block
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	f, err := root.Open(p)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	content, err = io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(content) > maxFile {
		return nil, errors.New("it is larger than 1 MiB, which GitHub does not run")
	}
	return content, err
}
