package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/view"
)

type versionOptions struct{ f *Factory }

func newCmdVersion(f *Factory, runF func(*versionOptions) error) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the program's version",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			opts := &versionOptions{f}
			if runF != nil {
				return runF(opts)
			}
			return versionRun(opts)
		},
	}
}

func versionRun(opts *versionOptions) error {
	format, err := opts.f.format("human", "json")
	if err != nil {
		return err
	}
	if format == "json" {
		return view.JSON(opts.f.IO.Out, struct {
			Schema  string `json:"schema"`
			Version string `json:"version"`
			Go      string `json:"go"`
		}{"firebreak.version/1", opts.f.Version, runtime.Version()})
	}
	_, err = fmt.Fprintf(opts.f.IO.Out, "firebreak %s\n", opts.f.Version)
	return err
}
