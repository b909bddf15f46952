package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fault(Usage, "firebreak help "+commandName(cmd), "%s takes no argument, %q was given", commandName(cmd), args[0])
	}
	return nil
}

// oneArg wants exactly one; what says what it is.
func oneArg(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fault(Usage, "firebreak help "+commandName(cmd), "%s needs one argument: %s", commandName(cmd), what)
		}
		return nil
	}
}

// maybeOne allows one argument.
func maybeOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return fault(Usage, "firebreak help "+commandName(cmd), "%s takes at most one argument: %s", commandName(cmd), what)
		}
		return nil
	}
}

func commandName(cmd *cobra.Command) string {
	return strings.TrimPrefix(cmd.CommandPath(), "firebreak ")
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
