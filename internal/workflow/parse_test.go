package workflow

import (
	"fmt"
	"strings"
	"testing"
)

// refs writes a file's references as "job/step level how Kind NAME as line:col", jobs in order.
func refs(f *File) string {
	var b strings.Builder
	write := func(job string, list []Ref) {
		for _, r := range list {
			fmt.Fprintf(&b, "%s/%d %s %s %s %s as=%s %d:%d\n", job, r.Step, r.Level, r.How, r.Kind, r.Name, r.As, r.Line, r.Column)
		}
	}
	write("-", f.Refs)
	for _, j := range f.Jobs {
		write(j.ID, j.Refs)
	}
	return b.String()
}

const everyPlace = `on: push
env:
  TOP: ${{ secrets.TOP }}
jobs:
  build:
    runs-on: ubuntu-latest
    env: { JOB: "${{ secrets.job }}" }
    container:
      image: x
      credentials: { username: u, password: "${{ secrets.REGISTRY }}" }
      env: { BOX: "${{ secrets.BOX }}" }
    services:
      db:
        image: y
        env:
          PW: ${{ secrets.DB }}
    unknown-key: ${{ secrets.HIDDEN }}
    steps:
      - uses: acme/x@v1
        with: { token: "${{ secrets['quoted'] }}" }
        env: { E: "${{ secrets.A || secrets.B }}" }
      - if: secrets.COND != ''
        run: |
          # a comment in a script is still filled in: ${{ secrets.SCRIPT }}
          echo "${{ github.token }}" "${{ toJSON(secrets) }}"
          echo ${{ secrets[matrix.name] }} ${{ secrets.GITHUB_TOKEN }} ${{ vars.V }}
      - run: >-
          folded ${{ secrets.FOLDED
          }} text
  call:
    uses: ./.github/workflows/x.yml
    with: { a: "${{ vars.W }}" }
    secrets: { inner: "${{ secrets.OUTER }}" }
  inherit:
    uses: acme/y/.github/workflows/y.yml@v1
    secrets: inherit
# ${{ secrets.COMMENT }}
`

func TestParseFindsEveryReference(t *testing.T) {
	want := `-/-1 workflow env secret TOP as=TOP 3:12
build/-1 job env secret JOB as=JOB 7:22
build/-1 container container secret REGISTRY as=PASSWORD 10:50
build/-1 container container secret BOX as=BOX 11:24
build/-1 service service secret DB as=PW 16:19
build/-1 job expression secret HIDDEN as= 17:22
build/0 step with secret QUOTED as=TOKEN 20:29
build/0 step env secret A as=E 21:24
build/0 step env secret B as=E 21:37
build/1 step if secret COND as= 22:13
build/1 step run secret SCRIPT as= 24:59
build/1 step run token GITHUB_TOKEN as= 25:21
build/1 step toJSON(secrets) all  as= 25:50
build/1 step secrets[...] dynamic  as= 26:20
build/1 step run token GITHUB_TOKEN as= 26:48
build/1 step run variable V as= 26:76
build/2 step run secret FOLDED as= 28:22
call/-1 job with variable W as=A 32:21
call/-1 job secrets secret OUTER as=INNER 33:28
inherit/-1 job inherit inherit  as= 36:14
`
	if got := refs(Parse("x.yml", []byte(everyPlace))); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestParseDoesNotMindMarksAndLineEnds(t *testing.T) {
	plain := refs(Parse("x.yml", []byte(everyPlace)))
	if got := refs(Parse("x.yml", []byte("\xef\xbb\xbf"+strings.ReplaceAll(everyPlace, "\n", "\r\n")))); got != plain {
		t.Errorf("with a byte order mark and CRLF:\n%s\nplain:\n%s", got, plain)
	}
}

func TestPlacesDoNotMoveWithMarksAndLineEnds(t *testing.T) {
	src := "env: { A: \"${{ secrets.A }}\" }\non: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: |\n          echo ${{ secrets.B ||\n          secrets.C }}\n"
	want := "-/-1 workflow env secret A as=A 1:16\na/0 step run secret B as= 8:20\na/0 step run secret C as= 9:11\n"
	for name, src := range map[string]string{"plain": src, "byte order mark": "\xef\xbb\xbf" + src, "CRLF": strings.ReplaceAll(src, "\n", "\r\n")} {
		if got := refs(Parse("x.yml", []byte(src))); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

func TestParseFollowsAnchorsToEachUse(t *testing.T) {
	f := Parse("x.yml", []byte(`on: push
jobs:
  a:
    runs-on: x
    env: &env
      T: ${{ secrets.SHARED }}
    steps: [ { run: make } ]
  b:
    runs-on: x
    env: *env
    steps: [ { run: make } ]
`))
	for _, j := range f.Jobs {
		if len(j.Refs) != 1 || j.Refs[0].Name != "SHARED" {
			t.Errorf("job %s: %v", j.ID, j.Refs)
		}
	}
	if len(f.Jobs) != 2 {
		t.Errorf("jobs: %d", len(f.Jobs))
	}
}

func TestParseSurvivesHostileFiles(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("on: push\nx0: &x0 [a, a]\n")
	for i := 1; i < 40; i++ {
		fmt.Fprintf(&bomb, "x%d: &x%d [*x%d, *x%d]\n", i, i, i-1, i-1)
	}
	for name, src := range map[string]string{
		"bomb": bomb.String(), "cycle": "on: push\njobs: &j\n  a: *j\n", "empty": "", "list": "- a", "scalar": "x", "tab": "on:\n\t- x",
		"binary": "\x00\x01\xff\xfe", "unclosed": "on: push\njobs: {a: {steps: [{run: '${{ secrets.X'",
	} {
		f := Parse("x.yml", []byte(src))
		if !f.Broken || len(f.Problems) == 0 {
			t.Errorf("%s: broken %v, problems %v", name, f.Broken, f.Problems)
		}
	}
	f := Parse("x.yml", []byte("on: push\njobs: {\n  # ${{ secrets.NO }}\n  x: ${{ secrets.YES }}\n"))
	if !f.Broken || len(f.Refs) != 1 || f.Refs[0].Name != "YES" || f.Refs[0].Line != 4 {
		t.Errorf("a file that is no YAML: %v", f.Refs)
	}
}

func TestParseKeepsWhatDoesNotParseAsExpression(t *testing.T) {
	f := Parse("x.yml", []byte("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: echo ${{ secrets.A + secrets['b'] ?? github.token }}\n"))
	got := refs(f)
	for _, want := range []string{"secret A as= 6:23", "secret B as= 6:35", "token GITHUB_TOKEN as= 6:51"} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in\n%s", want, got)
		}
	}
	if len(f.Problems) == 0 {
		t.Error("an expression that does not parse is no problem")
	}
}

func TestEventsOfTheParserAreAllKnown(t *testing.T) {
	for name := range webhooks() {
		if _, ok := EventNamed(name); !ok {
			t.Errorf("event %s is not in the table", name)
		}
	}
	if e, ok := EventNamed("brand_new"); ok || e.Trust != Untrusted || !e.Authority || e.From != FromRef {
		t.Errorf("an unknown event: %+v, %v", e, ok)
	}
}

func TestEffectivePermissions(t *testing.T) {
	read := func(src string) (*File, *Job) {
		f := Parse("x.yml", []byte(src))
		return f, &f.Jobs[0]
	}
	const tail = "\n    runs-on: x\n    steps: [ { run: x } ]\n"
	for _, c := range []struct{ name, src, byDefault, want string }{
		{"default read", "on: push\njobs:\n  a:" + tail, "read", "map[contents:read packages:read]"},
		{"default unknown", "on: push\njobs:\n  a:" + tail, "", "map[*:unknown]"},
		{"none", "on: push\npermissions: {}\njobs:\n  a:" + tail, "write", "map[]"},
		{"job hides workflow", "on: push\npermissions: write-all\njobs:\n  a:\n    permissions: { contents: read, issues: none }" + tail, "write", "map[contents:read]"},
	} {
		f, j := read(c.src)
		if got := fmt.Sprint(Effective(f.Permissions, j.Permissions, c.byDefault)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	f, j := read("on: push\npermissions: read-all\njobs:\n  a:" + tail)
	if p := Effective(f.Permissions, j.Permissions, ""); p["contents"] != "read" || p["id-token"] != "" {
		t.Errorf("read-all: %v", p)
	}
	f, j = read("on: push\npermissions: write-all\njobs:\n  a:" + tail)
	if p := Effective(f.Permissions, j.Permissions, ""); p["contents"] != "write" || p["id-token"] != "write" {
		t.Errorf("write-all: %v", p)
	}
	if p := Effective(nil, nil, "write"); p["contents"] != "write" || p["id-token"] != "" {
		t.Errorf("default write: %v", p)
	}
	got := fmt.Sprint(Limit(map[string]string{"contents": "read", "issues": "write"}, map[string]string{"contents": "write", "issues": "write", "id-token": "write"}))
	if got != "map[contents:read issues:write]" {
		t.Errorf("a called workflow raised its rights: %s", got)
	}
}

func TestActionsAreOpened(t *testing.T) {
	a := ParseAction("a/action.yml", []byte("name: x\ninputs:\n  token: { default: \"${{ github.token }}\" }\nruns:\n  using: composite\n  steps:\n    - uses: actions/checkout@v4\n      with: { ref: main }\n    - run: make\n      shell: bash\n"))
	if a.Using != "composite" || len(a.Steps) != 2 || a.Steps[0].With[0].Value != "main" || a.Steps[1].Run != "make" || len(a.Refs) != 1 || a.Refs[0].Kind != JobToken {
		t.Errorf("%+v", a)
	}
}
