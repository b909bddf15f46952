package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/view"
)

type settleOptions struct {
	f        *Factory
	incident string
	action   string
	happened string
	reason   string
	id       string
}

func newCmdSettle(f *Factory, runF func(*settleOptions) error) *cobra.Command {
	opts := &settleOptions{f: f}
	cmd := &cobra.Command{
		Use:   "settle INCIDENT [ACTION]",
		Short: "Say of a call in doubt whether it happened",
		Long: `Where the answer to a call never came and reading could not tell, a person who knows
may say whether it happened. It is recorded with the reason and stands in the report as
that person's word, not as a proof. Nothing is sent; resume goes on from there.

ACTION is the action's id, its name or its target. Without it, and without --happened
or --reason, the terminal asks; what is in doubt is listed first.`,
		Example: "  firebreak settle inc-20260301-0a1b2c3d npm.token.revoke --happened yes --reason \"npm's audit log shows it\"",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 || len(args) > 2 {
				return fault(Usage, "firebreak help settle", "settle needs an incident and, where several calls are in doubt, an action")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.incident = args[0]
			if len(args) > 1 {
				opts.action = args[1]
			}
			if runF != nil {
				return runF(opts)
			}
			return settleRun(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringVar(&opts.happened, "happened", "", "`yes` or no")
	cmd.Flags().StringVar(&opts.id, "id", "", "of something that was made: its `id`; its value is lost, so it is destroyed and made anew")
	cmd.Flags().StringVar(&opts.reason, "reason", "", "how you know; stands in the report")
	return cmd
}

func settleRun(ctx context.Context, opts *settleOptions) (err error) {
	f := opts.f
	format, err := f.format("human", "json")
	if err != nil {
		return err
	}
	if opts.happened != "" && opts.happened != "yes" && opts.happened != "no" {
		return fault(Usage, "say yes or no; who does not know leaves it in doubt", "--happened %q is neither yes nor no", opts.happened)
	}
	t, err := f.outside(opts.incident)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.log.Close()) }()
	s := t.log.State()
	id := s.Opened.Incident
	doubts := view.Doubts(s)
	if len(doubts) == 0 {
		return fault(Usage, "firebreak status "+id, "nothing in incident %s is in doubt", id)
	}
	if err := view.WriteDoubts(f.IO.Err, f.IO.ErrStyle(), doubts); err != nil {
		return err
	}
	d, err := opts.which(ctx, doubts)
	if err != nil {
		return err
	}
	if err := opts.complete(ctx, d.Action); err != nil {
		return err
	}
	by := f.operator()
	word := respond.Settled{
		Action: d.Action.ID, Number: d.Attempt.Number, By: by, Reason: opts.reason,
		Settlement: plan.Settlement{Happened: opts.happened, Lost: opts.happened == "yes", Detail: "settled by " + by + ": " + opts.reason},
	}
	if opts.happened == "yes" && opts.id != "" {
		word.Settlement.Outputs = map[string]plan.Output{"id": {Value: opts.id}}
	}
	if err := t.log.Append(word); err != nil {
		return err
	}
	if format == "json" {
		return f.result(format, t.log.State())
	}
	left := len(view.Doubts(t.log.State()))
	text := fmt.Sprintf("recorded: %s on %s, call %d: %s, by your word. %s left in doubt.\nnext: %s\n", view.Line(d.Action.Use), view.Line(view.TargetName(d.Action)),
		d.Attempt.Number, map[string]string{"yes": "it happened", "no": "it did not happen"}[opts.happened], view.Count(left, "call"), view.Line(f.spelled("firebreak resume "+id)))
	_, err = fmt.Fprint(f.IO.Out, f.IO.OutStyle().Fit(text, 2))
	return err
}

// which finds the doubt that is meant.
func (opts *settleOptions) which(ctx context.Context, doubts []view.Doubt) (view.Doubt, error) {
	var fit []view.Doubt
	for _, d := range doubts {
		if a := d.Action; opts.action == "" || opts.action == a.ID || opts.action == a.Use || opts.action == a.Target.Name || opts.action == a.Target.ID {
			fit = append(fit, d)
		}
	}
	switch {
	case len(fit) == 1:
		return fit[0], nil
	case len(fit) == 0:
		return view.Doubt{}, fault(Usage, "name one of "+strings.Join(doubtIDs(doubts), ", "), "%q is not in doubt", opts.action)
	case !opts.f.IO.CanAsk():
		return view.Doubt{}, fault(Usage, "name one of "+strings.Join(doubtIDs(fit), ", "), "%d calls are in doubt", len(fit))
	}
	labels := make([]string, len(fit))
	for i, d := range fit {
		labels[i] = fmt.Sprintf("%s on %s, call %d", d.Action.Use, view.TargetName(d.Action), d.Attempt.Number)
	}
	n, err := opts.f.IO.Choose(ctx, "Of which do you know?", labels)
	if err != nil {
		return view.Doubt{}, err
	}
	return fit[n], nil
}

func doubtIDs(doubts []view.Doubt) []string {
	ids := make([]string, len(doubts))
	for i, d := range doubts {
		ids[i] = d.Action.ID
	}
	return once(ids)
}

// complete asks for what was left out. Nobody settles anything without a reason.
func (opts *settleOptions) complete(ctx context.Context, a *plan.Action) (err error) {
	io := opts.f.IO
	if opts.happened != "" && strings.TrimSpace(opts.reason) != "" && (a.Role != plan.Mint || opts.happened == "no" || opts.id != "") {
		return nil
	}
	if a.Role == plan.Mint && opts.happened == "yes" && opts.id == "" && !io.CanAsk() {
		return fault(Usage, "name it with --id", "something was made and its value is lost; without its id it cannot be destroyed")
	}
	if !io.CanAsk() {
		return fault(Usage, "give --happened yes or no, and --reason TEXT", "it is not said whether it happened, or how you know")
	}
	if opts.happened == "" {
		n, err := io.Choose(ctx, "Did it happen?", []string{"It happened", "It did not happen", "I do not know: leave it in doubt"})
		if err != nil {
			return err
		}
		if n == 2 {
			return fault(Unknown, "firebreak resume "+opts.incident+" looks again", "it is left in doubt")
		}
		opts.happened = []string{"yes", "no"}[n]
	}
	if a.Role == plan.Mint && opts.happened == "yes" && opts.id == "" {
		if opts.id, err = io.Line(ctx, "Which object was made? (its id; its value is lost, so it is destroyed and made anew)", needed); err != nil {
			return err
		}
	}
	if strings.TrimSpace(opts.reason) == "" {
		opts.reason, err = io.Line(ctx, "How do you know? (stands in the report)", needed)
	}
	return err
}
