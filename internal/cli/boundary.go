package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/boundary"
	"github.com/firebreak/firebreak/internal/diag"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/view"
)

type boundaryOptions struct {
	f        *Factory
	reading  reading
	workflow string
	rules    []string
	severity string
	list     bool
	fix      bool
}

func newCmdBoundary(f *Factory, runF func(*boundaryOptions) error) *cobra.Command {
	opts := &boundaryOptions{f: f, reading: reading{f: f, lines: true}}
	cmd := &cobra.Command{
		Use:   "boundary [PATH or OWNER/REPO]...",
		Short: "Show what is wrong with the workflows' boundaries, in the order to mend it",
		Long: `Show the findings alone, each with file, line, column, why and how to mend it, in the
order in which to take authority away. A folder is read as it lies there; a repository
is surveyed; --snapshot works offline.

Ends with exit code 3 while a finding is open. One that is accepted in accepted.yaml,
beside the configuration, with a reason, an owner and an end, is not.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.reading.what = args
			if runF != nil {
				return runF(opts)
			}
			return boundaryRun(cmd.Context(), opts)
		},
	}
	opts.reading.addFlag(cmd)
	fl := cmd.Flags()
	fl.StringVar(&opts.workflow, "workflow", "", "only this workflow `file`")
	fl.StringArrayVar(&opts.rules, "rule", nil, "only findings of this rule, by its `id`; repeatable")
	fl.StringVar(&opts.severity, "severity", "", "only findings as bad as this or worse: critical, high, `medium` or low; what cannot be judged is always shown")
	fl.BoolVar(&opts.fix, "fix", false, "write what can be mended mechanically as a diff for git apply, and on stderr what is left")
	fl.BoolVar(&opts.list, "rules", false, "list the rules, with why and how to mend, and end")
	return cmd
}

func boundaryRun(ctx context.Context, opts *boundaryOptions) error {
	f := opts.f
	format, err := f.format("human", "json", "markdown", "sarif")
	if err != nil {
		return err
	}
	if err := opts.check(); err != nil {
		return err
	}
	if opts.list {
		return listRules(f, format)
	}
	read, err := opts.reading.read(ctx, "boundary")
	if err != nil {
		return err
	}
	if err := read.acceptances(f); err != nil {
		return err
	}
	findings, err := opts.wanted(read.inventory)
	if err != nil {
		return err
	}
	if opts.fix {
		return fixRun(f, &read, findings)
	}
	b := read.boundary(findings, f)
	switch format {
	case "json":
		err = view.JSON(f.IO.Out, b)
	case "sarif":
		err = view.SARIF(f.IO.Out, f.Version, b)
	case "markdown":
		err = view.BoundaryMarkdown(f.IO.Out, b)
	default:
		err = view.WriteBoundary(f.IO.Out, f.IO.OutStyle(), b)
	}
	if err == nil && b.Open > 0 {
		err = fault(Findings, "", "%s", view.Count(b.Open, "open finding"))
	}
	return err
}

// check refuses rules and severities there are none of.
func (opts *boundaryOptions) check() error {
	known := ruleNames()
	for _, r := range opts.rules {
		if !slices.Contains(known, r) {
			next := "firebreak boundary --rules lists them"
			if near := diag.Nearest(r, known); near != "" {
				next = "did you mean " + near + "?"
			}
			return fault(Usage, next, "there is no rule %q", r)
		}
	}
	if opts.fix && opts.f.output != "" {
		return fault(Usage, "leave --output out", "--fix writes a diff, which has one form")
	}
	if opts.severity != "" && !slices.Contains(severities, opts.severity) {
		return fault(Usage, "", "--severity %s is not known; use one of %s", opts.severity, strings.Join(severities, ", "))
	}
	return nil
}

// severities from worst on. What is not known may be as bad as any.
var severities = []string{boundary.Critical, boundary.High, boundary.Medium, boundary.Low}

// wanted narrows the findings to what the flags ask for.
func (opts *boundaryOptions) wanted(inv inventory.Inventory) ([]inventory.Finding, error) {
	findings := inv.Findings
	if opts.workflow != "" {
		about := subject{workflows: []string{opts.workflow}}
		if err := about.complete(""); err != nil {
			return nil, err
		}
		one := inventory.ForWorkflow(inv, about.workflows[0], "")
		if len(one.Repositories) == 0 {
			return nil, fault(Usage, "firebreak inventory lists every workflow", "there is no workflow %s", opts.workflow)
		}
		findings = one.Findings
	}
	least := slices.Index(severities, opts.severity)
	return slices.DeleteFunc(slices.Clone(findings), func(x inventory.Finding) bool {
		return len(opts.rules) > 0 && !slices.Contains(opts.rules, x.Rule) || least >= 0 && slices.Index(severities, x.Severity) > least
	}), nil
}

// boundary puts findings into the form that views show.
func (s *seen) boundary(findings []inventory.Finding, f *Factory) view.Boundary {
	b := view.Boundary{
		Schema: view.BoundarySchema, Findings: []view.FindingTold{}, Rules: []view.RuleTold{}, Notes: view.NewNotes(s.notes, ruleNames(), f.Now()),
		Severity: map[string]int{}, Accepting: s.accepted,
	}
	for _, m := range s.models {
		b.Workflows += len(m.Workflows)
	}
	shown := s.snippets()
	found := map[string]bool{}
	for _, x := range boundary.InOrder(findings) {
		b.Findings = append(b.Findings, view.FindingTold{Finding: x, Snippet: shown.of(x), Accept: boundary.Entry(x)})
		found[x.Rule] = true
		if x.Accepted == nil {
			b.Open++
			b.Severity[x.Severity]++
		}
	}
	for _, r := range rules() {
		if found[r.ID] {
			b.Rules = append(b.Rules, r)
		}
	}
	return b
}

// rules are all there are, in the order to mend.
func rules() []view.RuleTold {
	var out []view.RuleTold
	for _, r := range boundary.Catalogue() {
		out = append(out, view.RuleTold{ID: r.ID, Why: r.Why, Fix: r.Fix, Gate: r.Gate})
	}
	return out
}

func ruleNames() []string {
	var out []string
	for _, r := range boundary.Catalogue() {
		out = append(out, r.ID)
	}
	return out
}

func listRules(f *Factory, format string) error {
	if format == "json" {
		return view.JSON(f.IO.Out, rules())
	}
	var b strings.Builder
	for _, r := range rules() {
		gate := ""
		if r.Gate {
			gate = "  holds the gate of restore"
		}
		if format == "markdown" {
			fmt.Fprintf(&b, "- **%s**%s: %s Fix: %s.\n", r.ID, gate, view.Markdown(r.Why), view.Markdown(r.Fix))
			continue
		}
		st := f.IO.OutStyle()
		b.WriteString(st.Strong(r.ID) + st.Faint(gate) + "\n" + st.Fit("  why  "+r.Why+"\n", 5) + st.Fit("  fix  "+r.Fix+"\n", 5))
	}
	_, err := io.WriteString(f.IO.Out, b.String())
	return err
}
