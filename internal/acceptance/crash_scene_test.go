package acceptance

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/crypto/ssh"

	"github.com/firebreak/firebreak/internal/journal"
)

// crashSpeed is world seconds per second. An incident has some nine minutes of
// waits in it, which take as long as its requests at this speed.
const crashSpeed = 200

// settings are what the scenario's own configuration lacks for a real response. The
// waits are those of a world whose delays are known: its token dies 90 s after it
// was deleted, its purged cache comes back once after 20 s.
const settings = `
recipients: [ %q ]
confirm: { irreversible: { approvals: 1, allowed_signers: %q } }
waits: { npm.token.revoke: 100s, github.caches.purge: 30s }
`

// scene is one world in a process of its own with a responder's folder beside it.
// Its methods return errors, because scenes are played on several goroutines.
type scene struct {
	stage
	ctx     context.Context
	bin     string
	dir     string
	control string
	env     []string
	client  *http.Client
	world   *exec.Cmd
	told    string        // by the world
	said    *bytes.Buffer // by everything that ran here
}

// stage is what a scene is played on.
type stage struct {
	scenario string // name or file
	speed    int    // world seconds per second
	settings string // added to the scenario's own configuration
}

// openScene serves a world, plans against it and has the plan approved by a second
// person's key.
func openScene(ctx context.Context, bin, dir string) (*scene, error) {
	return openStage(ctx, bin, dir, stage{scenarioName, crashSpeed, settings})
}

func openStage(ctx context.Context, bin, dir string, on stage) (*scene, error) {
	s := &scene{ctx: ctx, stage: on, bin: bin, dir: dir, client: &http.Client{Transport: &http.Transport{}}, said: &bytes.Buffer{}}
	if err := s.serve(); err != nil {
		return nil, err
	}
	if err := s.furnish(); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *scene) serve() error {
	s.world = exec.CommandContext(s.ctx, s.bin, "world", s.scenario, "--no-attacker", "--output", "json",
		"--speed", strconv.Itoa(s.speed), "--dir", s.file("world"))
	s.world.Env = []string{"HOME=" + s.dir}
	out, err := s.world.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.world.Start(); err != nil {
		return err
	}
	var told struct {
		Control     string            `json:"control"`
		Environment map[string]string `json:"environment"`
	}
	var text bytes.Buffer
	if err := json.NewDecoder(io.TeeReader(out, &text)).Decode(&told); err != nil {
		return errors.Join(fmt.Errorf("the world told nothing: %w", err), s.close())
	}
	s.control, s.told = told.Control, text.String()
	s.env = []string{"HOME=" + s.dir, "FIREBREAK_CLOCK=" + s.file("world")}
	for k, v := range told.Environment {
		s.env = append(s.env, k+"="+v)
	}
	return nil
}

func (s *scene) furnish() error {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	block, err := ssh.MarshalPrivateKey(private, "bob")
	if err != nil {
		return err
	}
	pub, err := ssh.NewPublicKey(public)
	if err != nil {
		return err
	}
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(pub)))
	own, err := os.ReadFile(s.file("world", "firebreak.yaml"))
	if err != nil {
		return err
	}
	for name, text := range map[string]string{
		"key":            string(pem.EncodeToMemory(block)),
		"signers":        "bob@acme.example " + line + "\n",
		"firebreak.yaml": string(own) + fmt.Sprintf(s.settings, line, s.file("signers")),
	} {
		if err := os.WriteFile(s.file(name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	if err := s.must("plan", "compromised-workflow", "--repo", "acme/shop", "--workflow", ".github/workflows/pr-checks.yml",
		"--set", "package=acme-shop", "-o", s.file("plan.json")); err != nil {
		return err
	}
	return s.must("approve", s.file("plan.json"), "--key", s.file("key"), "--valid", "240h")
}

func (s *scene) file(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}

// close ends the world in order.
func (s *scene) close() error {
	s.client.CloseIdleConnections()
	if err := s.world.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	if err := s.world.Wait(); err != nil {
		return fmt.Errorf("the world did not end in order: %w", err)
	}
	return nil
}

// command prepares a firebreak of this scene.
func (s *scene) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(s.ctx, s.bin, append(args, "--config", s.file("firebreak.yaml"), "--state-dir", s.file("state"))...)
	cmd.Env, cmd.Dir = s.env, s.dir
	cmd.Stderr = s.said
	return cmd
}

func (s *scene) must(args ...string) error {
	cmd := s.command(args...)
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("firebreak %s: %w\n%s%s", args[0], err, out, s.said)
	}
	return nil
}

// run begins the incident.
func (s *scene) run() *exec.Cmd {
	return s.command("run", s.file("plan.json"), "--approval", s.file("plan.json.approval"), "--non-interactive")
}

// incident is the folder of the incident here, "" while none was begun.
func (s *scene) incident() (string, error) {
	all, err := filepath.Glob(s.file("state", "incidents", "*", "journal"))
	if err != nil {
		return "", err
	}
	var begun []string
	for _, name := range all {
		r, err := journal.Read(filepath.Dir(name))
		var damaged *journal.Damaged
		if errors.As(err, &damaged) && damaged.Line == 0 {
			continue // without a whole record
		}
		if err != nil {
			return "", err
		}
		if len(r.Events) > 1 {
			begun = append(begun, filepath.Dir(name))
		}
	}
	if len(begun) > 1 {
		return "", fmt.Errorf("one response became %d incidents: %s", len(begun), begun)
	}
	return strings.Join(begun, ""), nil
}

// tell posts to the world's control listener.
func (s *scene) tell(path string, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return s.talk(s.ctx, http.MethodPost, path, bytes.NewReader(b), nil)
}

// ask gets from the world's control listener.
func (s *scene) ask(ctx context.Context, path string, into any) error {
	return s.talk(ctx, http.MethodGet, path, nil, into)
}

func (s *scene) talk(ctx context.Context, method, path string, body io.Reader, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, s.control+"/_world/"+path, body)
	if err != nil {
		return err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	b, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %d %s", method, path, resp.StatusCode, b)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(b, into)
}

// exitCode is a command's end: its code, or that it was killed.
func exitCode(cmd *exec.Cmd) (code int, killed bool) {
	w, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	return cmd.ProcessState.ExitCode(), ok && w.Signaled() && w.Signal() == syscall.SIGKILL
}
