// Package cli is the command line: one file a command, the exit-code table, and
// the wiring of everything else.
//
// A command is an Options struct, NewCmdX(f, runF) that fills it from flags and
// arguments, and xRun(opts) that does the work. Nothing is opened, read or dialled
// before xRun. Main is the entry point.
package cli
