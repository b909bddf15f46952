package cli

import (
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/docs"
	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/view"
)

type schemaOptions struct {
	f    *Factory
	name string
}

func newCmdSchema(f *Factory, runF func(*schemaOptions) error) *cobra.Command {
	return &cobra.Command{
		Use:   "schema [NAME]",
		Short: "Print the JSON Schema of an output, or of firebreak.yaml",
		Long: `Print the JSON Schema of one of our outputs; without NAME, list them. Fields are
added, never renamed or removed: a reader ignores those it does not know.

The schema named config is of firebreak.yaml, for an editor; that of playbooks is
firebreak playbook schema.`,
		Example: "  firebreak schema incident\n  firebreak schema firebreak.events/1\n  firebreak schema config > firebreak.schema.json",
		Args:    maybeOne("a schema"),
		RunE: func(_ *cobra.Command, args []string) error {
			opts := &schemaOptions{f, first(args)}
			if runF != nil {
				return runF(opts)
			}
			return schemaRun(opts)
		},
	}
}

func schemaRun(opts *schemaOptions) error {
	f := opts.f
	switch opts.name {
	case "config":
		k, err := knownKinds()
		if err != nil {
			return err
		}
		return view.JSON(f.IO.Out, config.Schema(k))
	case "":
		t := view.Table{Style: f.IO.OutStyle(), Head: []string{"SCHEMA", ""}}
		for _, o := range outputs() {
			t.Add(o.Name, o.Title)
		}
		t.Add("config", "The file firebreak.yaml")
		return t.Write(f.IO.Out)
	}
	o, err := findOutput(opts.name)
	if err != nil {
		return err
	}
	files, err := docs.Schemas()
	if err != nil {
		return err
	}
	b, err := fs.ReadFile(files, o.File())
	if err != nil {
		return fmt.Errorf("schema of %s: %w", o.Name, err)
	}
	_, err = f.IO.Out.Write(b)
	return err
}
