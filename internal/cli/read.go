package cli

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/boundary"
	"github.com/firebreak/firebreak/internal/checkout"
	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/view"
)

// reading is what inventory and boundary look at: folders, repositories, or a snapshot.
type reading struct {
	f        *Factory
	what     []string // folders and OWNER/REPO; the working directory when empty
	snapshot string   // file to read instead
	org      string   // every repository of it
	lines    bool     // the files' lines are shown afterwards
}

// seen is what was read and what follows from it.
type seen struct {
	config    config.Config
	folders   []inventory.Source
	models    []inventory.Model
	snapshot  *snapshot.Snapshot // nil where only folders were read
	inventory inventory.Inventory
	notes     boundary.Notes // about the acceptances
	accepted  string         // the file they are in
}

// addFlag adds the flag that both commands have.
func (r *reading) addFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&r.snapshot, "snapshot", "", "read this snapshot `file` instead of surveying")
	cmd.Flags().StringVar(&r.org, "org", "", "survey every repository of this `organization` or user")
}

// read reads, judges, and marks what is accepted. It only reads; agent names the
// command to the providers.
func (r *reading) read(ctx context.Context, agent string) (seen, error) {
	cfg, err := r.f.readConfig()
	if err != nil {
		return seen{}, err
	}
	local := &site{config: cfg}
	path, _, err := r.f.configFile()
	if err != nil {
		return seen{}, err
	}
	out := seen{config: cfg, accepted: filepath.Join(filepath.Dir(path), "accepted.yaml")}
	if local.accepted, err = readAccepted(out.accepted); err != nil {
		return seen{}, err
	}
	switch {
	case r.org != "" && (r.snapshot != "" || len(r.what) > 0):
		return seen{}, fault(Usage, "leave --org or the others out", "--org looks at an organization whole; nothing can be looked at beside it")
	case r.org != "":
		real, serr := r.f.realSite(ctx, r.f.agent(agent), true)
		if serr != nil {
			return seen{}, serr
		}
		err = real.organization(ctx, r.f, r.org, false, func(s *snapshot.Snapshot) error {
			out.snapshot = s
			return gapsIn(r.f, s)
		})
	case r.snapshot != "":
		if len(r.what) > 0 {
			return seen{}, fault(Usage, "leave "+r.what[0]+" or --snapshot out", "a snapshot is read whole; %s cannot be looked at beside it", r.what[0])
		}
		out.snapshot, err = readSnapshot(r.snapshot)
	default:
		err = r.live(ctx, local, agent, &out)
	}
	if err != nil {
		return seen{}, err
	}
	out.judge(local, r.f.Now(), r.lines)
	return out, nil
}

// judge computes everything that follows from what was read. Without lines the files'
// contents are let go: of an organization they are many.
func (s *seen) judge(local *site, now time.Time, lines bool) {
	if s.snapshot != nil && s.models == nil {
		s.models = inventory.ParseBy(inventory.FromSnapshot(s.snapshot), together)
	}
	if s.snapshot != nil && !lines {
		for _, r := range s.snapshot.Repositories {
			for i := range r.Files {
				r.Files[i].Content = ""
			}
		}
	}
	s.models = append(s.models, inventory.ParseBy(s.folders, together)...)
	inventory.Expand(s.models, together)
	inv := inventory.Build(s.models, s.snapshot, &local.config)
	inv = inv.WithFindings(boundary.CheckBy(s.models, inv, together))
	var looked []string
	for _, m := range s.models {
		looked = append(looked, m.Repository)
	}
	inv.Findings, s.notes = boundary.Accept(inv.Findings, local.accepted.Findings, looked, now)
	s.inventory = inv
}

// live reads folders as they lie there, and surveys repositories.
func (r *reading) live(ctx context.Context, local *site, agent string, out *seen) error {
	what := r.what
	if len(what) == 0 {
		what = []string{"."}
	}
	var folders, remote []string
	for _, w := range what {
		if info, err := os.Stat(w); err == nil && info.IsDir() {
			folders = append(folders, w)
		} else {
			remote = append(remote, w)
		}
	}
	if len(remote) > 0 {
		about := subject{repos: remote}
		if err := about.complete(local.config.GitHub.Owner); err != nil {
			return err
		}
		real, err := r.f.realSite(ctx, r.f.agent(agent), true)
		if err != nil {
			return err
		}
		l, err := real.lookWithActions(ctx, about.repos)
		if err != nil {
			return err
		}
		out.snapshot, out.models = l.snapshot, l.models
	}
	for _, folder := range folders {
		src, skipped, err := checkout.Read(folder, "")
		if err != nil {
			return &Fault{Usage, err, "name a folder with a .github folder in it"}
		}
		for _, x := range skipped {
			if _, err := fmt.Fprintf(r.f.IO.Err, "not read: %s: %s\n", view.Line(filepath.Join(folder, x.Path)), view.Line(x.Why)); err != nil {
				return err
			}
		}
		out.folders = append(out.folders, src)
	}
	return nil
}

func readSnapshot(file string) (*snapshot.Snapshot, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, &Fault{Usage, fmt.Errorf("read snapshot: %w", err), "make one with firebreak survey"}
	}
	defer f.Close() //nolint:errcheck // it is only read
	s, err := snapshot.Read(bufio.NewReaderSize(f, 1<<20))
	if err != nil {
		return nil, &Fault{Usage, fmt.Errorf("%s: %w", file, err), "make it again with firebreak survey"}
	}
	return s, nil
}

// acceptances tells on stderr what a person has to know of accepted.yaml.
func (s *seen) acceptances(f *Factory) error {
	for _, n := range view.NewNotes(s.notes, ruleNames(), f.Now()) {
		if _, err := fmt.Fprintf(f.IO.Err, "%s:%d: %s\n", view.Line(s.accepted), n.Line, view.Line(n.Text)); err != nil {
			return err
		}
	}
	return nil
}
