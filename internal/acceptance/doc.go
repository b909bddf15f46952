// Package acceptance holds tests of the built binary: processes of its own, a world
// in a process of its own, and nothing between them but HTTP, files and signals. It
// exports nothing and is imported by nobody.
//
// The crash tests kill `firebreak run` with SIGKILL around every mutating call of
// the shipped playbook and hold the resumed incident's end against that of one never
// killed. `make test` runs a share of the points that rotates places over calls;
// `make soak` (FIREBREAK_SOAK set) runs all of them, and random moments besides.
package acceptance
