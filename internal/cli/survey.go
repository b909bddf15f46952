package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/view"
)

type surveyOptions struct {
	f       *Factory
	out     string
	subject subject
}

func newCmdSurvey(f *Factory, runF func(*surveyOptions) error) *cobra.Command {
	opts := &surveyOptions{f: f}
	cmd := &cobra.Command{
		Use:   "survey OWNER/REPO...",
		Short: "List what the providers have now",
		Long: `List, without the means to change anything, the workflows on every branch, secret
names, environments, runners, keys, caches and runs of repositories, and the roles,
users, tokens and stores their workflows reach. Never a secret value.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.subject.repos = args
			if runF != nil {
				return runF(opts)
			}
			return surveyRun(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringVarP(&opts.out, "out", "o", "", "write the snapshot to this `file`")
	return cmd
}

func surveyRun(ctx context.Context, opts *surveyOptions) error {
	f := opts.f
	if _, err := f.format("json", "human"); err != nil {
		return err
	}
	if len(opts.subject.repos) == 0 {
		return fault(Usage, "firebreak survey OWNER/REPO -o snapshot.json", "survey needs a repository")
	}
	s, err := f.realSite(ctx, f.agent("survey"), true)
	if err != nil {
		return err
	}
	if err := opts.subject.complete(s.config.GitHub.Owner); err != nil {
		return err
	}
	l, err := s.look(ctx, opts.subject.repos, nil)
	if err != nil {
		return err
	}
	b, err := snapshot.Encode(l.snapshot)
	if err != nil {
		return err
	}
	if err := f.writeFile(opts.out, b); err != nil {
		return err
	}
	for _, g := range l.snapshot.Gaps {
		if _, err := fmt.Fprintf(f.IO.Err, "gap: %s: %s: %s\n", view.Line(g.Provider), view.Line(g.What), view.Line(g.Why)); err != nil {
			return err
		}
	}
	return nil
}
