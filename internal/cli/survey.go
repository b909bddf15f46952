package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/durable"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/view"
	"github.com/firebreak/firebreak/internal/workflow"
)

type surveyOptions struct {
	f       *Factory
	out     string
	subject subject
	org     string
	afresh  bool
}

func newCmdSurvey(f *Factory, runF func(*surveyOptions) error) *cobra.Command {
	opts := &surveyOptions{f: f}
	cmd := &cobra.Command{
		Use:   "survey OWNER/REPO... or --org ORGANIZATION",
		Short: "List what the providers have now",
		Long: `List, without the means to change anything, the workflows on every branch, secret
names, environments, runners, keys, caches and runs of repositories, and the roles,
users, tokens and stores their workflows reach. Never a secret value.

With --org, of every repository of an organization: all that stands, without runs,
caches and artifacts, which come and go. It waits for GitHub's hourly quota; broken
off, the same command goes on where it was. What has not changed since the last
survey costs none of the quota.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.subject.repos = args
			if runF != nil {
				return runF(opts)
			}
			return surveyRun(cmd.Context(), opts)
		},
	}
	fl := cmd.Flags()
	fl.StringVarP(&opts.out, "out", "o", "", "write the snapshot to this `file`")
	fl.StringVar(&opts.org, "org", "", "every repository of this `organization` or user")
	fl.BoolVar(&opts.afresh, "afresh", false, "with --org, take up nothing of a survey that was broken off")
	return cmd
}

func surveyRun(ctx context.Context, opts *surveyOptions) error {
	f := opts.f
	if _, err := f.format("json", "human"); err != nil {
		return err
	}
	switch {
	case opts.org != "" && len(opts.subject.repos) > 0:
		return fault(Usage, "leave one of them out", "--org surveys every repository, %s one", opts.subject.repos[0])
	case opts.afresh && opts.org == "":
		return fault(Usage, "leave --afresh out", "a survey of single repositories is never taken up again")
	case opts.org == "" && len(opts.subject.repos) == 0:
		return fault(Usage, "firebreak survey OWNER/REPO -o snapshot.json", "survey needs a repository")
	}
	s, err := f.realSite(ctx, f.agent("survey"), true)
	if err != nil {
		return err
	}
	if err := opts.subject.complete(s.config.GitHub.Owner); err != nil {
		return err
	}
	tell := func(snap *snapshot.Snapshot) error {
		return errors.Join(f.writeSnapshot(opts.out, snap), gapsIn(f, snap))
	}
	if opts.org == "" {
		l, lerr := s.lookWithActions(ctx, opts.subject.repos)
		if lerr != nil {
			return lerr
		}
		return tell(l.snapshot)
	}
	return s.organization(ctx, f, opts.org, opts.afresh, func(snap *snapshot.Snapshot) error {
		if err := tell(snap); err != nil {
			return err
		}
		_, err := fmt.Fprintln(f.IO.Err, view.Line(surveyedText(snap)))
		return err
	})
}

// surveyedText says what a survey found, in a line.
func surveyedText(s *snapshot.Snapshot) string {
	files := 0
	for _, r := range s.Repositories {
		for _, x := range r.Files {
			if workflow.IsWorkflow(x.Path) {
				files++
			}
		}
	}
	return fmt.Sprintf("surveyed %d repositories with %s, %s", len(s.Repositories), view.Count(files, "workflow file"), view.Count(len(s.Gaps), "gap"))
}

// writeSnapshot writes a snapshot to a file, whole or not at all, or to stdout.
func (f *Factory) writeSnapshot(path string, s *snapshot.Snapshot) error {
	if path == "" || path == "-" {
		return snapshot.Write(f.IO.Out, s)
	}
	if err := durable.WriteBy(path, 0o600, func(w io.Writer) error { return snapshot.Write(w, s) }); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
