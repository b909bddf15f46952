package acceptance

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/world"
)

// place is where in the life of a mutating call the process is killed.
type place string

const (
	beforeEffect place = "before its effect"  // the provider has the request and did nothing yet
	afterEffect  place = "after its effect"   // it happened, the answer is not sent
	afterAnswer  place = "after the answer"   // which is not recorded
	afterFsync   place = "after the fsync"    // of its outcome
	beforeSeal   place = "before the sealing" // of what a mint's answer holds
	anywhere     place = "at random"
)

// places are the four of every mutating call.
func places() []place { return []place{beforeEffect, afterEffect, afterAnswer, afterFsync} }

// point is one kill: at the n-th mutating call, or a while after the start.
type point struct {
	place place
	n     int
	after time.Duration
}

func (p point) String() string {
	if p.place == anywhere {
		return fmt.Sprintf("killed %s, after %s", p.place, p.after.Round(time.Millisecond))
	}
	return fmt.Sprintf("killed %s, call %d", p.place, p.n)
}

// fall is what a kill met and how the incident ended after it.
type fall struct {
	point
	met     bool // false: the incident ended before the point was reached
	held    world.Hold
	actions []string // ids of the actions whose call was held or just recorded, or else in doubt, when the process died
	early   bool     // there was no incident yet
	ends    []int    // exit codes of the sittings after it
	end     map[string]string
	calls   int      // mutating calls the world got in all
	order   []string // action ids of the intents, in the journal's order
	took    time.Duration
}

// play carries an incident out in a fresh world, killed at p, and resumes it until
// it is closed. The zero point is never reached.
func play(ctx context.Context, bin, dir string, p point) (f fall, err error) {
	f = fall{point: p}
	began := time.Now()
	s, err := openScene(ctx, bin, dir)
	if err != nil {
		return f, err
	}
	defer func() {
		f.took = time.Since(began)
		if err = errors.Join(err, s.close()); err != nil {
			err = fmt.Errorf("%s: %w\n%s", p, err, tail(s.said.String(), 40))
		}
	}()
	end := s.team()
	err = s.suffer(&f)
	if err == nil && f.met {
		err = s.recover(&f)
	}
	if err := errors.Join(err, end()); err != nil {
		return f, err
	}
	return f, s.judge(&f)
}

// suffer runs the incident until it is killed at its point, or ends before.
func (s *scene) suffer(f *fall) error {
	cmd := s.run()
	var kill func(*exec.Cmd, <-chan struct{}) error
	switch f.place {
	case beforeEffect, afterEffect:
		when := world.Before
		if f.place == afterEffect {
			when = world.After
		}
		if err := s.tell("hold", world.Hold{Number: f.n, When: when}); err != nil {
			return err
		}
		kill = func(cmd *exec.Cmd, gone <-chan struct{}) (err error) {
			f.held, err = s.killHeld(cmd, gone)
			return err
		}
	case beforeSeal:
		cmd.Env = append(slices.Clone(cmd.Env), fmt.Sprintf("FIREBREAK_CRASH=before-seal:%d", f.n))
	case afterAnswer:
		cmd.Env = append(slices.Clone(cmd.Env), fmt.Sprintf("FIREBREAK_CRASH=after-answer:%d", f.n))
	case afterFsync:
		cmd.Env = append(slices.Clone(cmd.Env), fmt.Sprintf("FIREBREAK_CRASH=after-fsync:%d", f.n))
	case anywhere:
		kill = func(cmd *exec.Cmd, gone <-chan struct{}) error {
			t := time.NewTimer(f.after)
			defer t.Stop()
			select {
			case <-t.C:
				return cmd.Process.Kill()
			case <-gone:
				return nil
			}
		}
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	gone, killed := make(chan struct{}), make(chan error, 1)
	if kill == nil {
		killed <- nil
	} else {
		go func() { killed <- kill(cmd, gone) }()
	}
	wait := cmd.Wait()
	close(gone)
	if err := <-killed; err != nil {
		return err
	}
	code, signal := exitCode(cmd)
	if f.met = signal; !signal && code != 0 {
		return fmt.Errorf("it was not killed, but ended with %d: %w", code, wait)
	}
	if err := s.tell("release", nil); err != nil {
		return err
	}
	return s.ask(s.ctx, "idle", nil)
}

// killHeld kills a process as soon as the world holds a call of it. The call goes
// on only when its caller is gone.
func (s *scene) killHeld(cmd *exec.Cmd, gone <-chan struct{}) (world.Hold, error) {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	go func() {
		select {
		case <-gone:
			cancel()
		case <-ctx.Done():
		}
	}()
	var held []world.Hold
	if err := s.ask(ctx, "held", &held); err != nil {
		if errors.Is(err, context.Canceled) && s.ctx.Err() == nil {
			err = nil // it ended before the call
		}
		return world.Hold{}, err
	}
	if err := cmd.Process.Kill(); err != nil {
		return world.Hold{}, err
	}
	return held[0], s.ask(s.ctx, "idle", nil) // the world knows that the caller is gone
}

// sittings bounds how often an incident is taken up again.
const sittings = 5

// recover looks at what the dead process left and resumes until the incident is closed.
func (s *scene) recover(f *fall) error {
	dir, err := s.incident()
	if err != nil {
		return err
	}
	if dir == "" {
		f.early = true
	} else if err := s.examine(f, dir); err != nil {
		return err
	}
	for range sittings {
		cmd := s.command("resume", "--non-interactive")
		if f.early && len(f.ends) == 0 {
			cmd = s.run()
		}
		err := cmd.Run()
		code, _ := exitCode(cmd)
		f.ends = append(f.ends, code)
		if err == nil {
			return nil
		}
	}
	return fmt.Errorf("not closed after sittings that ended with %d: %s", f.ends, s.standing())
}

// standing is what status says.
func (s *scene) standing() string {
	out, err := s.command("status").Output()
	if err != nil {
		return err.Error()
	}
	return string(out)
}

// examine finds which calls the kill fell on, and that none of them is called done
// (invariant I11).
func (s *scene) examine(f *fall, dir string) error {
	r, err := journal.Read(dir)
	if err != nil {
		return fmt.Errorf("the journal of a killed process: %w", err)
	}
	doubt := inDoubt(r.Events)
	switch f.place {
	case afterFsync:
		f.actions = lastRecorded(r.Events)
	case beforeEffect, afterEffect:
		f.actions = meant(f.held, doubt)
		if len(f.actions) != 1 {
			return fmt.Errorf("I4: the world held %s %s, which is a call of %d of the actions in doubt %s", f.held.Call, f.held.Object, len(f.actions), doubt)
		}
	default:
		f.actions = doubt
	}
	var told struct {
		State   string `json:"state"`
		Actions []struct {
			ID      string `json:"id"`
			Outcome string `json:"outcome"`
		} `json:"actions"`
	}
	if err := s.reads(&told, "status", "--output", "json"); err != nil {
		return err
	}
	for _, a := range told.Actions {
		if slices.Contains(doubt, a.ID) && a.Outcome != "unknown" {
			return fmt.Errorf("I11: a call of %s is in doubt and status says %q", a.ID, a.Outcome)
		}
	}
	return nil
}

// inDoubt lists the actions with a call that has no outcome.
func inDoubt(events []respond.Event) []string {
	open := map[string]string{}
	for _, e := range events {
		switch v := e.Data.(type) {
		case respond.Intended:
			open[fmt.Sprint(v.Action, v.Number)] = v.Action
		case respond.Outcome:
			delete(open, fmt.Sprint(v.Action, v.Number))
		}
	}
	var out []string
	for _, id := range open {
		out = append(out, id)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// lastRecorded is the action of the last outcome.
func lastRecorded(events []respond.Event) []string {
	for _, e := range slices.Backward(events) {
		if o, ok := e.Data.(respond.Outcome); ok {
			return []string{o.Action}
		}
	}
	return nil
}

// meant finds the action whose call the world held, among those in doubt.
func meant(h world.Hold, doubt []string) []string {
	use := map[string]string{
		"PUT workflow disable":                    "/github.workflow.disable/",
		"PUT workflow enable":                     "/github.workflow.enable/",
		"POST run cancel":                         "/github.runs.cancel/",
		"POST run force-cancel":                   "/github.runs.cancel/",
		"DELETE cache":                            "/github.caches.purge/",
		"POST workflow dispatch":                  "/github.workflow.dispatch/",
		"PUT secret":                              "/github.secret.put/",
		"PUT environment secret":                  "/github.secret.put/",
		"POST ruleset":                            "/github.ruleset.freeze/",
		"DELETE ruleset":                          "/github.ruleset.lift/",
		"PUT environment":                         "/github.environment.",
		"DELETE environment branch":               "/github.environment.freeze/",
		"POST environment branch":                 "/github.environment.lift/",
		"PUT fork approval":                       "/github.fork_approval.",
		"PUT actions permissions":                 "/github.actions.",
		"PUT selected actions":                    "/github.actions.reopen",
		"PUT default permissions":                 "/github.default_token.",
		"iam UpdateAssumeRolePolicy":              "/aws.role.deny_trust/",
		"iam PutUserPolicy":                       "/aws.user.revoke_sessions/",
		"iam PutRolePolicy":                       "/aws.role.revoke_sessions/",
		"iam CreateAccessKey":                     "/aws.access_key.mint/",
		"iam UpdateAccessKey":                     "/aws.access_key.disable/",
		"iam DeleteAccessKey":                     "/aws.access_key.destroy/",
		"secretsmanager PutSecretValue":           "/aws.secretsmanager.put/",
		"vault PUT jwt role":                      "/vault.jwt_role.block/",
		"vault POST revoke-accessor":              "/vault.token.revoke/",
		"vault PUT kv data":                       "/vault.kv.put/",
		"vault PUT kv destroy":                    "/vault.kv.destroy/",
		"secretsmanager UpdateSecretVersionStage": "/aws.secretsmanager.forget/",
		"ssm PutParameter":                        "/aws.ssm.put/",
		"npm POST token":                          "/npm.token.mint/",
		"npm DELETE token":                        "/npm.token.revoke/",
	}[h.Call]
	return slices.DeleteFunc(slices.Clone(doubt), func(id string) bool {
		name := h.Object[strings.LastIndexByte(h.Object, '/')+1:]
		return use == "" || !strings.Contains(id, use) || use == "/github.secret.put/" && !strings.HasSuffix(id, "/"+name)
	})
}
