package snapshot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func example() *Snapshot {
	return &Snapshot{
		Schema: Schema, Taken: time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC),
		Repositories: []Repository{{
			FullName: "acme/shop", ID: 1, DefaultBranch: "main",
			Branches:     []Branch{{Name: "main", SHA: "a", Protected: true}, {Name: "legacy", SHA: "b"}},
			Workflows:    []Workflow{{ID: 7, Path: ".github/workflows/ci.yml", State: "active"}},
			Files:        []File{{Path: ".github/workflows/ci.yml", Branches: []string{"main", "legacy"}, SHA: "f1", Content: "on: push <&>"}},
			Secrets:      []Secret{{Name: "B", Scope: "repository"}, {Name: "A", Scope: "repository"}},
			Environments: []Environment{{Name: "preview", Raw: json.RawMessage(`{"b":1,"a":2}`)}},
			Runners:      []Runner{{ID: 2, Name: "box", Labels: []string{"z", "a"}}},
			Keys:         []DeployKey{{ID: 3, Title: "old", ReadOnly: true}},
		}},
		AWS:   []Account{{Name: "prod", ID: "1", Roles: []Role{{ARN: "arn:aws:iam::1:role/deploy", Trust: json.RawMessage(`{"Version":"2012-10-17","Statement":[]}`)}}}},
		Vault: []Vault{{Address: "https://v", Tokens: []VaultToken{{Accessor: "x"}}}},
		NPM:   []Registry{{Address: "https://r", User: "bot", Tokens: []NPMToken{{Key: "k"}}}},
	}
}

func TestEncodeDoesNotDependOnTheOrderOfListings(t *testing.T) {
	a, b := example(), example()
	r := &b.Repositories[0]
	slices.Reverse(r.Branches)
	slices.Reverse(r.Secrets)
	slices.Reverse(r.Files[0].Branches)
	slices.Reverse(r.Runners[0].Labels)
	x, y := encode(t, a), encode(t, b)
	if !bytes.Equal(x, y) {
		t.Errorf("the same listing in another order gives other bytes")
	}
	if b.Repositories[0].Secrets[0].Name != "A" {
		t.Errorf("Encode changed what it was given")
	}
	if !bytes.Contains(x, []byte("<&>")) {
		t.Errorf("file content is escaped for HTML")
	}
	back, err := Decode(x)
	if err != nil {
		t.Fatal(err)
	}
	if again := encode(t, back); !bytes.Equal(x, again) {
		t.Errorf("decoded and encoded again:\n%s\nwant\n%s", again, x)
	}
}

func TestDigestLeavesTheTimeOut(t *testing.T) {
	a, b := example(), example()
	b.Taken = b.Taken.Add(time.Hour)
	if digest(t, a) != digest(t, b) {
		t.Errorf("the time of the survey is in the digest")
	}
	b.Repositories[0].Secrets[0].Name = "C"
	if digest(t, a) == digest(t, b) {
		t.Errorf("another secret, the same digest")
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, in := range []string{"", "{", "[]", `{"schema":"firebreak.plan/1"}`, `{"schema":"firebreak.snapshot/1"} {}`} {
		if s, err := Decode([]byte(in)); err == nil || s != nil || !strings.Contains(err.Error(), "firebreak survey") {
			t.Errorf("%q: %v, %v", in, s, err)
		}
	}
	if _, err := Decode([]byte(`{"schema":"firebreak.snapshot/1","of":"a later version"}`)); err != nil {
		t.Errorf("a later version's field: %v", err)
	}
}

func TestCompareShowsWhatAnAttackerAdded(t *testing.T) {
	a, b := example(), example()
	r := &b.Repositories[0]
	r.Files = append(r.Files, File{Path: ".github/workflows/x.yml", Branches: []string{"legacy"}, SHA: "f2"})
	r.Files[0].Branches = []string{"main"}
	r.Workflows = append(r.Workflows, Workflow{ID: 8, Path: ".github/workflows/x.yml", State: "active"})
	r.Workflows[0].State = "disabled_manually"
	r.Keys = append(r.Keys, DeployKey{ID: 4, Title: "ci"})
	r.Hooks = []Hook{{ID: 5, URL: "https://evil", Active: true}}
	r.Runners = append(r.Runners, Runner{ID: 6, Name: "SHA1HULUD"})
	r.Secrets[0].Updated = time.Date(2026, 3, 14, 12, 1, 0, 0, time.UTC)
	r.Environments[0].CanBypass = true
	r.Variables = []Variable{{Name: "V", Scope: "repository", Value: "x"}}
	r.Runs = []Run{{ID: 9}}
	r.Caches = []Cache{{ID: 10}}
	b.AWS[0].Roles[0].Trust = json.RawMessage(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow"}]}`)
	b.AWS[0].Users = []User{{Name: "x", ARN: "arn:u", Keys: []AccessKey{{ID: "AKIA1", Status: "Active"}}}}
	b.Vault[0].Tokens = nil
	b.NPM[0].Tokens = append(b.NPM[0].Tokens, NPMToken{Key: "k2"})
	b.NPM = append(b.NPM, Registry{Address: "https://r", User: "other", Tokens: []NPMToken{{Key: "k3"}}})
	want := strings.Split(`added npm-user https://r other
added deploy-key ci (4)
changed environment preview
removed file legacy:.github/workflows/ci.yml
added file legacy:.github/workflows/x.yml
added hook https://evil (5)
added runner SHA1HULUD (6)
changed secret repository/B
added variable repository/V
changed workflow .github/workflows/ci.yml (7)
added workflow .github/workflows/x.yml (8)
added access-key x/AKIA1
changed trust-policy arn:aws:iam::1:role/deploy
added user arn:u
added token k2
removed token x`, "\n")
	var got []string
	for _, c := range Compare(a, b) {
		got = append(got, c.What+" "+c.Kind+" "+c.Name)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestCompareOfEqualsIsEmpty(t *testing.T) {
	b := example()
	b.AWS[0].Roles[0].Trust = json.RawMessage(`{ "Statement": [], "Version": "2012-10-17" }`) // the same, written otherwise
	if c := Compare(example(), b); len(c) != 0 {
		t.Errorf("%v", c)
	}
}

// TestCompareIsSymmetric: what is added one way is removed the other way.
func TestCompareIsSymmetric(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw(t, "a"), draw(t, "b")
		there, back := Compare(a, b), Compare(b, a)
		turned := map[string]string{"added": "removed", "removed": "added", "changed": "changed"}
		x := map[string]bool{}
		for _, c := range there {
			x[turned[c.What]+c.Kind+c.Target+c.Name] = true
		}
		for _, c := range back {
			if !x[c.What+c.Kind+c.Target+c.Name] {
				t.Fatalf("%v only one way", c)
			}
		}
		if len(there) != len(back) {
			t.Fatalf("%d one way, %d the other", len(there), len(back))
		}
	})
}

func TestMergeTakesTheLaterLook(t *testing.T) {
	a, b := example(), &Snapshot{Taken: example().Taken.Add(time.Minute), Repositories: []Repository{{FullName: "acme/shop", DefaultBranch: "trunk"}, {FullName: "acme/web"}}, Gaps: []Gap{{Provider: "github", What: "x", Why: "y"}}}
	m := Merge(a, b)
	if len(m.Repositories) != 2 || m.Repositories[0].DefaultBranch != "trunk" || len(m.AWS) != 1 || len(m.Gaps) != 1 || !m.Taken.Equal(a.Taken) || m.Schema != Schema {
		t.Errorf("%+v", m)
	}
	if a.Repositories[0].DefaultBranch != "main" {
		t.Errorf("Merge changed what it was given")
	}
}

func draw(t *rapid.T, name string) *Snapshot {
	s := &Snapshot{Schema: Schema}
	for i := range rapid.IntRange(0, 3).Draw(t, name) {
		r := Repository{FullName: fmt.Sprintf("acme/%d", i), Private: rapid.Bool().Draw(t, "private")}
		for j := range rapid.IntRange(0, 3).Draw(t, "keys") {
			r.Keys = append(r.Keys, DeployKey{ID: int64(j), Title: "k", ReadOnly: rapid.Bool().Draw(t, "read only")})
		}
		s.Repositories = append(s.Repositories, r)
	}
	return s
}

func encode(t *testing.T, s *Snapshot) []byte {
	t.Helper()
	b, err := Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func digest(t *testing.T, s *Snapshot) string {
	t.Helper()
	d, err := Digest(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestMergeKeepsWhatALaterLookDoesNotSpeakOf(t *testing.T) {
	a := &Snapshot{
		AWS:   []Account{{Name: "prod", ID: "1", Roles: []Role{{ARN: "r"}}, Users: []User{{Name: "old"}}}},
		Vault: []Vault{{Address: "v", Roles: []VaultRole{{Mount: "jwt", Name: "ci"}}, Tokens: []VaultToken{{Accessor: "1", Role: "ci"}, {Accessor: "2", Role: "cd"}}}},
	}
	b := &Snapshot{
		AWS:   []Account{{Name: "prod", ID: "1", Users: []User{{Name: "old", Keys: []AccessKey{{ID: "k"}}}, {Name: "new"}}}},
		Vault: []Vault{{Address: "v", Roles: []VaultRole{{Mount: "jwt", Name: "ci"}}}},
	}
	for _, s := range []*Snapshot{Merge(a, b), Merge(Merge(a, b), &Snapshot{})} {
		if x := s.AWS[0]; len(s.AWS) != 1 || len(x.Roles) != 1 || len(x.Users) != 2 || len(x.Users[0].Keys) != 1 {
			t.Errorf("account: %+v", x)
		}
		if v := s.Vault[0]; len(v.Roles) != 1 || len(v.Tokens) != 1 || v.Tokens[0].Role != "cd" {
			t.Errorf("vault: %+v", v)
		}
	}
	if len(a.AWS[0].Users) != 1 || len(b.AWS[0].Roles) != 0 {
		t.Error("the inputs were changed")
	}
}

// What our credentials may do is said once per permission and place, by the later look.
func TestMergeKeepsTheLaterPermission(t *testing.T) {
	a := &Snapshot{Permissions: []Permission{{Provider: "github", Name: "secrets=write", On: "acme/shop", Granted: "unknown"}, {Provider: "github", Name: "secrets=write", On: "acme/docs", Granted: "yes"}}}
	b := &Snapshot{Permissions: []Permission{{Provider: "github", Name: "secrets=write", On: "acme/shop", Granted: "no"}}}
	got := Merge(a, b).Permissions
	if len(got) != 2 || got[0].On != "acme/docs" || got[1].Granted != "no" {
		t.Errorf("%+v", got)
	}
}

// A webhook or a deploy key that an attacker added is shown, of the organization too,
// and so is an organization secret that more repositories read now.
func TestCompareShowsAddedAccess(t *testing.T) {
	a, b := example(), example()
	for _, s := range []*Snapshot{a, b} {
		s.Organizations = []Organization{{Login: "acme", Hooks: []Hook{{ID: 1, URL: "https://ci.example"}}}}
		s.Repositories[0].Secrets = append(s.Repositories[0].Secrets, Secret{Name: "SHARED", Scope: "organization", Visibility: "selected", Selected: []int64{1, 2}})
	}
	b.Organizations[0].Hooks = append(b.Organizations[0].Hooks, Hook{ID: 2, URL: "https://evil.example", Active: true})
	b.Repositories[0].Hooks = []Hook{{ID: 3, URL: "https://evil.example", Active: true}}
	b.Repositories[0].Keys = append(b.Repositories[0].Keys, DeployKey{ID: 9, Title: "backup"})
	last := len(b.Repositories[0].Secrets) - 1
	b.Repositories[0].Secrets[last].Selected = []int64{1, 2, 666}
	var got []string
	for _, c := range Compare(a, b) {
		got = append(got, c.What+" "+c.Kind+" "+c.Target+" "+c.Name)
	}
	want := []string{"added hook acme https://evil.example (2)", "added deploy-key acme/shop backup (9)", "added hook acme/shop https://evil.example (3)", "changed secret acme/shop organization/SHARED"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
