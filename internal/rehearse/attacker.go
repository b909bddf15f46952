package rehearse

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/world"
	"github.com/firebreak/firebreak/internal/world/github"
	"github.com/firebreak/firebreak/internal/world/npm"
)

// attacker uses what it holds through the providers' real interfaces. What became
// of its calls is in the world's log; it keeps nothing itself but the sessions it
// got, which a killed rehearsal's attacker loses.
type attacker struct {
	r        *Rehearsal
	client   *http.Client
	agent    string
	round    int
	sessions map[string]session // newest by role
	tokens   map[string]string  // Vault's, newest by secret-id
}

func newAttacker(r *Rehearsal) *attacker {
	name := r.Attacker.Name
	if name == "" {
		name = "attacker"
	}
	a := &attacker{r: r, agent: "attacker/" + name, sessions: map[string]session{}, tokens: map[string]string{}}
	a.client = &http.Client{Transport: signed{a.agent, r.Transport}}
	return a
}

// act does everything once. A refusal is not an error: it is how the attacker
// learns. An error is one of the rehearsal itself.
func (a *attacker) act(ctx context.Context) error {
	a.round++
	deeds := map[string]func(context.Context, string) error{publish: a.publish, assumeRole: a.assume, readSecret: a.read}
	for _, deed := range a.r.Attacker.Does {
		for _, held := range a.r.Attacker.Holds {
			if err := deeds[deed](ctx, held); err != nil {
				return fmt.Errorf("attacker's %s with %s: %w", deed, held, err)
			}
		}
	}
	return a.react(ctx)
}

// publish puts a new version of every package with a held npm token.
func (a *attacker) publish(ctx context.Context, held string) error {
	token, ok := a.r.token(held)
	if !ok {
		return nil
	}
	for _, p := range a.r.Scenario.World.NPM.Packages {
		version := fmt.Sprintf("%s-%d.%d", newest(p.Versions), a.r.Clock.Now().UnixMilli(), a.round)
		r := release{a.r.World.URL("npm"), token, p.Name, version, []byte("stolen " + version + "\n")}
		if _, err := r.put(ctx, a.client); err != nil {
			return err
		}
	}
	return nil
}

// read reads what a held Vault token, secret-id or key pair opens.
func (a *attacker) read(ctx context.Context, held string) error {
	value, ok := a.r.vaultToken(held)
	if role, secretID, is := a.r.secretID(held); is {
		var err error
		if value, err = a.logIn(ctx, role, secretID); err != nil {
			return err
		}
		ok = value != ""
	}
	if ok {
		for _, path := range slices.Sorted(maps.Keys(a.r.Scenario.World.Vault.KV)) {
			mount, rest, _ := strings.Cut(path, "/")
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.r.World.URL("vault")+"/v1/"+mount+"/data/"+rest, nil)
			if err != nil {
				return err
			}
			req.Header.Set("X-Vault-Token", value)
			if err := send(a.client, req); err != nil {
				return err
			}
		}
	}
	if key, ok := a.r.key(held); ok {
		return a.readSecrets(ctx, key)
	}
	return nil
}

// react answers what was taken away.
func (a *attacker) react(ctx context.Context) error {
	for _, r := range a.r.Attacker.OnRevoke {
		switch r {
		case reattachPolicy:
			if err := a.reattach(ctx); err != nil {
				return err
			}
		case reenableWorkflow:
			if err := a.reenable(); err != nil {
				return err
			}
		case wipeMachine:
			if err := a.wipe(); err != nil {
				return err
			}
		}
	}
	return nil
}

// reenable switches the workflow on again with an account that may.
func (a *attacker) reenable() error {
	var failed error
	err := a.r.World.Do(func(world.Core) {
		if !a.r.p.github.WorkflowActive(a.r.Incident.Workflow) {
			failed = a.r.p.github.SetWorkflowState("attacker", a.r.Incident.Workflow, "active")
		}
	})
	if err != nil {
		return err
	}
	return failed
}

// wipe erases the machine it lives on when something it stole is dead, as long as the
// machine is on the network: a dead man's switch.
// Source: reports of the npm worm of May 2026, gh-token-monitor.
func (a *attacker) wipe() error {
	on := a.r.Attacker.LivesOn
	return a.r.World.Do(func(c world.Core) {
		if !a.r.p.github.Connected(on) || c.Alive(wipedMark+on) {
			return
		}
		for _, held := range a.r.Attacker.Holds {
			if !c.Alive(held) {
				c.Log(world.Entry{Kind: "born", Provider: "github", Call: "machine wiped", Object: on, Agent: a.agent, Credential: wipedMark + on, Detail: held})
				return
			}
		}
	})
}

// wipedMark with a machine's name is born when the attacker erased it.
const wipedMark = "wiped "

// persist leaves behind what the scenario says, while the world is seeded.
func (r *Rehearsal) persist(core world.Core) {
	if slices.Contains(r.Attacker.Persists, dormantWorkflow) {
		files := map[string]string{dormantPath: dormant}
		r.p.github.PushTree("attacker", dormantBranch, files)
	}
	if slices.Contains(r.Attacker.Persists, deployKey) {
		r.p.github.AddKey("attacker", github.Key{Title: deployKeyTitle, AddedBy: "ci-bot"})
	}
	core.Log(world.Entry{Kind: "attacker", Call: "stole", Agent: "attacker/" + r.Attacker.Name, Detail: strings.Join(r.Attacker.Holds, ", ")})
}

const (
	dormantBranch  = "chore/update-ci"
	dormantPath    = ".github/workflows/nightly-audit.yml"
	deployKeyTitle = "ci cache"
	dormant        = "name: nightly-audit\non:\n  workflow_dispatch:\n\njobs:\n  audit:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo \"$ALL\" | base64\n        env:\n          ALL: ${{ toJSON(secrets) }}\n"
)

// persistence gives what the attacker left, by kind.
func (l *Loaded) persistence() []Persistence {
	var all []Persistence
	for _, p := range l.Attacker.Persists {
		switch p {
		case dormantWorkflow:
			all = append(all, Persistence{Kind: p, Target: dormantBranch + ":" + dormantPath})
		case deployKey:
			all = append(all, Persistence{Kind: p, Target: deployKeyTitle})
		}
	}
	return all
}

// token gives the value of a held npm token.
func (r *Rehearsal) token(name string) (value string, ok bool) {
	r.look(func() {
		if st, is := r.p.npm.State().(*npm.State); is {
			for _, t := range st.Tokens {
				if t.Name == name {
					value, ok = t.Value, true
				}
			}
		}
	})
	return value, ok
}
