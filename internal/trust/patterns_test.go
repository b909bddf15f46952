package trust

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// TestPatterns holds every dangerous pattern to a pair: testdata/patterns/NN-RULE.json
// has a bad and a good trust policy (statements, with the action and the provider filled
// in where they are left out), what is known around them, whether an outsider gets in
// through the bad one, and the .out beside it all that is said of both.
func TestPatterns(t *testing.T) {
	files, err := filepath.Glob("testdata/patterns/*.json")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			var c struct {
				Rule      string
				Outsider  bool // somebody else's repository gets in through the bad one
				Bad, Good json.RawMessage
				Around    Around
				Template  []string // of everybody's subjects
			}
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(b, &c); err != nil {
				t.Fatal(err)
			}
			var n int
			if _, err := fmt.Sscanf(name, "%d-", &n); err != nil {
				t.Fatal(err)
			}
			seen[n] = true
			var out strings.Builder
			for _, half := range []struct {
				name string
				doc  json.RawMessage
				bad  bool
			}{{"bad", c.Bad, true}, {"good", c.Good, false}} {
				p, err := ParsePolicy(whole(t, half.doc), "")
				if err != nil {
					t.Fatalf("%s: %v", half.name, err)
				}
				around := c.Around
				if around.Changed != "" && !half.bad {
					around.Changed = "2026-01-31"
				}
				issues := p.Lint(around)
				found := slices.ContainsFunc(issues, func(i Issue) bool { return i.ID == c.Rule })
				if found != half.bad {
					t.Errorf("%s: %s found: %v", half.name, c.Rule, found)
				}
				fmt.Fprintf(&out, "%s:\n", half.name)
				for _, i := range issues {
					fmt.Fprintf(&out, "  %s %s: %s\n", i.Severity, i.ID, i.Message)
				}
				for _, who := range []string{"ours", "another repository of ours", "an outsider"} {
					set := jobs()[who]
					set.Subject.Keys = c.Template
					a := Evaluate(p, set)
					fmt.Fprintf(&out, "  %s: %s\n", who, said(a, set))
					if who == "an outsider" && (a.Verdict == Allowed) != (half.bad && c.Outsider) {
						t.Errorf("%s: an outsider is %s", half.name, a.Verdict)
					}
				}
			}
			golden := strings.TrimSuffix(file, ".json") + ".out"
			if *update {
				if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || string(want) != out.String() {
				t.Errorf("%v, got\n%s\nwant\n%s", err, out.String(), want)
			}
		})
	}
	for n := 1; n <= 27; n++ {
		if n != 9 && !seen[n] { // 9 is how values and statements add up, which every pair shows
			t.Errorf("pattern %d has no pair", n)
		}
	}
}

func said(a Answer, s *ClaimSet) string {
	if a.Verdict == Allowed {
		return a.Witness(s, "role")
	}
	return a.Verdict.String() + ": " + a.Why
}

// jobs are who tries to get in: the job the role is for, one of a sibling repository,
// and somebody with a repository and a subject template of his own.
func jobs() map[string]*ClaimSet {
	ours := &ClaimSet{
		Repository: "acme/shop", RepositoryID: "42", OwnerID: "7", Event: "push", Ref: "refs/heads/*", Environment: "production",
		Workflow: ".github/workflows/deploy.yml", WorkflowName: "deploy", JobName: "job deploy", Runner: "github-hosted",
	}
	sibling := *ours
	sibling.Repository, sibling.RepositoryID = "acme/app-fork", "43"
	outsider := &ClaimSet{
		Repository: "acme-evil/shop", RepositoryID: "666", OwnerID: "66", Event: "push", Ref: "refs/heads/*", Environment: "production",
		Workflow: ".github/workflows/deploy.yml", WorkflowName: "deploy", JobName: "job evil", Subject: Subject{},
	}
	return map[string]*ClaimSet{"ours": ours, "another repository of ours": &sibling, "an outsider": outsider}
}

// whole fills in what the pairs leave out of a policy.
func whole(t *testing.T, b json.RawMessage) []byte {
	t.Helper()
	var list []map[string]any
	if json.Unmarshal(b, &list) != nil {
		var one map[string]any
		if err := json.Unmarshal(b, &one); err != nil {
			t.Fatal(err)
		}
		list = []map[string]any{one}
	}
	for _, s := range list {
		if s["Effect"] == nil {
			s["Effect"] = "Allow"
		}
		if s["Action"] == nil && s["NotAction"] == nil {
			s["Action"] = "sts:AssumeRoleWithWebIdentity"
		}
		if s["Principal"] == nil {
			s["Principal"] = map[string]any{"Federated": "arn:aws:iam::111122223333:oidc-provider/" + Issuer}
		}
		if by, ok := s["Condition"].(map[string]any); ok {
			for op, keys := range by {
				full := map[string]any{}
				if keys, ok := keys.(map[string]any); ok {
					for k, v := range keys {
						if !strings.Contains(k, ":") {
							k = Issuer + ":" + k
						}
						full[k] = v
					}
				}
				by[op] = full
			}
		}
	}
	out, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": list})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
