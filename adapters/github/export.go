package github

import (
	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// exporting plans the keeping of what a workflow's runs left behind: "logs", "artifacts".
func exporting(in adapters.Inputs, s *snapshot.Snapshot, what string) (plan.Change, error) {
	r, w, err := workflow(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	if _, err := since(in.Text("since")); err != nil {
		return plan.Change{}, err
	}
	return plan.Change{
		Target:   plan.Target{Provider: "github", Kind: what, ID: r.FullName + "/" + w.Path, Name: what + " of " + w.Path, Selector: true},
		Evidence: []string{what + ":" + r.FullName},
	}, nil
}

// exportSends is the answer of an export that is asked to send something.
func exportSends(what string) adapters.Result {
	return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Detail: "an export sends no change; it happens when the " + what + " are read"}}
}

func exportSent() plan.Settlement {
	return plan.Settlement{Happened: "no", Detail: "an export sends no change"}
}
