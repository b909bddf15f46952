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
	w := walk{top: root}
	walkErr := errors.Join(fs.WalkDir(root.FS(), ".", w.visit), w.close(), root.Close())
	src.Files = w.files
	if walkErr != nil {
		return src, w.skipped, fmt.Errorf("read %s: %w; check that it can be read", folder, walkErr)
	}
	return src, w.skipped, nil
}

// walk goes through a folder. The folder with files to read is kept open until another has
// some: a file is then one step away, and still cannot lead out of the root.
type walk struct {
	top     *os.Root
	last    *os.Root // nil before the first
	dir     string   // where last is
	files   []inventory.SourceFile
	skipped []Skipped
}

func (w *walk) visit(p string, d fs.DirEntry, err error) error {
	if err != nil {
		w.skip(p, err)
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
	root, name := w.top, p
	if d.Type().IsRegular() { // a link is followed from the top, so that it may lead anywhere inside
		if root, err = w.folder(path.Dir(p)); err != nil {
			w.skip(p, err)
			return nil
		}
		name = path.Base(p)
	}
	content, err := read(root, name)
	if err != nil {
		w.skip(p, err)
		return nil
	}
	w.files = append(w.files, inventory.SourceFile{Path: p, Content: content})
	return nil
}

func (w *walk) skip(p string, err error) { w.skipped = append(w.skipped, Skipped{p, err.Error()}) }

func (w *walk) folder(dir string) (*os.Root, error) {
	if dir == "." {
		return w.top, nil
	}
	if w.last != nil && w.dir == dir {
		return w.last, nil
	}
	if err := w.close(); err != nil {
		return nil, err
	}
	r, err := w.top.OpenRoot(dir)
	if err == nil {
		w.last, w.dir = r, dir
	}
	return r, err
}

func (w *walk) close() error {
	if w.last == nil {
		return nil
	}
	r := w.last
	w.last = nil
	return r.Close()
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
	content = make([]byte, 0, min(info.Size(), maxFile)+1)
	for len(content) <= maxFile {
		n, err := f.Read(content[len(content):cap(content)])
		content = content[:len(content)+n]
		if errors.Is(err, io.EOF) {
			return content, nil
		}
		if err != nil {
			return nil, err
		}
		if len(content) == cap(content) { // it grew meanwhile
			content = append(content, 0)[:len(content)]
		}
	}
	return content, errors.New("it is larger than 1 MiB, which GitHub does not run")
}
