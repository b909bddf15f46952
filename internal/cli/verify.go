package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/view"
)

type verifyOptions struct {
	f          *Factory
	incident   string
	checkpoint string
}

func newCmdVerify(f *Factory, runF func(*verifyOptions) error) *cobra.Command {
	opts := &verifyOptions{f: f}
	cmd := &cobra.Command{
		Use:   "verify [INCIDENT]",
		Short: "Check that a journal was not changed",
		Long: `Check that an incident's journal is one unbroken chain and, with --checkpoint,
that everything up to that checkpoint is unchanged. What comes after it is
unanchored: whoever holds the folder could have rewritten it.

INCIDENT may be a folder. Nothing of firebreak's own state is needed.`,
		Args: maybeOne("the incident or its folder"),
		RunE: func(_ *cobra.Command, args []string) error {
			opts.incident = first(args)
			if runF != nil {
				return runF(opts)
			}
			return verifyRun(opts)
		},
	}
	cmd.Flags().StringVar(&opts.checkpoint, "checkpoint", "", "`file` with a checkpoint that was kept elsewhere")
	return cmd
}

func verifyRun(opts *verifyOptions) error {
	f := opts.f
	format, err := f.format("human", "json")
	if err != nil {
		return err
	}
	var checkpoint []byte
	if opts.checkpoint != "" {
		if checkpoint, err = os.ReadFile(opts.checkpoint); err != nil {
			return &Fault{Usage, err, "give --checkpoint the file that was kept"}
		}
	}
	dir, err := f.incident(opts.incident)
	if err != nil {
		return err
	}
	proven, _, err := journal.Verify(dir, checkpoint)
	if err != nil {
		return err
	}
	if format == "json" {
		return view.JSON(f.IO.Out, struct {
			Schema string `json:"schema"`
			journal.Proven
		}{"firebreak.verification/1", proven})
	}
	_, err = fmt.Fprintf(f.IO.Out, "%s: %d records, one unbroken chain; %d anchored by a checkpoint, %d unanchored\n",
		view.Line(proven.Incident), proven.Records, proven.Anchored, proven.Unanchored)
	if err == nil && proven.Torn != "" {
		_, err = fmt.Fprintln(f.IO.Err, "journal:", proven.Torn)
	}
	return err
}
