package adaptertest

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"

	"github.com/firebreak/firebreak/adapters"
)

// ran are the actions Run was called for in this test binary.
var ran = struct {
	sync.Mutex
	actions map[string]bool
}{actions: map[string]bool{}}

func note(action string) {
	ran.Lock()
	defer ran.Unlock()
	ran.actions[action] = true
}

// Every makes a provider's tests fail when the suite was not run for every action
// it has. Use it from TestMain:
//
//	func TestMain(m *testing.M) { os.Exit(adaptertest.Every{M: m, Provider: provider}.Run()) }
//
// A run of some tests only (go test -run, -skip, -list) is not judged.
type Every struct {
	M        interface{ Run() int } // *testing.M
	Provider adapters.Provider
}

// Run runs the tests and gives the exit code.
func (e Every) Run() int {
	code := e.M.Run()
	for _, name := range []string{"test.run", "test.skip", "test.list"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return code
		}
	}
	for _, name := range e.missing() {
		fmt.Fprintf(os.Stderr, "the conformance suite was not run for %s; call adaptertest.Run for it\n", name)
		code = max(code, 1)
	}
	return code
}

func (e Every) missing() []string {
	ran.Lock()
	defer ran.Unlock()
	var out []string
	for _, a := range e.Provider.Actions() {
		if name := a.Spec().Name; !ran.actions[name] {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
