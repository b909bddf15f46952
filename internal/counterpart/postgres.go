package counterpart

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/firebreak/firebreak/internal/tally"
)

// PostgreSQL is the server's name in claims; any release since 12 will do.
const PostgreSQL = "PostgreSQL (Debian's)"

// PostgresServer is a database cluster on a loopback port, with SCRAM for everybody.
type PostgresServer struct {
	Host     string // 127.0.0.1:PORT
	Boss     string // superuser
	Password string
}

// PostgresBinaries is the folder with initdb and postgres; "" where there is none.
func PostgresBinaries() string {
	all, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // where Debian has them, beside each other
	if err == nil && len(all) > 0 {
		return filepath.Dir(slices.Max(all))
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return ""
	}
	return filepath.Dir(path)
}

// Postgres makes and starts a cluster, which ends with the test. It comes from the
// system's packages, which not everybody may install: where it is missing the test is
// skipped, and the tally says so.
func Postgres(t testing.TB) PostgresServer {
	t.Helper()
	bin := PostgresBinaries()
	if bin == "" {
		tally.Note(t, "SKIPPED: %s: PostgreSQL cannot be had: there is no initdb", t.Name())
		t.Skip("there is no initdb; install the package postgresql")
	}
	as, dir := postgresUser(t), sharedFolder(t)
	s := PostgresServer{Boss: "boss", Password: "correct-horse-battery-staple"}
	secret := filepath.Join(dir, "password")
	if err := os.WriteFile(secret, []byte(s.Password+"\n"), 0o644); err != nil { //nolint:gosec // read by another user; of a server that lives for a test
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	initdb := exec.CommandContext(t.Context(), filepath.Join(bin, "initdb"), "-D", data, "-A", "scram-sha-256", "-U", s.Boss, "--pwfile", secret, "--no-sync", "-E", "UTF8", "--locale", "C")
	initdb.SysProcAttr, initdb.Env, initdb.Dir = as, []string{"PATH=" + os.Getenv("PATH")}, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	s.Host = freePort(t)
	_, port, err := net.SplitHostPort(s.Host)
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-c", "listen_addresses=127.0.0.1", "-c", "port="+port, "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "log_statement=all") //nolint:noctx // ended below
	cmd.SysProcAttr, cmd.Env, cmd.Dir, cmd.Stderr = as, initdb.Env, dir, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Errorf("stop PostgreSQL: %v", err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("PostgreSQL ended badly: %v\n%s", err, said.String())
		}
		if strings.Contains(said.String(), leaked) {
			t.Errorf("the server's log holds a value that was set")
		}
	})
	s.await(t)
	return s
}

// sharedFolder is one that the server's user may write to, and everybody gets to.
func sharedFolder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "firebreak-postgres-")
	if err == nil {
		err = os.Chmod(dir, 0o777) //nolint:gosec // the server runs as another user
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("remove the cluster: %v", err)
		}
	})
	return dir
}

// leaked begins the passwords that tests choose; none may come to a server's log.
const leaked = "never-log-me"

// postgresUser is whom the server runs as: it refuses root.
func postgresUser(t testing.TB) *syscall.SysProcAttr {
	t.Helper()
	if os.Geteuid() != 0 {
		return &syscall.SysProcAttr{}
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uerr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gerr := strconv.ParseUint(u.Gid, 10, 32)
		if uerr == nil && gerr == nil {
			return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		}
	}
	t.Fatal("PostgreSQL refuses root, and there is neither a user postgres nor nobody")
	return nil
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// await waits until the server takes people in.
func (s PostgresServer) await(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		c, err := pgx.Connect(ctx, "postgres://"+s.Boss+":"+s.Password+"@"+s.Host+"/postgres?sslmode=disable")
		if err == nil {
			if err := c.Close(ctx); err != nil {
				t.Fatal(err)
			}
			return
		}
		if ctx.Err() != nil {
			t.Fatal(fmt.Errorf("PostgreSQL does not start: %w", err))
		}
		time.Sleep(20 * time.Millisecond) // a process of its own starts
	}
}
