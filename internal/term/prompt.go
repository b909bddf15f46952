package term

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/huh"

	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/view"
)

// ErrLeft is returned when the person left a prompt (Ctrl-C, end of input).
var ErrLeft = errors.New("the prompt was left")

// option is one choice: its word in the journal and what a person reads.
type option struct{ word, label string }

// choose asks for one of options.
func (s *Streams) choose(ctx context.Context, title string, options []option) (string, error) {
	var word string
	opts := make([]huh.Option[string], len(options))
	for i, o := range options {
		opts[i] = huh.NewOption(o.label, o.word)
	}
	f := huh.NewSelect[string]().Title(s.clean(title)).Options(opts...).Value(&word)
	return word, s.ask(ctx, f)
}

// line asks for a line of text that want accepts.
func (s *Streams) line(ctx context.Context, title string, want func(string) error) (string, error) {
	var text string
	f := huh.NewInput().Title(s.clean(title)).Value(&text).Validate(want)
	err := s.ask(ctx, f)
	return strings.TrimSpace(text), err
}

// hidden asks for a secret value without showing it.
func (s *Streams) hidden(ctx context.Context, title string) (secret.Text, error) {
	var text string
	f := huh.NewInput().Title(s.clean(title)).EchoMode(huh.EchoModePassword).Value(&text).Validate(notEmpty)
	if err := s.ask(ctx, f); err != nil {
		return secret.Text{}, err
	}
	return secret.NewString(strings.TrimRight(text, "\r\n")), nil
}

// yes asks a yes-or-no question.
func (s *Streams) yes(ctx context.Context, title string) (bool, error) {
	var ok bool
	err := s.ask(ctx, huh.NewConfirm().Title(s.clean(title)).Affirmative("Go").Negative("Skip").Value(&ok))
	return ok, err
}

func (s *Streams) ask(ctx context.Context, f huh.Field) error {
	form := huh.NewForm(huh.NewGroup(f)).
		WithInput(s.In).WithOutput(s.Terminal).
		WithAccessible(s.Accessible).WithTheme(s.theme()).
		WithWidth(min(s.width, 100))
	var err error
	if s.Accessible {
		err = cut(ctx, form.Run)
	} else {
		err = form.RunWithContext(ctx)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, huh.ErrUserAborted), errors.Is(err, io.EOF), ctx.Err() != nil:
		return ErrLeft
	}
	return fmt.Errorf("ask on the terminal: %w", err)
}

// cut runs a blocking question and stops waiting for it when ctx ends. The read
// from the terminal itself cannot be broken off; it ends with the process.
func cut(ctx context.Context, run func() error) error {
	done := make(chan error, 1)
	go func() { done <- run() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Streams) theme() *huh.Theme {
	if s.ErrColor {
		return huh.ThemeBase16()
	}
	return huh.ThemeBase()
}

// show writes lines to the terminal while a prompt holds the screen.
func (s *Streams) show(text string) error {
	_, err := io.WriteString(s.Terminal, view.Fit(view.Block(s.Redact(text)), s.width, 2))
	return err
}

func (s *Streams) clean(text string) string { return view.Line(s.Redact(text)) }

func notEmpty(s string) error {
	if strings.TrimSpace(s) == "" {
		return errors.New("something is needed here; Ctrl-C goes back")
	}
	return nil
}

// Passphrase asks for the passphrase of a key file without showing it.
func (s *Streams) Passphrase(ctx context.Context, key string) (secret.Text, error) {
	return s.hidden(ctx, "Passphrase of "+key)
}
