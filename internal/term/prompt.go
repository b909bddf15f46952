package term

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/huh"
	"github.com/charmbracelet/x/ansi"

	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/view"
)

// ErrLeft is returned when the person left a prompt (Ctrl-C, end of input).
var ErrLeft = errors.New("the prompt was left")

// option is one choice: its word in the journal and what a person reads.
type option struct{ word, label string }

// wordWhere is a choice of the terminal alone, and the key "?" in every choice.
const wordWhere = "where"

// choose asks for one of options. The key "?" is the choice "where".
func (s *Streams) choose(ctx context.Context, title string, options []option) (string, error) {
	if s.Accessible {
		return s.chooseByNumber(ctx, s.clean(title), options)
	}
	var word string
	opts := make([]huh.Option[string], len(options))
	for i, o := range options {
		opts[i] = huh.NewOption(s.clean(o.label), o.word)
	}
	lost := false
	f := huh.NewSelect[string]().Title(s.clean(title)).Options(opts...).Value(&word)
	err := s.ask(ctx, f, func(m tea.Msg) tea.Msg {
		if k, ok := m.(tea.KeyMsg); ok && k.String() == "?" {
			lost = true
			return tea.KeyMsg{Type: tea.KeyEnter} // ends the form, which takes itself off the screen
		}
		return m
	})
	if lost {
		return wordWhere, nil
	}
	return word, err
}

// line asks for a line of text that want accepts; nil accepts everything.
func (s *Streams) line(ctx context.Context, title string, want func(string) error) (string, error) {
	if want == nil {
		want = func(string) error { return nil }
	}
	if s.Accessible {
		return s.lineByLine(ctx, s.clean(title), want)
	}
	var text string
	f := huh.NewInput().Title(s.clean(title)).Value(&text).Validate(want)
	err := s.ask(ctx, f, nil)
	return strings.TrimSpace(text), err
}

// hidden asks for a secret value of one line without showing it.
func (s *Streams) hidden(ctx context.Context, title string) (secret.Text, error) {
	return s.hiddenUntil(ctx, title, notEmpty)
}

// hiddenUntil asks until wrong has nothing to say of what was typed.
func (s *Streams) hiddenUntil(ctx context.Context, title string, wrong func(string) error) (secret.Text, error) {
	if s.Accessible {
		return s.hiddenLine(ctx, s.clean(title), wrong)
	}
	var text string
	f := huh.NewInput().Title(s.clean(title)).EchoMode(huh.EchoModePassword).Value(&text).Validate(wrong)
	if err := s.ask(ctx, f, nil); err != nil {
		return secret.Text{}, err
	}
	return secret.NewString(strings.TrimRight(text, "\r\n")), nil
}

// yes asks a yes-or-no question.
func (s *Streams) yes(ctx context.Context, title string) (bool, error) {
	if s.Accessible {
		word, err := s.chooseByNumber(ctx, s.clean(title), []option{{"go", "Go"}, {"skip", "Skip"}})
		return word == "go", err
	}
	var ok bool
	err := s.ask(ctx, huh.NewConfirm().Title(s.clean(title)).Affirmative("Go").Negative("Skip").Value(&ok), nil)
	return ok, err
}

// ask draws one field. Its width follows the terminal's while it stands. filter, where
// there is one, sees what happens before the field does.
func (s *Streams) ask(ctx context.Context, f huh.Field, filter func(tea.Msg) tea.Msg) error {
	interrupted := false
	watch := func(_ tea.Model, m tea.Msg) tea.Msg {
		if _, is := m.(tea.InterruptMsg); is {
			// A form that is quit takes itself off the screen and gives the keyboard back;
			// one that is interrupted does neither.
			interrupted = true
			return tea.QuitMsg{}
		}
		if filter != nil {
			return filter(m)
		}
		return m
	}
	err := huh.NewForm(huh.NewGroup(f)).
		WithProgramOptions(tea.WithFilter(watch)). // first: it replaces what is set before
		WithInput(s.In).WithOutput(s.Terminal).WithTheme(s.theme()).
		RunWithContext(ctx)
	switch {
	case interrupted, errors.Is(err, huh.ErrUserAborted), errors.Is(err, io.EOF), ctx.Err() != nil:
		return ErrLeft
	case err != nil:
		return fmt.Errorf("ask on the terminal: %w", err)
	}
	return nil
}

func (s *Streams) theme() *huh.Theme {
	if s.ErrColor {
		return huh.ThemeBase16()
	}
	return huh.ThemeBase()
}

// show writes lines to the terminal while a prompt holds the screen. They are broken
// between words, never cut.
func (s *Streams) show(text string) error {
	_, err := io.WriteString(s.Terminal, view.Fit(view.Block(s.Redact(text)), s.Width(), 2))
	return err
}

// print is show for text that a view has finished: escaped, coloured, broken.
func (s *Streams) print(text string) error {
	_, err := io.WriteString(s.Terminal, s.Redact(text))
	return err
}

// promptStyle is the style of finished text for the terminal.
func (s *Streams) promptStyle() view.Style {
	return view.NewStyle(s.Terminal, s.ErrColor).Fitted(s.Width(), s.Redact)
}

// fitsTitle reports whether a title stands in one line above its field.
func (s *Streams) fitsTitle(title string) bool { return ansi.StringWidth(s.clean(title)) < s.Width()-4 }

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

// Line asks for a line of text that want accepts; nil accepts everything. *ErrLeft*
// when the person left.
func (s *Streams) Line(ctx context.Context, title string, want func(string) error) (string, error) {
	return s.line(ctx, title, want)
}

// Choose asks for one of labels and gives its number, from 0.
func (s *Streams) Choose(ctx context.Context, title string, labels []string) (int, error) {
	options := make([]option, len(labels))
	for i, l := range labels {
		options[i] = option{fmt.Sprint(i), l}
	}
	for {
		word, err := s.choose(ctx, title, options)
		if err != nil {
			return 0, err
		}
		for i, o := range options {
			if o.word == word {
				return i, nil
			}
		}
	}
}
