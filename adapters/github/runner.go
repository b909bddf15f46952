package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// runnerWire has members that v62 drops.
type runnerWire struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	OS        string `json:"os"`
	Status    string `json:"status"`
	Busy      bool   `json:"busy"`
	Ephemeral bool   `json:"ephemeral"`
	Labels    []struct {
		Name string `json:"name"`
	} `json:"labels"`
}

func (w runnerWire) snapshot() snapshot.Runner {
	x := snapshot.Runner{ID: w.ID, Name: w.Name, OS: w.OS, Status: w.Status, Busy: w.Busy, Ephemeral: w.Ephemeral}
	for _, l := range w.Labels {
		x.Labels = append(x.Labels, l.Name)
	}
	slices.Sort(x.Labels)
	return x
}

// machine is a self-hosted runner that an action is about.
type machine struct {
	repository   string
	organization string // set where the runner is the organization's
	snapshot.Runner
}

func runnerInputs() []plan.Field {
	return []plan.Field{
		repositoryInput,
		{Name: "runner", Type: plan.String, Required: true, Doc: "the runner's name"},
		{Name: "organization", Type: plan.String, Doc: "where the runner is the organization's: its login"},
	}
}

// runnerPermissions has alternatives: which it is depends on whose the runner is.
func runnerPermissions(level string) []string {
	return []string{"administration=" + level, "organization_self_hosted_runners=" + level}
}

func runnerNeeds(in adapters.Inputs, level string) []string {
	all := runnerPermissions(level)
	if in.Text("organization") != "" {
		return all[1:]
	}
	return all[:1]
}

// errUnlisted: the survey's list of runners does not have it.
var errUnlisted = errors.New("the survey's list of self-hosted runners does not have it")

// machineOf finds the runner in a snapshot.
func machineOf(in adapters.Inputs, s *snapshot.Snapshot) (machine, error) {
	r, err := repository(in, s)
	if err != nil {
		return machine{}, err
	}
	m := machine{repository: r.FullName, organization: in.Text("organization")}
	all := r.Runners
	if m.organization != "" {
		all = nil
		for _, o := range s.Organizations {
			if o.Login == m.organization {
				all = o.Runners
			}
		}
	}
	for _, x := range all {
		if x.Name == in.Text("runner") {
			m.Runner = x
			return m, nil
		}
	}
	m.Name = in.Text("runner")
	for _, g := range s.Gaps {
		if g.Provider == "github" && strings.Contains(g.What, "runners") && strings.HasSuffix(g.What, " of "+m.repository) {
			return m, fmt.Errorf("runner %q of %s: %s could not be listed (%s)", m.Name, m.owner(), g.What, g.Why)
		}
	}
	return m, fmt.Errorf("runner %q of %s: %w", m.Name, m.owner(), errUnlisted)
}

func (m machine) owner() string {
	if m.organization != "" {
		return m.organization
	}
	return m.repository
}

// path is the runner's own address, below what is escaped already.
func (m machine) path() string {
	if m.organization != "" {
		return inOrganization(m.organization, "actions", "runners", strconv.FormatInt(m.ID, 10))
	}
	return at(m.repository, "actions", "runners", strconv.FormatInt(m.ID, 10))
}

func (m machine) target() plan.Target {
	return plan.Target{Provider: "github", Kind: "runner", ID: m.owner() + "/" + m.Name, Name: m.Name}
}

// runnerImage is the before-image: which runner the name meant.
type runnerImage struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	Ephemeral bool   `json:"ephemeral,omitempty"`
}

func (m machine) image() json.RawMessage {
	return plan.Image(runnerImage{m.ID, m.Name, m.Ephemeral})
}

// planned gives back the runner a plan is about. One that was not registered then is
// known by its name alone.
func planned(t adapters.Task) machine {
	var image runnerImage
	if json.Unmarshal(t.Action.Before, &image) != nil || image.Name == "" {
		image = runnerImage{Name: t.Text("runner")}
	}
	return machine{
		repository: t.Text("repository"), organization: t.Text("organization"),
		Runner: snapshot.Runner{ID: image.ID, Name: image.Name, Ephemeral: image.Ephemeral},
	}
}

// runnerNow reads the runner from the list: a request for itself alone is answered 404
// where it is gone and where a token may not see it. gone: the list does not have it.
func (p *Provider) runnerNow(ctx context.Context, m machine) (now snapshot.Runner, gone bool, err error) {
	all, err := runnersAt(ctx, p.reads, m.list())
	if err != nil {
		return now, false, err
	}
	i := slices.IndexFunc(all, func(x snapshot.Runner) bool { return x.ID == m.ID || m.ID == 0 && x.Name == m.Name })
	if i < 0 {
		return now, true, nil
	}
	return all[i], false, nil
}

func (m machine) list() string {
	if m.organization != "" {
		return inOrganization(m.organization, "actions", "runners")
	}
	return at(m.repository, "actions", "runners")
}
