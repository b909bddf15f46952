package cli

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/approval"
	"github.com/firebreak/firebreak/internal/evidence"
	"github.com/firebreak/firebreak/internal/view"
)

type verifyOptions struct {
	f          *Factory
	incident   string
	checkpoint string
	signers    string
}

func newCmdVerify(f *Factory, runF func(*verifyOptions) error) *cobra.Command {
	opts := &verifyOptions{f: f}
	cmd := &cobra.Command{
		Use:   "verify [INCIDENT]",
		Short: "Check that an incident's folder was not changed",
		Long: `Check that an incident's journal is one unbroken chain, that plans, approvals and
evidence are those it names, that the sealed values it names are there and, with
--checkpoint, that everything up to that checkpoint is unchanged. What comes after it is unanchored:
whoever holds the folder could have rewritten it.

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
	cmd.Flags().StringVar(&opts.signers, "allowed-signers", "", "`file` of keys that may approve, to check approvals against")
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
	signers, err := opts.allowed()
	if err != nil {
		return err
	}
	v, err := evidence.Verify(dir, checkpoint, signers)
	if err != nil {
		return err
	}
	if format == "json" {
		err = view.JSON(f.IO.Out, v)
	} else {
		err = view.Verification(f.IO.Out, f.IO.OutStyle(), v)
	}
	if err == nil && !v.OK {
		return fault(Unverified, "compare with another copy of the folder", "%d things do not verify", len(v.Problems))
	}
	return err
}

// allowed reads the allowed signers; nil, which leaves approvals unjudged, when
// nobody named a file.
func (opts *verifyOptions) allowed() ([]approval.Signer, error) {
	if opts.signers == "" {
		return nil, nil
	}
	b, err := os.ReadFile(opts.signers)
	if err != nil {
		return nil, &Fault{Usage, err, "name an OpenSSH allowed-signers file"}
	}
	return approval.ParseSigners(opts.signers, b)
}
