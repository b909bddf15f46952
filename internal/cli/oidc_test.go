package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/playbooks"
)

const githubsProvider = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"

// providerChanges are the calls that changed identity providers, and whether GitHub's is
// there now.
func providerChanges(s *stage) (order []string, there bool) {
	for _, e := range s.r.World.Entries() {
		if e.Kind == "request" && strings.HasSuffix(e.Call, "eOpenIDConnectProvider") {
			order = append(order, e.Call)
		}
	}
	return order, s.projection()["aws identity provider "+githubsProvider] == "there" || s.projection()["aws: aws identity provider "+githubsProvider] == "there"
}

// The last resort in an account, as the shipped playbook has it: taken back at restore, and
// nobody takes the provider away once more.
func TestAnIdentityProviderIsRemovedAndMadeAgain(t *testing.T) {
	shipped, err := fs.ReadFile(playbooks.Files(), "compromised-workflow.yaml")
	if err != nil {
		t.Fatal(err)
	}
	opted := strings.Replace(string(shipped), "  remove_oidc_provider:\n    type: string\n", "  remove_oidc_provider:\n    type: string\n    default: "+githubsProvider+"\n", 1)
	file := filepath.Join(t.TempDir(), "opted.yaml")
	if err := os.WriteFile(file, []byte(opted), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newStageIn(t, setting{scenario: "publish-token-theft", playbook: file})
	r, err := s.run(nil)
	if err != nil {
		t.Fatal(err)
	}
	s.closed(r, "never killed")
	for _, a := range r.State.Actions {
		if strings.HasPrefix(a.Action.Use, "aws.oidc_provider.") && (a.Outcome != plan.Done || a.Amended) {
			t.Errorf("%s: %s, another state was found than planned: %v", a.Action.Use, a.Outcome, a.Amended)
		}
	}
	order, there := providerChanges(s)
	if !there || !slices.Equal(order, []string{"iam DeleteOpenIDConnectProvider", "iam CreateOpenIDConnectProvider"}) {
		t.Errorf("changes %v, there %v", order, there)
	}
}

// While the boundary is open the provider is not made again.
func TestAnIdentityProviderWaitsForTheBoundary(t *testing.T) {
	s := newStageIn(t, setting{scenario: pairs, playbook: "testdata/pairs/provider.yaml"})
	r, err := s.run(nil)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(r.State.Actions, func(a respond.ActionState) bool { return a.Action.Use == "aws.oidc_provider.remove" })
	order, there := providerChanges(s)
	if i < 0 || r.State.Actions[i].Outcome != plan.Done || there || !slices.Equal(order, []string{"iam DeleteOpenIDConnectProvider"}) {
		t.Errorf("changes %v, there %v", order, there)
	}
	if !slices.ContainsFunc(r.State.Gates, func(g respond.GateState) bool { return g.Gate == plan.GateBoundary && !g.Holds }) {
		t.Errorf("gates %+v", r.State.Gates)
	}
}
