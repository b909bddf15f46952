package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/view"
)

// versionSchema names the JSON of version. Fields are added, never renamed.
const versionSchema = "firebreak.version/1"

// versionTold is what version says.
type versionTold struct {
	Schema  string `json:"schema"`
	Version string `json:"version"` // of firebreak
	Go      string `json:"go"`      // the Go it was built with
}

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
		return view.JSON(opts.f.IO.Out, versionTold{versionSchema, opts.f.Version, runtime.Version()})
	}
	_, err = fmt.Fprintf(opts.f.IO.Out, "firebreak %s\n", opts.f.Version)
	return err
}
