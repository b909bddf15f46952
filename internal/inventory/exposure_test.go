package inventory

import (
	"strings"
	"testing"
)

func TestWhereValuesMayBeCarried(t *testing.T) {
	for steps, want := range map[string]string{
		"uses: actions/cache@v4":                                                                           "cache",
		"uses: actions/cache/save@v4":                                                                      "cache",
		"uses: actions/cache/restore@v4":                                                                   "",
		"uses: actions/setup-go@v5":                                                                        "cache",
		"uses: actions/setup-go@v5\n        with: { cache: false }":                                        "",
		"uses: actions/setup-node@v4":                                                                      "",
		"uses: actions/setup-node@v4\n        with: { cache: npm }":                                        "cache",
		"uses: gradle/actions/setup-gradle@v4\n        with: { cache-read-only: true }":                    "",
		"uses: gradle/actions/setup-gradle@v4\n        with: { cache-write-only: true }":                   "cache",
		"uses: actions/cache@v4\n        with: { lookup-only: true }":                                      "cache",
		"uses: docker/build-push-action@v6\n        with: { push: true, cache-to: \"type=gha,mode=max\" }": "cache",
		"uses: actions/upload-artifact@v4":                                                                 "artifact",
	} {
		inv := built(t, nil, map[string]string{"workflows/x.yml": "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - " + steps + "\n"})
		if got := strings.Join(job(t, inv, "x.yml", "a").Exposes, ","); got != want {
			t.Errorf("%s: %q, want %q", steps, got, want)
		}
	}
}

func TestSummaryTellsWhatIsNotKnown(t *testing.T) {
	inv := built(t, nil, map[string]string{
		"workflows/a.yml": "on: push\npermissions: { contents: write, id-token: write }\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: ./x ${{ secrets.OTHER }}\n",
	})
	rows := Summary(inv)
	if got := strings.Join(rows[0].Names, "; "); got != "GITHUB_TOKEN (writes contents); OIDC token (not known for what); OTHER" {
		t.Errorf("names %s", got)
	}
	if len(rows[0].Owners) != 0 {
		t.Errorf("owners %v", rows[0].Owners)
	}
	unread := Summary(Build(Parse([]Source{{Files: []SourceFile{{Path: ".github/workflows/a.yml", Content: []byte("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: x\n")}}}}), nil, nil))
	if got := strings.Join(unread[0].Names, "; "); got != "GITHUB_TOKEN (permissions not known)" {
		t.Errorf("names %s", got)
	}
}
