package workflow

import (
	"strings"
)

// Kind is what a known action or command is for.
type Kind string

const (
	Checkout Kind = "checkout"
	Login    Kind = "login"    // becomes an identity or takes a credential for later steps
	Publish  Kind = "publish"  // hands a package, image or release to others
	Deploy   Kind = "deploy"   // changes a running system
	Rotate   Kind = "rotate"   // changes credentials or who may do what
	Sign     Kind = "sign"     // signs or attests
	Read     Kind = "read"     // reads what is not public
	Mint     Kind = "mint"     // makes a credential of another
	Load     Kind = "load"     // fetches secrets from where they are kept
	Tell     Kind = "tell"     // sends messages or reports
	Repo     Kind = "repo"     // changes the repository or its issues with the job's token
	Build    Kind = "build"    // builds or tests what is in the working tree
	Caches   Kind = "cache"    // restores and saves a cache shared between runs
	Restore  Kind = "restore"  // only restores one
	Save     Kind = "save"     // only saves one
	Upload   Kind = "upload"   // stores an artifact
	Download Kind = "download" // fetches an artifact
	Verify   Kind = "verify"   // checks a signature, an attestation or a digest
	Setup    Kind = "setup"    // puts tools in place
)

// Known is a public action whose meaning for secrets is known. A row is data: what
// is not written in it is not claimed.
type Known struct {
	Uses   string // "owner/name" or "owner/name/path", lower case
	Kind   Kind
	System string // "aws", "vault", "npm", ...
	// Identity is the kind of identity a login becomes (as in firebreak.yaml) and Input
	// the input that names it; Mount the input that names where it logs in.
	Identity, Input, Mount string
	// Secrets are the inputs that take a credential's value, Env the variables it reads one from.
	Secrets, Env []string
	// When, an input that must be set for Kind to hold (a setup action's "cache").
	When string
	// Script is the input that it runs as a shell script on the runner.
	Script string
	// Needs are the permissions of GITHUB_TOKEN it uses, as "scope: level"; nil where
	// that depends on what it is told or is not known. None says that it uses none.
	Needs []string
	// Token: it takes GITHUB_TOKEN without being given it, and hands it on to later steps.
	Token bool
	// OIDC: it asks GitHub for an OIDC token: always ("always"), where none of Secrets is
	// given ("without"), or where the named input is "true".
	OIDC string
	// Trusted names what it becomes when it publishes by OIDC alone.
	Trusted string
	Source  string
}

// None are the needs of what does not touch GITHUB_TOKEN.
var None = []string{}

// byName finds a row by its name.
var byName = func() map[string]*Known {
	all := map[string]*Known{}
	for _, rows := range knownActions {
		for i := range rows {
			all[rows[i].Uses] = &rows[i]
		}
	}
	return all
}()

// KnownAction finds the action of a uses value, whatever its ref and case. A path
// below a known action counts as that action.
func KnownAction(uses string) (Known, bool) {
	if k := lookUp(uses); k != nil {
		return *k, true
	}
	return Known{}, false
}

func lookUp(uses string) *Known {
	name, _, _ := strings.Cut(uses, "@")
	name = strings.ToLower(name)
	for {
		if k := byName[name]; k != nil {
			return k
		}
		i := strings.LastIndexByte(name, '/')
		if i < 0 || strings.IndexByte(name, '/') == i {
			return nil
		}
		name = name[:i]
	}
}

// Known gives what a step's action is known for. An action that does something
// only with an input set is not known for it without.
func (s *Step) Known() (Known, bool) {
	if k := s.Row(); k != nil {
		return *k, s.fits(k)
	}
	return Known{}, false
}

// Row is the row of the table for a step's action, nil where it has none; it is not to
// be changed.
func (s *Step) Row() *Known {
	if s.Uses == "" {
		return nil
	}
	return lookUp(s.Uses)
}

// fits says whether the input is set without which a row does not hold.
func (s *Step) fits(k *Known) bool {
	if k.When == "" {
		return true
	}
	v, set := s.Input(k.When)
	return set && v.Value != "" && v.Value != "false"
}

// Fitting is Row where Known says that the step does what the row is about, nil otherwise.
func (s *Step) Fitting() *Known {
	if k := s.Row(); k != nil && s.fits(k) {
		return k
	}
	return nil
}

// ByOIDC says whether the step's action asks GitHub for an OIDC token.
func (s *Step) ByOIDC() bool {
	k, ok := s.Known()
	switch {
	case !ok:
		return false
	case k.OIDC == "always":
		return true
	case k.OIDC == "":
		return false
	case k.OIDC != "without":
		v, _ := s.Input(k.OIDC)
		return v.Value != "" && v.Value != "false"
	}
	for _, name := range k.Secrets {
		if v, set := s.Input(name); set && v.Value != "" {
			return false
		}
	}
	return true
}
