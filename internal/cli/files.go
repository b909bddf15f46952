package cli

import (
	"errors"
	"fmt"
	"os"

	"github.com/firebreak/firebreak/adapters/all"
	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/durable"
	"github.com/firebreak/firebreak/internal/plan"
)

// readConfig reads the configuration; a default file that is not there is an empty
// configuration, one that was named and is not there a mistake.
func (f *Factory) readConfig() (config.Config, error) {
	path, named, err := f.configFile()
	if err != nil {
		return config.Config{}, err
	}
	b, err := os.ReadFile(path)
	if os.IsNotExist(err) && !named {
		return config.Config{}, nil
	}
	if err != nil {
		return config.Config{}, &Fault{Usage, fmt.Errorf("read configuration: %w", err), "name the file with --config"}
	}
	c, err := config.Parse(path, b)
	if err != nil {
		return c, err
	}
	kinds, err := knownKinds()
	if err != nil {
		return c, err
	}
	return c, config.Check(path, b, kinds)
}

// readPlan reads a plan file and gives its bytes and digest.
func readPlan(path string) (*plan.Plan, []byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, &Fault{Usage, fmt.Errorf("read plan: %w", err), "make one with firebreak plan -o " + path}
	}
	p, err := plan.Decode(b)
	if err != nil {
		return nil, nil, &Fault{Usage, fmt.Errorf("%s: %w", path, err), "make it again with firebreak plan"}
	}
	c, err := all.Catalogue()
	if err != nil {
		return nil, nil, err
	}
	if err := errors.Join(plan.Validate(p), c.Vet(p)); err != nil {
		return nil, nil, &Fault{Usage, fmt.Errorf("%s is not a plan firebreak made:\n%w", path, err), "make it again with firebreak plan; a plan is changed in its playbook"}
	}
	return p, b, nil
}

// writeFile writes a result to a file, or to stdout for "" and "-".
func (f *Factory) writeFile(path string, b []byte) error {
	if path == "" || path == "-" {
		_, err := f.IO.Out.Write(b)
		return err
	}
	if err := durable.WriteFile(path, b, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
