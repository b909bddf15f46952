package cli

import (
	"slices"

	"github.com/firebreak/firebreak/internal/diag"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// snippets finds the lines that findings point at. A file is split when the first
// finding in it is shown.
type snippets struct {
	folders  map[string]map[string][]byte // by folder and path
	surveyed map[string]*snapshot.Repository
	split    map[string]*diag.Source
}

func (s *seen) snippets() *snippets {
	l := &snippets{folders: map[string]map[string][]byte{}, surveyed: map[string]*snapshot.Repository{}, split: map[string]*diag.Source{}}
	for _, src := range s.folders {
		files := map[string][]byte{}
		for _, f := range src.Files {
			files[f.Path] = f.Content
		}
		l.folders[src.Folder] = files
	}
	if s.snapshot != nil {
		for i := range s.snapshot.Repositories {
			l.surveyed[s.snapshot.Repositories[i].FullName] = &s.snapshot.Repositories[i]
		}
	}
	return l
}

// of is the line a finding points at, "" where the file is not at hand.
func (l *snippets) of(f inventory.Finding) string {
	content, key := l.content(f)
	if key == "" {
		return ""
	}
	src := l.split[key]
	if src == nil {
		src = diag.NewSource(f.Path, content)
		l.split[key] = src
	}
	return src.Line(f.Line)
}

// content is the file a finding is in, with a name for exactly this copy of it.
func (l *snippets) content(f inventory.Finding) (content []byte, key string) {
	if files, ok := l.folders[f.Folder]; ok && f.Repository == "" {
		if b, ok := files[f.Path]; ok {
			return b, "folder\x00" + f.Folder + "\x00" + f.Path
		}
		return nil, ""
	}
	r := l.surveyed[f.Repository]
	if r == nil {
		return nil, ""
	}
	for i := range r.Files {
		x := &r.Files[i]
		if x.Path == f.Path && (len(f.Branches) == 0 || slices.Contains(x.Branches, f.Branches[0])) {
			return []byte(x.Content), "surveyed\x00" + f.Repository + "\x00" + f.Path + "\x00" + x.SHA
		}
	}
	return nil, ""
}
