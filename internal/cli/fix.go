package cli

import (
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/boundary"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/mend"
	"github.com/firebreak/firebreak/internal/view"
)

// fixRun writes what can be mended mechanically as one diff on stdout, and on stderr
// what is left with the reason.
func fixRun(f *Factory, s *seen, findings []inventory.Finding) error {
	open := slices.DeleteFunc(slices.Clone(findings), func(x inventory.Finding) bool { return x.Accepted != nil })
	sources := slices.Clone(s.folders)
	if s.snapshot != nil {
		sources = append(sources, inventory.FromSnapshot(s.snapshot)...)
	}
	done := mend.Mend(mend.Request{Sources: sources, Snapshot: s.snapshot, Config: &s.config, Wanted: open, Ways: mend.Ways(), Judge: boundary.Check})
	for _, x := range done.Files {
		text, err := mend.Diff(diffPath(sources, x), x)
		if err != nil {
			return err
		}
		if of := &sources[x.Source]; of.Repository != "" {
			text = "# " + view.Line(of.Repository) + " on " + view.Line(strings.Join(x.Branches, ", ")) + "\n" + text
		}
		if f.IO.OutTTY { // nobody applies what is on a screen, and a file must not write to it
			text = view.Diff(f.IO.OutStyle(), text)
		}
		if _, err := io.WriteString(f.IO.Out, text); err != nil {
			return err
		}
	}
	st := f.IO.ErrStyle()
	for _, x := range moved(done.Mended) {
		if _, err := io.WriteString(f.IO.Err, st.Fit("moved: "+view.Place(x)+": the variable is with the steps that name it alone; a program that reads it unnamed has it no more\n", 2)); err != nil {
			return err
		}
	}
	for _, x := range done.Declined {
		if _, err := io.WriteString(f.IO.Err, st.Fit("left: "+view.Place(x.Finding)+": "+view.Line(x.Finding.Rule)+": "+view.Line(x.Why)+"\n", 2)); err != nil {
			return err
		}
	}
	if len(done.Declined) > 0 {
		return fault(Findings, "", "%s mended in %s; %s left to a person", view.Count(len(done.Mended), "finding"), view.Count(len(done.Files), "file"), view.Count(len(done.Declined), "finding"))
	}
	return nil
}

// diffPath is a file's path in the diff: from the folder where one was named, so that
// it applies there; from the working directory where there are more.
func diffPath(sources []inventory.Source, x mend.File) string {
	if len(sources) > 1 && sources[x.Source].Repository == "" {
		return filepath.ToSlash(strings.TrimPrefix(filepath.Join(sources[x.Source].Folder, x.Path), "/"))
	}
	return x.Path
}

// moved are the findings whose mending a person has to look at once more.
func moved(mended []inventory.Finding) []inventory.Finding {
	ways := mend.Ways()
	return slices.DeleteFunc(slices.Clone(mended), func(x inventory.Finding) bool { return ways[x.Rule] != mend.ScopeSecret })
}
