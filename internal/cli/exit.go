package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/approval"
	"github.com/firebreak/firebreak/internal/diag"
	"github.com/firebreak/firebreak/internal/drive/local"
	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/term"
	"github.com/firebreak/firebreak/internal/ticket"
)

// Code is an exit code. The numbers are a contract.
type Code int

// The codes, in the order of their numbers.
const (
	OK          Code = 0
	Internal    Code = 1
	Usage       Code = 2
	Findings    Code = 3
	Approval    Code = 4
	Gate        Code = 5
	Stale       Code = 6
	Refused     Code = 7
	Unknown     Code = 8
	Locked      Code = 9
	Unverified  Code = 10
	Interrupted Code = 130
)

// exit is one row of the table: a code, what people and scripts read about it, and
// which errors of other packages mean it.
type exit struct {
	Code    Code
	Name    string
	Meaning string
	When    string
	is      func(error) bool
}

// exits is the one table: the mapping, the help topic and docs/exit-codes.md come
// from it.
func exits() []exit {
	return []exit{
		{OK, "ok", "done, and proven as far as it was asked for", "every command", nil},
		{Internal, "internal", "a defect or a failing disk; the message says which", "every command", nil},
		{Usage, "usage", "the command line, configuration or playbook is wrong; nothing was run", "every command", isUsage},
		{Findings, "findings", "there are findings or drift; `rehearse`: not contained", "inventory, boundary, rehearse", nil},
		{Approval, "needs approval", "a confirmation or an approval is needed and nobody could be asked", "run, resume", as[*approval.Rejected]},
		{Gate, "gate", "a gate holds the rest back; status says why", "run, resume", nil},
		{Stale, "stale", "the plan no longer fits; irreversible actions need approval again", "run, resume", nil},
		{Refused, "refused", "a provider refused an action; the incident can be resumed", "run, resume", nil},
		{Unknown, "unknown", "it cannot be told whether something happened; settle it before relying on anything", "run, resume", nil},
		{Locked, "locked", "another living process owns the incident", "run, resume", func(err error) bool { return as[*journal.Locked](err) || as[*journal.Fenced](err) }},
		{Unverified, "not verified", "a journal, checkpoint or approval does not verify", "verify, run, resume", isDamage},
		{Interrupted, "interrupted", "stopped by a person: Ctrl-C, a pause, a hand-over; what ran is recorded, the incident can be resumed", "every command", isInterrupt},
	}
}

// precedence says which code wins when several hold, strongest first.
func precedence() []Code { return []Code{Unknown, Refused, Gate, Stale, Approval} }

// Fault is an error that knows its exit code and the next step for the person who
// reads it.
type Fault struct {
	Code Code
	Err  error
	Next string
}

func (f *Fault) Error() string { return f.Err.Error() }
func (f *Fault) Unwrap() error { return f.Err }

// fault makes a Fault; next is the next step, "" when err says it.
func fault(c Code, next, format string, args ...any) error {
	return &Fault{c, fmt.Errorf(format, args...), next}
}

// CodeOf gives the exit code for err. Of joined errors the strongest counts.
func CodeOf(err error) Code {
	if err == nil {
		return OK
	}
	found := codes(err, nil)
	for _, c := range precedence() {
		if slices.Contains(found, c) {
			return c
		}
	}
	for _, c := range found {
		if c != Internal {
			return c
		}
	}
	return Internal
}

func codes(err error, found []Code) []Code {
	var f *Fault
	if joined, ok := err.(interface{ Unwrap() []error }); ok { // each branch is looked at by itself
		for _, e := range joined.Unwrap() {
			found = codes(e, found)
		}
		return found
	}
	if errors.As(err, &f) {
		return append(found, f.Code)
	}
	for _, x := range exits() {
		if x.is != nil && x.is(err) {
			return append(found, x.Code)
		}
	}
	return append(found, Internal)
}

func as[T error](err error) bool {
	var t T
	return errors.As(err, &t)
}

func isInterrupt(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, term.ErrLeft)
}

// writeExitCodes writes the table as the help topic shows it.
func writeExitCodes(w io.Writer) error {
	var b strings.Builder
	b.WriteString("Exit codes. Scripts may depend on them.\n\n")
	for _, x := range exits() {
		fmt.Fprintf(&b, "%5d  %-14s  %s\n", x.Code, x.Name, strings.ReplaceAll(x.Meaning, "`", ""))
	}
	b.WriteString("\n" + precedenceText() + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func precedenceText() string {
	p := precedence()
	words := make([]string, len(p))
	for i, c := range p {
		words[i] = fmt.Sprint(int(c))
	}
	return "When several hold: " + strings.Join(words, " over ") + ". rehearse ends with 0 or 3 for its outcome; 9 and 10 stand alone."
}

// exitCodesMarkdown is docs/exit-codes.md.
func exitCodesMarkdown() []byte {
	var b strings.Builder
	b.WriteString("<!-- Generated from internal/cli/exit.go by make generate. -->\n# Exit codes\n\n| code | name | meaning | given by |\n|---|---|---|---|\n")
	for _, x := range exits() {
		fmt.Fprintf(&b, "| %d | %s | %s | %s |\n", x.Code, x.Name, x.Meaning, x.When)
	}
	b.WriteString("\n" + precedenceText() + "\n")
	return []byte(b.String())
}

func isUsage(err error) bool {
	return as[diag.List](err) || as[*local.Elsewhere](err) || as[*local.NotYours](err) || as[*local.Nobody](err) || as[*journal.Newer](err) || as[*journal.Exists](err) || as[*ticket.Gone](err) || as[adapters.Unconfigured](err) || as[adapters.NotThere](err)
}

func isDamage(err error) bool {
	return as[*journal.Damaged](err) || as[*journal.Refuted](err)
}
