package playbook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// table is a catalogue made of specs alone: the compiler can be tested against every
// kind of action, also ones no adapter has.
type table struct {
	specs   []plan.Spec
	issuers []plan.Issuer
	stores  []plan.StoreKind
	missing map[string]bool // targets the snapshot does not have
}

func (t *table) Spec(name string) (plan.Spec, bool) {
	i := slices.IndexFunc(t.specs, func(s plan.Spec) bool { return s.Name == name })
	if i < 0 {
		return plan.Spec{}, false
	}
	return t.specs[i], true
}

func (t *table) Specs() []plan.Spec { return t.specs }

func (t *table) Action(name string) (adapters.Action, bool) {
	s, ok := t.Spec(name)
	return row{s, t}, ok
}

func (t *table) Issuer(name string) (plan.Issuer, bool) {
	i := slices.IndexFunc(t.issuers, func(s plan.Issuer) bool { return s.Name == name })
	if i < 0 {
		return plan.Issuer{}, false
	}
	return t.issuers[i], true
}

func (t *table) Store(name string) (plan.StoreKind, bool) {
	i := slices.IndexFunc(t.stores, func(s plan.StoreKind) bool { return s.Name == name })
	if i < 0 {
		return plan.StoreKind{}, false
	}
	return t.stores[i], true
}

// row plans by its inputs alone; it is never carried out.
type row struct {
	spec  plan.Spec
	table *table
}

func (r row) Spec() plan.Spec { return r.spec }

func (r row) Plan(in adapters.Inputs, _ *snapshot.Snapshot) (plan.Change, error) {
	provider, _, _ := strings.Cut(r.spec.Name, ".")
	var parts []string
	for _, name := range []string{"repository", "workflow", "environment", "target", "scope", "name", "account", "role", "user", "id", "mount", "path", "key", "package", "instructions", "runner"} {
		if s := in.Text(name); s != "" {
			parts = append(parts, s)
		}
	}
	id := strings.Join(parts, "/")
	if r.table.missing[id] {
		return plan.Change{}, &adapters.Missing{What: id, Scope: adapters.Scope{Repositories: []string{in.Text("repository")}}}
	}
	if in.Text("repository") == "acme/refused" {
		return plan.Change{}, errors.New("no such thing")
	}
	c := plan.Change{
		Target: plan.Target{Provider: provider, Kind: r.spec.Target, ID: id, Name: id},
		Before: plan.Image(map[string]string{"state": "as it was"}),
		Calls:  []plan.Call{{Key: "do", Verb: "do", Object: id}},
	}
	if _, ok := field(r.spec, "old"); ok {
		c.Target.Selector = in.Text("id") == ""
	}
	if r.spec.Role == plan.Contain && r.spec.Target == "workflow" {
		c.Doors = []string{"workflow:" + in.Text("repository") + "/" + in.Text("workflow")}
	}
	if r.spec.Target == "runner" {
		c.Hosts = []string{snapshot.HostID(cmp.Or(in.Text("organization"), in.Text("repository")), in.Text("runner"))}
	}
	if r.spec.Role == plan.Export {
		c.Evidence = []string{"logs:" + in.Text("repository")}
	}
	return c, nil
}

func (r row) Apply(context.Context, adapters.Task, plan.Call) adapters.Result {
	panic("a plan is compiled, not carried out")
}

func (r row) Settle(context.Context, adapters.Task, plan.Call) plan.Settlement {
	panic("a plan is compiled, not carried out")
}

func (r row) Verify(context.Context, adapters.Task) plan.Reading {
	panic("a plan is compiled, not carried out")
}

func spec(name, target string, e plan.Effect, role plan.Role, l plan.Lost, p plan.Proof, inputs ...string) plan.Spec {
	s := plan.Spec{Name: name, Target: target, Effect: e, Role: role, Lost: l, Proof: p, Settle: plan.Duration(30e9), Summary: name}
	for _, in := range inputs {
		f := plan.Field{Name: strings.TrimSuffix(in, "!"), Type: plan.String, Required: strings.HasSuffix(in, "!"), Doc: "the " + strings.TrimSuffix(in, "!")}
		switch f.Name {
		case "repository":
			f.Type = plan.Repository
		case "workflow":
			f.Type = plan.Workflow
		case "since":
			f.Type = plan.Timestamp
		case "value", "old":
			f.Type = plan.Secret
		case "inputs":
			f.Type = plan.Map
		case "refs", "from":
			f.Type = plan.List
		case "count":
			f.Type = plan.Int
		}
		s.Inputs = append(s.Inputs, f)
	}
	return s
}

func gives(s plan.Spec, outputs ...plan.Field) plan.Spec {
	s.Outputs = outputs
	return s
}

// known has the actions of the first release, by the words they have there.
func known() *table {
	id, value := plan.Field{Name: "id", Type: plan.String}, plan.Field{Name: "value", Type: plan.Secret}
	earlier := plan.Field{Name: "earlier", Type: plan.String}
	t := &table{specs: []plan.Spec{
		spec("github.workflow.disable", "workflow", plan.Reversible, plan.Contain, plan.ResendSafe, plan.P2, "repository!", "workflow!"),
		spec("github.workflow.enable", "workflow", plan.Disruptive, plan.Enable, plan.ResendSafe, plan.P1, "repository!", "workflow!"),
		spec("github.runs.cancel", "workflow", plan.Disruptive, plan.Contain, plan.ResendSafe, plan.P2, "repository!", "workflow!", "since"),
		spec("github.secret.put", "secret", plan.Irreversible, plan.Deliver, plan.ResendSafe, plan.P1, "repository!", "scope!", "name!", "value!"),
		spec("github.logs.export", "logs", plan.Read, plan.Export, plan.ResendSafe, plan.P1, "repository!", "workflow!", "since"),
		spec("github.artifacts.export", "artifacts", plan.Read, plan.Export, plan.ResendSafe, plan.P1, "repository!", "workflow!", "since"),
		spec("github.deploy_keys.remove", "deploy-key", plan.Disruptive, plan.Cut, plan.ResendSafe, plan.P2, "repository!", "since!"),
		spec("github.hooks.deactivate", "webhook", plan.Reversible, plan.Freeze, plan.ResendSafe, plan.P2, "repository!", "since!"),
		spec("github.runner.isolate", "runner", plan.Read, plan.Isolate, plan.ResendSafe, plan.P1, "repository!", "runner!", "organization"),
		spec("github.runner.remove", "runner", plan.Disruptive, plan.Freeze, plan.ResendSafe, plan.P2, "repository!", "runner!", "organization"),
		spec("github.access.review", "access", plan.Read, plan.Look, plan.ResendSafe, plan.P1, "repository!", "since"),
		spec("github.caches.purge", "caches", plan.Irreversible, plan.Purge, plan.ResendSafe, plan.P2, "repository!", "workflow", "since"),
		gives(spec("github.workflow.dispatch", "workflow", plan.Disruptive, plan.Build, plan.Detectable, plan.P1, "repository!", "workflow!", "purpose!", "ref", "inputs"),
			plan.Field{Name: "run", Type: plan.String}, plan.Field{Name: "conclusion", Type: plan.String}, plan.Field{Name: "digest", Type: plan.String}),
		gives(spec("github.environment.freeze", "environment", plan.Disruptive, plan.Freeze, plan.ResendSafe, plan.P2, "repository!", "environment!"), earlier),
		spec("github.environment.lift", "environment", plan.Reversible, plan.Lift, plan.ResendSafe, plan.P1, "repository!", "environment!", "earlier!"),
		gives(spec("github.ruleset.freeze", "ruleset", plan.Disruptive, plan.Freeze, plan.Detectable, plan.P2, "repository!", "target", "refs"), earlier),
		spec("github.ruleset.lift", "ruleset", plan.Reversible, plan.Lift, plan.ResendSafe, plan.P1, "repository!", "target", "earlier!"),
		gives(spec("github.fork_approval.require", "fork-approval", plan.Reversible, plan.Freeze, plan.ResendSafe, plan.P2, "repository!"), earlier),
		spec("github.fork_approval.lift", "fork-approval", plan.Reversible, plan.Lift, plan.ResendSafe, plan.P1, "repository!", "earlier!"),
		gives(spec("github.actions.stop", "actions", plan.Disruptive, plan.Contain, plan.ResendSafe, plan.P2, "repository!"), earlier),
		spec("github.actions.reopen", "actions", plan.Disruptive, plan.Reopen, plan.ResendSafe, plan.P1, "repository!", "earlier!"),
		gives(spec("github.org_actions.stop", "organization-actions", plan.Disruptive, plan.Contain, plan.ResendSafe, plan.P2, "organization!"), earlier),
		spec("github.org_actions.reopen", "organization-actions", plan.Disruptive, plan.Reopen, plan.ResendSafe, plan.P1, "organization!", "earlier!"),
		gives(spec("github.default_token.restrict", "default-token", plan.Disruptive, plan.Freeze, plan.ResendSafe, plan.P2, "repository!"), earlier),
		spec("github.default_token.lift", "default-token", plan.Reversible, plan.Lift, plan.ResendSafe, plan.P1, "repository!", "earlier!"),
		spec("aws.role.deny_trust", "role", plan.Disruptive, plan.Contain, plan.ResendSafe, plan.P2, "account!", "role!"),
		spec("aws.role.deny_chain", "role", plan.Disruptive, plan.Contain, plan.ResendSafe, plan.P2, "account!", "role!", "from!"),
		gives(spec("aws.oidc_provider.remove", "oidc-provider", plan.Disruptive, plan.Contain, plan.ResendSafe, plan.P2, "account", "provider!"), earlier),
		spec("aws.oidc_provider.restore", "oidc-provider", plan.Disruptive, plan.Lift, plan.ResendSafe, plan.P1, "account", "provider!", "earlier!"),
		spec("aws.role.bound", "role", plan.Disruptive, plan.Contain, plan.ResendSafe, plan.P2, "account!", "role!", "boundary!"),
		spec("aws.role.revoke_sessions", "role", plan.Disruptive, plan.Cut, plan.ResendSafe, plan.P2, "account!", "role!", "from"),
		spec("aws.user.revoke_sessions", "user", plan.Disruptive, plan.Cut, plan.ResendSafe, plan.P2, "account", "user!"),
		spec("aws.access_key.disable", "access-key", plan.Disruptive, plan.Kill, plan.ResendSafe, plan.P3, "account!", "user!", "id", "old"),
		gives(spec("aws.access_key.mint", "access-key", plan.Reversible, plan.Mint, plan.Detectable, plan.P1, "account!", "user!"), id, value),
		spec("aws.access_key.test", "access-key", plan.Read, plan.Test, plan.ResendSafe, plan.P3, "account!", "user!", "id!", "value!"),
		spec("aws.access_key.destroy", "access-key", plan.Irreversible, plan.Destroy, plan.ResendSafe, plan.P2, "account!", "user!", "id", "old", "new"),
		spec("aws.secretsmanager.put", "secret", plan.Irreversible, plan.Deliver, plan.Detectable, plan.P1, "account!", "id!", "key", "value"),
		spec("vault.jwt_role.block", "role", plan.Disruptive, plan.Contain, plan.ResendSafe, plan.P2, "address", "mount!", "role!"),
		spec("vault.token.revoke", "tokens", plan.Irreversible, plan.Cut, plan.ResendSafe, plan.P2, "address", "mount!", "role!"),
		gives(spec("vault.kv.put", "kv", plan.Reversible, plan.Deliver, plan.Detectable, plan.P1, "mount!", "path!", "key!", "value!"), plan.Field{Name: "version", Type: plan.String}),
		spec("vault.kv.destroy", "kv", plan.Irreversible, plan.Destroy, plan.ResendSafe, plan.P2, "mount!", "path!", "below!"),
		gives(spec("npm.token.mint", "token", plan.Reversible, plan.Mint, plan.Detectable, plan.P1, "user!", "password_env", "otp_env"), id, value),
		spec("npm.token.test", "token", plan.Read, plan.Test, plan.ResendSafe, plan.P3, "user!", "value!"),
		spec("npm.token.revoke", "token", plan.Irreversible, plan.Kill, plan.ResendSafe, plan.P3, "user!", "id", "old"),
		spec("npm.dist.digest", "package", plan.Read, plan.Promote, plan.ResendSafe, plan.P2, "package!", "tag!", "digest!"),
		gives(spec("manual.task", "task", plan.Read, plan.Notify, plan.ResendSafe, plan.P0, "instructions!"), value),
		gives(spec("github.webhook.mint", "webhook", plan.Disruptive, plan.Mint, plan.ResendSafe, plan.P1, "repository", "hook"), id, value),
		gives(spec("github.webhook.test", "webhook", plan.Reversible, plan.Test, plan.ResendSafe, plan.P2, "repository", "hook"), plan.Field{Name: "answered", Type: plan.Timestamp}),
		spec("github.webhook.revoke", "webhook", plan.Read, plan.Kill, plan.ResendSafe, plan.P2, "repository", "hook", "new!", "answered!"),
		spec("test.count", "thing", plan.Read, plan.Look, plan.ResendSafe, plan.P1, "count!"),
	}}
	slices.SortFunc(t.specs, func(a, b plan.Spec) int { return strings.Compare(a.Name, b.Name) })
	t.issuers = []plan.Issuer{
		{Name: "npm.token", Mint: "npm.token.mint", Test: "npm.token.test", Destroy: "npm.token.revoke", Outputs: []string{"value"}, Provider: "npm"},
		{Name: "aws.access_key", Disable: "aws.access_key.disable", Sessions: "aws.user.revoke_sessions", Mint: "aws.access_key.mint", Test: "aws.access_key.test", Destroy: "aws.access_key.destroy", Outputs: []string{"id", "value"}, Slots: 2, Provider: "aws"},
		{Name: "github.webhook", Mint: "github.webhook.mint", Test: "github.webhook.test", Destroy: "github.webhook.revoke", Replaces: true, Outputs: []string{"value"}, Provider: "github"},
	}
	t.stores = []plan.StoreKind{
		{Name: "github.secret", Put: "github.secret.put", Provider: "github"},
		{Name: "vault.kv", Put: "vault.kv.put", Forget: "vault.kv.destroy", Provider: "vault"},
		{Name: "aws.secretsmanager", Put: "aws.secretsmanager.put", Provider: "aws"},
	}
	return t
}

func mustParse(t testing.TB, text string) *Playbook {
	t.Helper()
	p, err := Parse("test.yaml", []byte(text), known())
	if err != nil {
		t.Fatalf("parse:\n%v", err)
	}
	return p
}

// describe is a plan in a few lines, for comparing.
func describe(p *plan.Plan) string {
	var b strings.Builder
	for _, a := range p.Actions {
		fmt.Fprintf(&b, "%s [%s %s %s]\n", a.ID, a.Role, a.Effect, a.Proof)
		for _, x := range a.After {
			fmt.Fprintf(&b, "    after %s\n", x)
		}
		for _, x := range a.Until {
			fmt.Fprintf(&b, "    until %s (%s)\n", x, a.Deadline.D())
		}
		for _, x := range a.Doors {
			fmt.Fprintf(&b, "    door %s\n", x)
		}
	}
	for _, c := range p.Closings {
		fmt.Fprintf(&b, "closing %s %v %s\n", c.Credential, c.Actions, c.Open)
	}
	return b.String()
}
