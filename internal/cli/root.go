package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

const rootLong = `firebreak carries the response to a compromised CI workflow through seven steps
and proves each: disable, revoke, rotate, invalidate, rebuild, review, restore.

See an incident go by, without an account or a token:

  firebreak rehearse --auto`

// newRoot is the whole command tree. Building it opens and dials nothing.
func newRoot(f *Factory) *cobra.Command {
	cobra.EnableCommandSorting = false // help lists them in the order of their use
	root := &cobra.Command{
		Use:               "firebreak",
		Short:             "Respond to a compromised CI workflow, and prove it",
		Long:              rootLong,
		SilenceUsage:      true,
		SilenceErrors:     true,
		Args:              unknownCommand,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(*cobra.Command, []string) error { f.open(); return nil },
	}
	root.SetOut(f.IO.Out)
	root.SetErr(f.IO.Err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &Fault{Usage, err, "firebreak help " + strings.TrimPrefix(cmd.CommandPath(), "firebreak ")}
	})
	f.addFlags(root)
	root.AddGroup(
		&cobra.Group{ID: "respond", Title: "Respond:"},
		&cobra.Group{ID: "know", Title: "Know:"},
		&cobra.Group{ID: "practise", Title: "Practise:"},
	)
	add := func(group string, cmds ...*cobra.Command) {
		for _, c := range cmds {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add("respond", commandsToRespond(f)...)
	add("know", commandsToKnow(f)...)
	add("practise", commandsToPractise(f)...)
	root.AddCommand(newCmdSchema(f, nil), newCmdVersion(f, nil), newTopicExitCodes(f))
	if err := complete(f, root); err != nil {
		panic(err) // two completions of one flag: the table is wrong, whatever is asked
	}
	return root
}

func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	next := strings.Replace(cmd.CommandPath(), "firebreak", "firebreak help", 1)
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		next = "did you mean " + cmd.CommandPath() + " " + strings.Join(near, " or ") + "?"
	}
	return fault(Usage, next, "there is no command %q", args[0])
}

// newTopicExitCodes is `firebreak help exit-codes`.
func newTopicExitCodes(f *Factory) *cobra.Command {
	cmd := &cobra.Command{Use: "exit-codes", Short: "What the exit codes mean"}
	cmd.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		if err := writeExitCodes(f.IO.Out); err != nil {
			cmd.PrintErrln(err)
		}
	})
	return cmd
}
