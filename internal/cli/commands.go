package cli

import "github.com/spf13/cobra"

// The commands of each help group, in the order of their use.

func commandsToRespond(f *Factory) []*cobra.Command {
	return []*cobra.Command{
		newCmdContain(f, nil),
		newCmdPlan(f, nil),
		newCmdShow(f, nil),
		newCmdApprove(f, nil),
		newCmdRun(f, nil),
		newCmdResume(f, nil),
		newCmdStatus(f, nil),
		newCmdSettle(f, nil),
		newCmdHandover(f, nil),
		newCmdRollback(f, nil),
		newCmdReport(f, nil),
		newCmdVerify(f, nil),
	}
}

func commandsToKnow(f *Factory) []*cobra.Command {
	return []*cobra.Command{
		newCmdInventory(f, nil),
		newCmdBoundary(f, nil),
		newCmdSurvey(f, nil),
		newCmdPlaybook(f),
	}
}

func commandsToPractise(f *Factory) []*cobra.Command {
	return []*cobra.Command{
		newCmdRehearse(f, nil),
		newCmdWorld(f, nil),
	}
}
