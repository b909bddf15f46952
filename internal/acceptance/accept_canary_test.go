package acceptance

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// scan looks for secret values in everything a run leaves behind (invariant I1).
// Its encodings are written anew here: the redactor's own list would not notice
// what it lacks.
type scan struct {
	t      *testing.T
	values map[string]string // by name
	places map[string][]byte
	found  []string
}

func newScan(t *testing.T) *scan {
	return &scan{t: t, values: map[string]string{}, places: map[string][]byte{}}
}

// secrets collects every secret value of a world, those minted in it included.
func (s *scan) secrets(folder string) {
	s.t.Helper()
	world := parse[struct {
		Names     map[string]string
		Providers struct {
			NPM struct {
				Users []struct{ Name, Password string }
			}
			GitHub struct {
				Secrets []struct{ Name, Value string }
				Key     string `json:"private_key"`
			}
		}
	}](s.t, read(s.t, folder, "world.json"))
	for value, name := range world.Names {
		if len(value) == 20 && strings.HasPrefix(value, "A") { // the id of an access key is no secret
			continue
		}
		s.values[fmt.Sprintf("%s %.6s…", name, value)] = value
	}
	for _, u := range world.Providers.NPM.Users {
		s.values["password of "+u.Name] = u.Password
	}
	s.values["GitHub's sealing key"] = world.Providers.GitHub.Key
	if len(s.values) < 12 {
		s.t.Errorf("only %d secret values are known", len(s.values))
	}
}

// encodings are the forms of invariant I1.
func encodings(v string) map[string]string {
	quoted, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	var plain bytes.Buffer
	e := json.NewEncoder(&plain)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	out := map[string]string{
		"plain": v, "hex": hex.EncodeToString([]byte(v)), "upper-case hex": strings.ToUpper(hex.EncodeToString([]byte(v))),
		"query": url.QueryEscape(v), "path": url.PathEscape(v), "JSON": strings.Trim(string(quoted), `"`), "plain JSON": strings.Trim(strings.TrimSpace(plain.String()), `"`),
	}
	for offset := range 3 {
		for name, alphabet := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
			// What does not depend on the neighbours: "user:" before it, anything behind.
			text := alphabet.EncodeToString([]byte(strings.Repeat("x", offset) + v))
			out[fmt.Sprintf("%s at %d", name, offset)] = text[(8*offset+5)/6 : 8*(offset+len(v))/6]
		}
	}
	return out
}

func (s *scan) streams(all ...ended) {
	for i, e := range all {
		what := fmt.Sprintf("%d %s", i, strings.Join(e.args, " "))
		s.places["stdout of "+what], s.places["stderr of "+what], s.places["arguments of "+what] = []byte(e.out), []byte(e.err), []byte(strings.Join(e.args, "\x00"))
	}
}

// process notes the arguments of a living process and of its children.
func (s *scan) process(r *running) {
	s.t.Helper()
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		s.t.Fatal(err)
	}
	own := fmt.Sprintf("/proc/%d", r.cmd.Process.Pid)
	for _, dir := range dirs {
		stat, err := os.ReadFile(filepath.Join(dir, "stat"))
		if err != nil {
			continue // it has ended meanwhile
		}
		_, after, _ := strings.Cut(string(stat), ") ")
		if f := strings.Fields(after); dir != own && (len(f) < 2 || f[1] != filepath.Base(own)) {
			continue
		}
		if args, err := os.ReadFile(filepath.Join(dir, "cmdline")); err == nil {
			s.places["arguments in "+dir] = args
		}
	}
}

// folder takes every file below dir but a world's; archives are looked into.
func (s *scan) folder(dir string) {
	s.t.Helper()
	n := 0
	for name, text := range files(s.t, dir) {
		if strings.Contains(name, string(filepath.Separator)+"world"+string(filepath.Separator)) {
			continue
		}
		n++
		s.places[name] = []byte(name + "\n" + text)
		z, err := zip.NewReader(strings.NewReader(text), int64(len(text)))
		if err != nil {
			continue // no archive
		}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				s.t.Fatal(err)
			}
			b, err := io.ReadAll(r)
			if err != nil {
				s.t.Fatal(err)
			}
			s.places[name+"!"+f.Name] = b
		}
	}
	if n == 0 {
		s.t.Errorf("there is nothing in %s", dir)
	}
}

func (s *scan) look() []string {
	for what, v := range s.values {
		if len(v) < 8 {
			s.t.Errorf("%s is too short to look for", what)
			continue
		}
		for form, text := range encodings(v) {
			for place, b := range s.places {
				if bytes.Contains(b, []byte(text)) {
					s.found = append(s.found, fmt.Sprintf("%s (%s) stands in %s", what, form, place))
				}
			}
		}
	}
	return s.found
}

func (s *scan) verdict() {
	s.t.Helper()
	for _, x := range s.look() {
		s.t.Error(x)
	}
	s.t.Logf("%d secret values in %d places", len(s.values), len(s.places))
}

// The scan finds what it looks for, in every form and place.
func TestScanFindsEveryEncoding(t *testing.T) {
	t.Parallel()
	leaks := map[string]string{
		"plain": password, "hex": hex.EncodeToString([]byte(password)), "query": "?p=" + url.QueryEscape(password) + "&x", "path": "/" + url.PathEscape(password),
		"basic": base64.StdEncoding.EncodeToString([]byte("user:" + password)), "basic 2": base64.StdEncoding.EncodeToString([]byte("usr:" + password + ":x")),
		"basic 3": base64.StdEncoding.EncodeToString([]byte("us:" + password + "!!")), "url": base64.RawURLEncoding.EncodeToString([]byte(password)),
	}
	b, err := json.Marshal(map[string]string{"p": password})
	if err != nil {
		t.Fatal(err)
	}
	leaks["json"] = string(b)
	for name, text := range leaks {
		s := newScan(t)
		s.values["password"] = password
		dir := t.TempDir()
		write(t, "before "+text+" after", dir, "deep", "file")
		s.folder(dir)
		if len(s.look()) == 0 {
			t.Errorf("%s was not found in %q", name, text)
		}
	}
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	w, err := z.Create("log.txt")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, strings.Repeat(password, 9)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	s := newScan(t)
	s.values["password"] = password
	dir := t.TempDir()
	write(t, packed.String(), dir, "logs.zip")
	s.folder(dir)
	if len(s.look()) == 0 {
		t.Error("nothing was found in an archive")
	}
}

// A rehearsal leaves no secret value behind either, in no format of its output and
// in none of its files, although the thief printed one into a log that is exported
// as evidence, and somebody pastes the old values.
func TestRehearsalLeavesNoSecretBehind(t *testing.T) {
	t.Parallel()
	const token = "npm_Canary0Canary1Canary2Canary3Canary4Ca"
	basic := base64.StdEncoding.EncodeToString([]byte("acme-bot:" + token))
	file := scenario(t,
		"key: 3f9c1d7ab204, label: ci }", "key: 3f9c1d7ab204, label: ci, value: "+token+" }",
		`npm ci\nadded 12 packages\n`, `npm ci\n`+token+`\nBasic `+basic+`\nhex `+hex.EncodeToString([]byte(token))+`\n`,
		`password: correct-horse-battery-staple`, `password: '`+password+`'`,
	)
	for _, format := range []string{"human", "json", "ndjson"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			d, canary := newDesk(t), newScan(t)
			state := filepath.Join(d.env["XDG_STATE_HOME"], "firebreak")
			e := d.finish(d.command("rehearse", file, "--auto", "--speed", hurry, "--output", format, "--verbose"), func(r *running) {
				r.await("incident ")
				canary.process(r)
			})
			e.must(t, 0)
			all := []ended{e, d.must(0, "status", "--output", "ndjson"), d.must(0, "status"), d.must(0, "report"), d.must(0, "report", "--output", "json"), d.must(0, "verify", "--output", "json")}
			worlds, err := filepath.Glob(filepath.Join(state, "incidents", "*", "world"))
			if err != nil || len(worlds) != 1 {
				t.Fatalf("worlds: %v %v", worlds, err)
			}
			canary.secrets(worlds[0])
			if canary.values["NPM_TOKEN npm_Ca…"] != token {
				t.Error("the canary is not in the world")
			}
			canary.streams(all...)
			canary.folder(state)
			canary.verdict()
		})
	}
}
