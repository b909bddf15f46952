package cli

import (
	"errors"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/term"
)

// Factory gives commands what they are built over. Its methods open nothing
// before they are called.
type Factory struct {
	Version  string
	IO       *term.Streams
	Redactor *secret.Redactor
	Environ  map[string]string
	Now      func() time.Time

	// flags every command has
	config   string
	output   string
	noColor  bool
	stateDir string
	verbose  bool
	// accessible asks line by line, for screen readers.
	accessible bool

	masked []*secret.Writer
	pauses pauses
}

// newFactory is the factory of this process.
func newFactory(version string, environ []string) *Factory {
	f := &Factory{Version: version, Redactor: secret.NewRedactor(), Environ: map[string]string{}, Now: time.Now}
	for _, kv := range environ {
		if k, v, ok := strings.Cut(kv, "="); ok {
			f.Environ[k] = v
		}
	}
	f.open()
	return f
}

// open builds the streams, again once the flags are known.
func (f *Factory) open() {
	f.masked = nil
	f.IO = term.New(os.Stdin, os.Stdout, os.Stderr, term.Options{
		Environ: f.Environ,
		NoColor: f.noColor, Accessible: f.accessible,
		Redact: f.Redactor.String,
		Guard: func(w io.Writer) io.Writer {
			m := f.Redactor.Writer(w)
			f.masked = append(f.masked, m)
			return m
		},
	})
}

// flush gives out what the redactor held back.
func (f *Factory) flush() error {
	var errs []error
	for _, m := range f.masked {
		errs = append(errs, m.Flush())
	}
	return errors.Join(errs...)
}

// addFlags adds the flags every command has.
func (f *Factory) addFlags(root *cobra.Command) {
	p := root.PersistentFlags()
	p.StringVar(&f.config, "config", "", "configuration `file` (default: firebreak/firebreak.yaml in the XDG configuration folder)")
	p.StringVar(&f.output, "output", "", "output `format`: human, json; some commands know more")
	p.BoolVar(&f.noColor, "no-color", false, "no colours; the variable NO_COLOR does the same")
	p.BoolVar(&f.accessible, "accessible", false, "ask in plain lines, one after another; the variable ACCESSIBLE does the same")
	p.StringVar(&f.stateDir, "state-dir", "", "`folder` for incidents (default: firebreak in the XDG state folder)")
	p.BoolVarP(&f.verbose, "verbose", "v", false, "tell every reading and call on stderr")
}

// format gives the output format, the first of allowed when none was asked for.
func (f *Factory) format(allowed ...string) (string, error) {
	switch {
	case f.output == "":
		return allowed[0], nil
	case slices.Contains(allowed, f.output):
		return f.output, nil
	}
	return "", fault(Usage, "", "--output %s is not known here; use one of %s", f.output, strings.Join(allowed, ", "))
}

// stateFolder is where incidents lie. It need not exist.
func (f *Factory) stateFolder() (string, error) {
	if f.stateDir != "" {
		return filepath.Abs(f.stateDir)
	}
	return f.xdg("XDG_STATE_HOME", filepath.Join(".local", "state"), "--state-dir")
}

// configFile is where the configuration is read from, and whether it was named.
// The working directory is never searched: it may be the attacker's.
func (f *Factory) configFile() (path string, named bool, err error) {
	if f.config != "" {
		return f.config, true, nil
	}
	dir, err := f.xdg("XDG_CONFIG_HOME", ".config", "--config")
	return filepath.Join(dir, "firebreak.yaml"), false, err
}

func (f *Factory) xdg(variable, below, flag string) (string, error) {
	if dir := f.Environ[variable]; filepath.IsAbs(dir) {
		return filepath.Join(dir, "firebreak"), nil
	}
	if home := f.Environ["HOME"]; home != "" {
		return filepath.Join(home, below, "firebreak"), nil
	}
	return "", fault(Usage, "", "neither %s nor HOME is set; name a place with %s", variable, flag)
}

// operator is who sits here, for the journal: FIREBREAK_OPERATOR, where several people
// share a login, or the login's name.
func (f *Factory) operator() string {
	if name := strings.TrimSpace(f.Environ["FIREBREAK_OPERATOR"]); name != "" {
		return name
	}
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "unknown"
}

// owner names this process for an incident's lock.
func (f *Factory) owner() journal.Owner {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return journal.Owner{Host: host, Process: os.Getpid(), User: f.operator(), Since: f.Now()}
}
