package cli

import (
	"regexp"
	"strings"
)

// inPlace are the commands that find an incident by the flags this one was given.
var inPlace = regexp.MustCompile(`firebreak (?:resume|status|show|report|verify|settle|rollback|handover|run|approve|survey)( inc-[0-9]+-[0-9a-f]+)?\b`)

// spelled gives a next step with the flags that the commands in it need to find the
// same incident and configuration, so that it can be copied.
func (f *Factory) spelled(next string) string {
	var flags string
	if f.config != "" {
		flags += " --config " + quoted(f.config)
	}
	if f.stateDir != "" {
		flags += " --state-dir " + quoted(f.stateDir)
	}
	if flags == "" {
		return next
	}
	return inPlace.ReplaceAllStringFunc(next, func(cmd string) string { return cmd + flags })
}

// quoted is a word as a POSIX shell takes it.
func quoted(s string) string {
	if s != "" && strings.IndexFunc(s, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@%+=,", r)
	}) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
