package acceptance

import (
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// score is the contract of `rehearse --output json`, as far as scripts rely on it.
type score struct {
	Schema, Scenario, Outcome string
	Seed                      int64
	Credentials               []struct {
		ID      string
		Stolen  *time.Time `json:"stolen_at"`
		Dead    *time.Time `json:"dead_at"`
		Claimed *time.Time `json:"claimed_dead_at"`
		Proof   string
		Uses    *int `json:"attacker_uses_after_response_start"`
	}
	Persistence []struct {
		Kind, Target string
		Found        bool
	}
	Violations []struct{ Kind, Target, Text string }
	Steps      []struct {
		Step           string
		Started, Ended *time.Time
		Actions        int
	}
	Refused []string `json:"refused_dials"`
	Why     []string
}

func rehearse(t *testing.T, d *desk, code int, args ...string) (score, ended) {
	t.Helper()
	e := d.must(code, append([]string{"rehearse", "--auto", "--speed", hurry, "--output", "json"}, args...)...)
	return parse[score](t, e.out), e
}

// The shipped scenario is contained, and says of every credential and identity how
// its death is proven, when it was claimed and when it really died.
func TestRehearsalIsContained(t *testing.T) {
	t.Parallel()
	s, e := rehearse(t, newDesk(t), 0)
	if s.Schema != "firebreak.rehearsal/1" || s.Scenario != scenarioName || s.Seed != 1 || s.Outcome != "contained" {
		t.Errorf("%s, %s, seed %d: %s %v", s.Schema, s.Scenario, s.Seed, s.Outcome, s.Why)
	}
	if len(s.Violations)+len(s.Persistence)+len(s.Refused) > 0 || !strings.Contains(e.out, `"violations": []`) || !strings.Contains(e.out, `"persistence": []`) {
		t.Errorf("violations %v, persistence %v, refused dials %v", s.Violations, s.Persistence, s.Refused)
	}
	// What the evidence at hand can prove: the team has the old values, a session's
	// and a Vault token's nobody has.
	proofs := map[string]string{"DEPLOY_AWS_ACCESS_KEY_ID": "P3", "NPM_TOKEN": "P3", "role:deploy": "P2", "vault:ci": "P2"}
	for _, c := range s.Credentials {
		want, known := proofs[c.ID]
		delete(proofs, c.ID)
		if !known || c.Proof < want {
			t.Errorf("%s is proven at %q, want %s", c.ID, c.Proof, want)
		}
		if c.Stolen == nil || c.Dead == nil || c.Claimed == nil || c.Uses == nil {
			t.Errorf("%s: something is not told: %+v", c.ID, c)
			continue
		}
		if !c.Stolen.Before(*c.Dead) || c.Claimed.Before(*c.Dead) {
			t.Errorf("%s stolen %s, dead %s, claimed %s", c.ID, c.Stolen, c.Dead, c.Claimed)
		}
	}
	if len(proofs) > 0 {
		t.Errorf("nothing is said of %v", proofs)
	}
	var steps []string
	for _, x := range s.Steps {
		steps = append(steps, x.Step)
		if x.Started == nil || x.Ended == nil || x.Ended.Before(*x.Started) || x.Actions == 0 {
			t.Errorf("step %+v", x)
		}
	}
	if want := []string{"disable", "revoke", "rotate", "invalidate", "rebuild", "review", "restore"}; !slices.Equal(steps, want) {
		t.Errorf("steps %v, want %v", steps, want)
	}
}

// A playbook with one revoke taken out does not contain the incident, whichever
// revoke it is, and the world's own log is what says so.
func TestRehearsalWithOneRevokeTakenOutIsBreached(t *testing.T) {
	t.Parallel()
	for closes, task := range map[string]string{
		"vault:ci": "    - for: role in inventory.identities.filter(i, i.kind == \"vault.jwt_role\")\n" +
			"      use: vault.token.revoke\n      with: { role: \"${{ role.role }}\", mount: \"${{ role.mount }}\" }\n",
		"role:deploy": "    - for: role in inventory.identities.filter(i, i.kind == \"aws.role\" && i.chained_from.size() == 0)\n" +
			"      use: aws.role.revoke_sessions\n      with: { role: \"${{ role.arn }}\" }\n",
	} {
		t.Run(closes, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			book := write(t, shipped(t, playbookName+".yaml", task, ""), d.dir, "revoke-taken-out.yaml")
			s, e := rehearse(t, d, 3, "--playbook", book)
			if s.Outcome != "breached" || !slices.Contains(s.Why, closes+" still works in the world") {
				t.Errorf("%s: %v", s.Outcome, s.Why)
			}
			for _, c := range s.Credentials {
				if c.ID == closes && (c.Dead != nil || c.Claimed != nil || c.Uses == nil || closes == "role:deploy" && *c.Uses == 0) {
					t.Errorf("nothing killed it: %+v", c)
				}
			}
			if len(s.Violations) > 0 {
				t.Errorf("a missing revoke is no false claim: %v", s.Violations)
			}
			says(t, e.err, "firebreak: breached: "+closes+" still works in the world", "next: firebreak report inc-")
		})
	}
}

// Gate 5: without the fix nothing opens again, and the output says which rule, in
// which file, on which line and branch.
func TestRehearsalWithoutTheFixIsHeldBack(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	s, e := rehearse(t, d, 3, scenario(t, "after: review", "after: never"))
	if s.Outcome != "incomplete" || len(s.Violations) > 0 {
		t.Errorf("%s %v, violations %v", s.Outcome, s.Why, s.Violations)
	}
	const file = "acme/shop/.github/workflows/pr-checks.yml:"
	for _, text := range []string{e.err, strings.Join(s.Why, "\n"), d.must(0, "status", "--output", "json").out, d.must(0, "report").out} {
		says(t, text, "boundary-before-restore")
		for _, rule := range []string{"untrusted-checkout-with-secrets", "id-token-beside-untrusted-code"} {
			for _, branch := range []string{"main", "legacy"} {
				if !mentions(text, rule, file, " on "+branch) {
					t.Errorf("it does not say that %s fails at %s on %s:\n%s", rule, file, branch, text)
				}
			}
		}
	}
	for _, x := range s.Steps {
		if x.Step == "restore" && x.Started != nil {
			t.Error("restore was begun")
		}
	}
	for _, c := range s.Credentials {
		if c.Dead == nil {
			t.Errorf("%s is alive: gate 5 holds back opening, not killing", c.ID)
		}
	}
}

// mentions: somewhere rule, place and branch stand together, the place with line
// and column. Markdown may escape what it likes.
func mentions(text, rule, file, branch string) bool {
	text = strings.ReplaceAll(text, `\`, "")
	for {
		_, rest, ok := strings.Cut(text, rule)
		if !ok {
			return false
		}
		text = rest
		if _, place, ok := strings.Cut(rest[:min(len(rest), 200)], file); ok && place[0] >= '1' && place[0] <= '9' && strings.Contains(place[:min(len(place), 40)], branch) {
			return true
		}
	}
}

// Ctrl-C once ends in order, twice at once; either way what ran is recorded and the
// rehearsal goes on in its own world to the same end.
func TestRehearsalInterruptedIsResumed(t *testing.T) {
	t.Parallel()
	for _, times := range []string{"once", "twice"} {
		t.Run(times, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			e := d.finish(d.command("rehearse", "--auto", "--speed", hurry, "--output", "json"), func(r *running) {
				r.await("github.workflow.disable .github/workflows/pr-checks.yml: disable")
				r.interrupt()
				if times == "twice" {
					r.await("again to stop at once")
					r.interrupt()
				}
			})
			e.must(t, 130)
			if s := parse[score](t, e.out); s.Outcome == "contained" {
				t.Error("an interrupted rehearsal is contained")
			}
			d.must(0, "verify")
			resumed := d.must(0, "resume", "--auto", "--output", "json")
			if s := parse[score](t, resumed.out); s.Outcome != "contained" || len(s.Violations) > 0 {
				t.Errorf("resumed: %s %v, violations %v", s.Outcome, s.Why, s.Violations)
			}
		})
	}
}

// trap listens on loopback and remembers who came.
type trap struct {
	url  string
	mu   sync.Mutex
	seen int
}

func newTrap(t *testing.T) *trap {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	x := &trap{url: "http://" + l.Addr().String()}
	var over sync.WaitGroup
	over.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			x.mu.Lock()
			x.seen++
			x.mu.Unlock()
			if err := c.Close(); err != nil {
				return
			}
		}
	})
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		over.Wait()
	})
	return x
}

func (x *trap) caught() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.seen
}

// poison sets everything that leads a client somewhere to the trap, in the
// environment and in the home folder.
func (d *desk) poison(x *trap) {
	for _, k := range []string{
		"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
		"GITHUB_API_URL", "VAULT_ADDR", "VAULT_AGENT_ADDR", "NPM_CONFIG_REGISTRY", "npm_config_registry",
		"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy",
	} {
		d.env[k] = x.url
	}
	for _, k := range []string{"GITHUB_TOKEN", "GH_TOKEN", "VAULT_TOKEN", "NPM_TOKEN", "NODE_AUTH_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		d.env[k] = "poisoned-" + k
	}
	d.env["AWS_PROFILE"], d.env["AWS_ACCESS_KEY_ID"], d.env["AWS_REGION"] = "poisoned", "AKIAPOISONED00000000", "poisoned-1"
	d.env["NO_PROXY"], d.env["no_proxy"] = "", ""
	home := d.env["HOME"]
	write(d.t, "registry="+x.url+"\n"+strings.TrimPrefix(x.url, "http:")+"/:_authToken=poisoned-npmrc\n", home, ".npmrc")
	write(d.t, "[profile poisoned]\nregion = poisoned-1\nendpoint_url = "+x.url+"\ncredential_process = /bin/false\n[profile prod]\nendpoint_url = "+x.url+"\n", home, ".aws", "config")
	write(d.t, "[poisoned]\naws_access_key_id = AKIAPOISONED00000000\naws_secret_access_key = poisoned-file\n", home, ".aws", "credentials")
	write(d.t, "poisoned-vault-file", home, ".vault-token")
	write(d.t, "version: 1\ngithub: { owner: poisoned }\n", home, ".config", "firebreak", "firebreak.yaml")
}

// A rehearsal reaches nothing but its own world, whatever the machine is set up
// for. That world's dialer refuses everything else is tested at the dialer
// (internal/world); here nothing even asked it to.
func TestRehearsalKeepsOutOfAPoisonedEnvironment(t *testing.T) {
	t.Parallel()
	x, d := newTrap(t), newDesk(t)
	d.poison(x)
	s, e := rehearse(t, d, 0)
	if s.Outcome != "contained" || len(s.Refused) > 0 || !strings.Contains(e.out, `"refused_dials": []`) {
		t.Errorf("%s %v, refused dials %v", s.Outcome, s.Why, s.Refused)
	}
	d.must(0, "resume", "--auto", "--output", "json")
	if n := x.caught(); n > 0 {
		t.Errorf("the rehearsal went to the poisoned address %d times", n)
	}
	if strings.Contains(strings.ToLower(e.out+e.err), "poisoned") {
		t.Errorf("something of the environment came through:\n%s\n%s", e.out, e.err)
	}
	// The trap is one: what may use the environment walks into it.
	if e := d.run("plan", playbookName, "--repo", "acme/shop", "--workflow", "pr-checks.yml"); e.code == 0 || x.caught() == 0 {
		t.Errorf("plan did not meet the trap: exit %d, %d connections\n%s", e.code, x.caught(), e.err)
	}
}
