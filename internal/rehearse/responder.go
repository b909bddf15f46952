package rehearse

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/world"
	"github.com/firebreak/firebreak/internal/world/github"
)

// Seal seals a value for the incident and gives its reference.
type Seal func(name string, value secret.Text) (ref string, err error)

// Responder is the scripted team. It answers as the scenario says, is bound to one
// rehearsal's world, and knows no other.
type Responder struct {
	r    *Rehearsal
	seal Seal
	mu   sync.Mutex
	told map[string]int // answers so far, by ask without its number
}

var _ drive.Responder = (*Responder)(nil)

// Responder gives the team of this rehearsal. seal takes the old values it pastes.
func (r *Rehearsal) Responder(seal Seal) *Responder {
	return &Responder{r: r, seal: seal, told: map[string]int{}}
}

// How often the team tries again before it gives up, and how long it waits.
const (
	patience = 5
	between  = 20 * time.Second
	by       = "team (scripted)"
)

// Answer implements drive.Responder. ok is false for what the scenario's team
// would leave to others.
func (t *Responder) Answer(ctx context.Context, _ *respond.State, a respond.Ask) (drive.Reply, bool, error) {
	answer := respond.Answered{Ask: a.ID, By: by, Reason: "as the scenario says"}
	var err error
	switch a.Kind {
	case respond.OldValue:
		answer.Choice, answer.Value, err = t.oldValue(a.Held)
	case respond.Assist:
		answer.Choice, answer.Value, err = t.assist(ctx, a)
	case respond.GateHeld, respond.Failed:
		answer.Choice, err = t.again(ctx, a)
	case respond.InDoubt:
		answer.Choice = t.word(a, "retry")
		if !slices.Contains(a.Choices, answer.Choice) || t.times(a) > patience {
			answer.Choice = "pause" // nobody knows
		}
	default:
		answer.Choice = t.word(a, "go")
		if !slices.Contains(a.Choices, answer.Choice) {
			answer.Choice = "pause"
		}
	}
	if err != nil {
		return drive.Reply{}, false, fmt.Errorf("scripted answer to %s: %w", a.ID, err)
	}
	return drive.Reply{Answer: answer}, true, nil
}

// word is the scenario's answer to a kind of question.
func (t *Responder) word(a respond.Ask, otherwise string) string {
	w := t.r.Team.Answers
	if s := w[string(a.Kind)]; s != "" {
		return s
	}
	if a.Kind == respond.Confirm {
		return cmp.Or(w["default"], otherwise)
	}
	return otherwise
}

// times counts how often this was asked in this sitting.
func (t *Responder) times(a respond.Ask) int {
	base := a.ID
	if i := strings.LastIndexByte(base, '#'); i >= 0 {
		base = base[:i]
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.told[base]++
	return t.told[base]
}

// again retries a bounded number of times, a while apart, then pauses.
func (t *Responder) again(ctx context.Context, a respond.Ask) (string, error) {
	choice := t.word(a, "retry")
	if choice != "retry" {
		return choice, nil
	}
	if t.times(a) > patience || !slices.Contains(a.Choices, choice) {
		return "pause", nil
	}
	return choice, t.r.Clock.Sleep(ctx, between)
}

// oldValue pastes what somebody of the team still has.
func (t *Responder) oldValue(held string) (choice, ref string, err error) {
	name := held[strings.LastIndexAny(held, "/:")+1:]
	s, ok := t.r.workflowSecret(name)
	if !ok || s.Part == "id" || !slices.Contains(t.r.Team.Knows, s.Credential) {
		return "none", "", nil // an id is no secret: it stands in the plan
	}
	value, found := "", false
	t.r.look(func() { value, found = t.r.p.value(s.Credential, s.Part) })
	if !found {
		return "none", "", nil
	}
	ref, err = t.seal(held, secret.NewString(value))
	return "value", ref, err
}

// workflowSecret finds what a secret of this name held when the world began.
func (l *Loaded) workflowSecret(name string) (Stored, bool) {
	g := l.World.GitHub
	all := []map[string]Stored{g.Secrets, g.Organization}
	for _, e := range g.Environments {
		all = append(all, e.Secrets)
	}
	for _, m := range all {
		if s, ok := m[name]; ok && s.Credential != "" {
			return s, true
		}
	}
	return Stored{}, false
}

// secretsOf are the names of the repository's secrets that hold a credential when the
// world begins, sorted.
func (l *Loaded) secretsOf(credential string) []string {
	g, names := l.World.GitHub, map[string]bool{}
	add := func(m map[string]Stored) {
		for name, s := range m {
			if s.Credential == credential {
				names[name] = true
			}
		}
	}
	add(g.Secrets)
	add(g.Organization)
	for _, e := range g.Environments {
		add(e.Secrets)
	}
	return slices.Sorted(maps.Keys(names))
}

// made are the values that a person makes in a web page.
var made = map[string]func(*github.Server, string) string{
	"github.token.mint": (*github.Server).IssueToken, "github.app_key.mint": (*github.Server).IssueAppKey,
}

// assist does what a person has to do, and gives the value where one is wanted. What it
// cannot do it leaves, with a pause.
func (t *Responder) assist(ctx context.Context, a respond.Ask) (choice, ref string, err error) {
	if t.times(a) > patience {
		return "pause", "", nil
	}
	for _, x := range a.Actions {
		switch {
		case x.Role == plan.Isolate:
			err = t.r.World.Do(func(world.Core) { t.r.p.github.Disconnect(x.Target.Name) })
		case x.Role == plan.Promote:
			err = t.r.Promote(ctx)
		case x.Use == "github.app_key.revoke":
			s, _ := t.r.workflowSecret(x.Credential[strings.LastIndexAny(x.Credential, "/:")+1:])
			err = t.r.World.Do(func(world.Core) { t.r.p.github.DeleteAppKey(s.Credential) })
		case made[x.Use] != nil && slices.Contains(a.Choices, "value"):
			var value string
			if err = t.r.World.Do(func(world.Core) { value = made[x.Use](t.r.p.github, x.Target.ID) }); err == nil {
				ref, err = t.seal(x.ID+"/pasted", secret.NewString(value))
			}
			return "value", ref, err
		}
		if err != nil {
			return "", "", err
		}
	}
	if !slices.Contains(a.Choices, "done") {
		return "pause", "", nil // a value is wanted that nobody can make up
	}
	return "done", "", nil
}

// Promote publishes the rebuilt tarball as a new version with the team's own
// token, once for each build. Without a build there is nothing to publish, and
// the read-back says so.
func (r *Rehearsal) Promote(ctx context.Context) error {
	var content []byte
	var digest string
	var done bool
	err := r.World.Do(func(c world.Core) {
		_, content, digest = r.p.github.Built()
		done = c.Alive(promotedMark + digest)
	})
	if err != nil || digest == "" || done {
		return err
	}
	token, ok := r.token(r.Scenario.World.NPM.Team)
	if !ok {
		return fmt.Errorf("the scenario's team has no npm token %q to publish with", r.Scenario.World.NPM.Team)
	}
	client := &http.Client{Transport: signed{"team/release", r.Transport}}
	for _, p := range r.Scenario.World.NPM.Packages {
		version := next(newest(p.Versions), r.World.Entries())
		status, err := release{r.World.URL("npm"), token, p.Name, version, content}.put(ctx, client)
		if err != nil {
			return fmt.Errorf("publish %s@%s: %w", p.Name, version, err)
		}
		if status >= http.StatusBadRequest {
			return fmt.Errorf("publish %s@%s: the registry answered %d", p.Name, version, status)
		}
	}
	return r.World.Do(func(c world.Core) {
		c.Log(world.Entry{Kind: "born", Provider: "npm", Call: "promoted", Credential: promotedMark + digest})
	})
}

const promotedMark = "promoted "

// next is the version after the last one: its minor number raised once more for
// each earlier promotion.
func next(version string, log []world.Entry) string {
	var major, minor int
	if _, err := fmt.Sscanf(version, "%d.%d", &major, &minor); err != nil {
		major, minor = 1, 0
	}
	for _, e := range log {
		if e.Kind == "born" && e.Call == "promoted" {
			minor++
		}
	}
	return fmt.Sprintf("%d.%d.0", major, minor+1)
}
