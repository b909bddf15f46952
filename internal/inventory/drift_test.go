package inventory

import (
	"encoding/json"
	"strings"
	"testing"
)

func compared(t *testing.T, workflow string) Inventory {
	t.Helper()
	return Build(Parse([]Source{{Repository: "acme/shop", Files: []SourceFile{{Path: ".github/workflows/x.yml", Content: []byte(workflow)}}}}), nil, nil)
}

const drifting = `on: push
permissions: { contents: read }
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: make
        env: { T: "${{ secrets.T }}" }
`

func TestCompareTellsWhatCameWentAndChanged(t *testing.T) {
	for name, c := range map[string]struct {
		now  func(string) string
		want []string
	}{
		"nothing": {func(s string) string { return s }, nil},
		"lines that moved": {func(s string) string {
			return "# one\n# two\n" + strings.Replace(s, "    runs-on", "\n\n    runs-on", 1)
		}, nil},
		"a trigger": {func(s string) string { return strings.Replace(s, "on: push", "on: [push, issues]", 1) }, []string{
			"+trigger  issues untrusted", "+start a issues untrusted on refs/heads/*",
		}},
		"a permission": {func(s string) string { return strings.Replace(s, "contents: read", "contents: write", 1) }, []string{"~permission a contents read→write"}},
		"a guard": {func(s string) string {
			return strings.Replace(s, "    runs-on", "    if: github.ref == 'refs/heads/main'\n    runs-on", 1)
		}, []string{"~start a push contributor on refs/heads/*, refs/tags/*→contributor on refs/heads/main"}},
		"an environment": {func(s string) string {
			return strings.Replace(s, "    runs-on", "    environment: production\n    runs-on", 1)
		}, []string{"+environment a environment production"}},
		"another machine": {func(s string) string { return strings.Replace(s, "ubuntu-latest", "self-hosted", 1) }, []string{"~runner a runner ubuntu-latest→self-hosted"}},
		"another secret":  {func(s string) string { return strings.Replace(s, "secrets.T ", "secrets.U ", 1) }, []string{"+reach a acme/shop:unknown:U ", "-reach a acme/shop:unknown:T ", "+credential  acme/shop:unknown:U "}},
	} {
		d := Compare(compared(t, drifting), compared(t, c.now(drifting)))
		var got []string
		for _, x := range d.Added {
			got = append(got, "+"+x.Kind+" "+x.Job+" "+x.Name+" "+x.Is)
		}
		for _, x := range d.Removed {
			got = append(got, "-"+x.Kind+" "+x.Job+" "+x.Name+" "+x.Was)
		}
		for _, x := range d.Changed {
			got = append(got, "~"+x.Kind+" "+x.Job+" "+x.Name+" "+x.Was+"→"+x.Is)
		}
		all := strings.Join(got, "\n")
		for _, w := range c.want {
			if !strings.Contains(all, w) {
				t.Errorf("%s: %q is not told:\n%s", name, w, all)
			}
		}
		if c.want == nil && !d.Empty() {
			t.Errorf("%s: %s", name, all)
		}
	}
}

func TestDecodeIsWhatWasWritten(t *testing.T) {
	inv := compared(t, drifting)
	b, err := Encode(inv)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Decode(b)
	if err != nil || !Compare(inv, back).Empty() {
		t.Errorf("%v, %+v", err, Compare(inv, back))
	}
	for _, bad := range []string{"", "{}", `{"schema":"firebreak.plan/1"}`, "[]"} {
		if _, err := Decode([]byte(bad)); err == nil {
			t.Errorf("%q is taken for an inventory", bad)
		}
	}
	if _, err := json.Marshal(Compare(inv, back)); err != nil {
		t.Error(err)
	}
}
