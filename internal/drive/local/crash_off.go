//go:build !crashpoints

package local

// crash does nothing in a program that people use; see crash_on.go.
var crash noCrash

type noCrash struct{}

func (noCrash) pass(string, int) {}
