package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/firebreak/firebreak/internal/diag"
	"github.com/firebreak/firebreak/internal/playbook"
	"github.com/firebreak/firebreak/playbooks"
)

// readPlaybook reads a playbook from disk when name is a path, otherwise from
// those that ship with firebreak.
func readPlaybook(name string) (file string, b []byte, err error) {
	if isPlaybookFile(name) || strings.ContainsRune(name, filepath.Separator) {
		b, err = os.ReadFile(name)
		if err != nil {
			return "", nil, &Fault{Usage, fmt.Errorf("read playbook: %w", err), "firebreak playbook list"}
		}
		return name, b, nil
	}
	b, err = fs.ReadFile(playbooks.Files(), name+".yaml")
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil, fault(Usage, "firebreak playbook list", "no playbook %q ships with firebreak%s", name, didYouMean(name))
	}
	return name + ".yaml", b, err
}

func didYouMean(name string) string {
	names, err := playbookNames()
	if err != nil {
		return ""
	}
	if hint := diag.DidYouMean(name, names); hint != "" {
		return "; " + hint
	}
	return ""
}

// playbookNames lists the playbooks that ship with firebreak.
func playbookNames() ([]string, error) {
	files, err := fs.Glob(playbooks.Files(), "*.yaml")
	for i := range files {
		files[i] = strings.TrimSuffix(files[i], ".yaml")
	}
	return files, err
}

// playbook reads and checks a playbook against what the site can do.
func (s *site) playbook(name string) (*playbook.Playbook, error) {
	file, b, err := readPlaybook(name)
	if err != nil {
		return nil, err
	}
	return playbook.Parse(file, b, s.catalogue)
}
