package cli

import "github.com/spf13/cobra"

// The commands of each help group, in the order of their use.

func commandsToRespond(f *Factory) []*cobra.Command {
	return []*cobra.Command{
		newCmdShow(f, nil),
		newCmdApprove(f, nil),
		newCmdStatus(f, nil),
		newCmdReport(f, nil),
		newCmdVerify(f, nil),
	}
}

func commandsToKnow(f *Factory) []*cobra.Command {
	return []*cobra.Command{}
}

func commandsToPractise(f *Factory) []*cobra.Command {
	return []*cobra.Command{}
}
