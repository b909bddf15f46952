package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/adapters/all"
	"github.com/firebreak/firebreak/internal/playbook"
	"github.com/firebreak/firebreak/internal/view"
)

func newCmdPlaybook(f *Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "playbook",
		Short: "List, show and check playbooks, and have an editor check them",
		Args:  unknownCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newCmdPlaybookList(f, nil), newCmdPlaybookShow(f, nil), newCmdPlaybookValidate(f, nil), newCmdPlaybookSchema(f, nil))
	return cmd
}

type playbookOptions struct {
	f    *Factory
	name string
}

func newCmdPlaybookList(f *Factory, runF func(*playbookOptions) error) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the playbooks that ship with firebreak",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			opts := &playbookOptions{f: f}
			if runF != nil {
				return runF(opts)
			}
			return playbookListRun(opts)
		},
	}
}

func playbookListRun(opts *playbookOptions) error {
	format, err := opts.f.format("human", "json")
	if err != nil {
		return err
	}
	names, err := playbookNames()
	if err != nil {
		return err
	}
	type row struct {
		Name  string `json:"name"`
		Title string `json:"title"`
	}
	rows := []row{}
	for _, n := range names {
		p, err := parsePlaybook(n)
		if err != nil {
			return err
		}
		rows = append(rows, row{n, p.Title})
	}
	if format == "json" {
		return view.JSON(opts.f.IO.Out, rows)
	}
	t := view.Table{Style: opts.f.IO.OutStyle(), Head: []string{"PLAYBOOK", ""}}
	for _, r := range rows {
		t.Add(view.Line(r.Name), view.Line(r.Title))
	}
	return t.Write(opts.f.IO.Out)
}

func newCmdPlaybookShow(f *Factory, runF func(*playbookOptions) error) *cobra.Command {
	return &cobra.Command{
		Use:   "show PLAYBOOK",
		Short: "Print a playbook",
		Args:  oneArg("a playbook, by name or file"),
		RunE: func(_ *cobra.Command, args []string) error {
			opts := &playbookOptions{f, args[0]}
			if runF != nil {
				return runF(opts)
			}
			_, b, err := readPlaybook(opts.name)
			if err != nil {
				return err
			}
			_, err = f.IO.Out.Write([]byte(view.Block(string(b))))
			return err
		},
	}
}

func newCmdPlaybookValidate(f *Factory, runF func(*playbookOptions) error) *cobra.Command {
	return &cobra.Command{
		Use:   "validate PLAYBOOK",
		Short: "Check a playbook and tell every mistake at once",
		Args:  oneArg("a playbook, by name or file"),
		RunE: func(_ *cobra.Command, args []string) error {
			opts := &playbookOptions{f, args[0]}
			if runF != nil {
				return runF(opts)
			}
			p, err := parsePlaybook(opts.name)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(f.IO.Out, "%s: %s, no mistakes\n", view.Line(p.File), view.Line(p.Name))
			return err
		},
	}
}

func newCmdPlaybookSchema(f *Factory, runF func(*playbookOptions) error) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of playbook files, for an editor",
		Long: `Print the JSON Schema of playbook files: every key, and every action with its inputs.
An editor with the YAML language server completes and checks by it, when the file
begins with

  # yaml-language-server: $schema=playbook.schema.json

Expressions and what they name are checked by firebreak playbook validate.`,
		Example: "  firebreak playbook schema > playbook.schema.json",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			opts := &playbookOptions{f: f}
			if runF != nil {
				return runF(opts)
			}
			return playbookSchemaRun(opts)
		},
	}
}

func playbookSchemaRun(opts *playbookOptions) error {
	if _, err := opts.f.format("json"); err != nil {
		return err
	}
	c, err := all.Catalogue()
	if err != nil {
		return err
	}
	return view.JSON(opts.f.IO.Out, playbook.Schema(c))
}

// parsePlaybook checks a playbook against what every adapter can do, without
// credentials or configuration.
func parsePlaybook(name string) (*playbook.Playbook, error) {
	file, b, err := readPlaybook(name)
	if err != nil {
		return nil, err
	}
	c, err := all.Catalogue()
	if err != nil {
		return nil, err
	}
	return playbook.Parse(file, b, c)
}
