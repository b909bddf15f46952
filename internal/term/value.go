package term

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	xterm "golang.org/x/term"

	"github.com/firebreak/firebreak/internal/secret"
)

// value asks for a secret value. A prompt is one line, and private keys have many: what a
// terminal made of a pasted key is put right again, and @FILE reads a file.
func (s *Streams) value(ctx context.Context, title string) (secret.Text, error) {
	var v secret.Text
	_, err := s.hiddenUntil(ctx, title, func(typed string) (wrong error) {
		if wrong = notEmpty(typed); wrong == nil {
			v, wrong = meant(typed)
		}
		return wrong
	})
	return v, err
}

const (
	begins = "-----BEGIN "
	ends   = "-----END "
	dashes = "-----"
	widest = 64      // RFC 7468, 2: characters of a line
	most   = 1 << 20 // of a file that holds one value
)

// meant is the value that was typed: a file's content for @FILE, a key in its own lines
// for a key that was pasted into one, else what stands there. @@ begins a value with @.
func meant(typed string) (secret.Text, error) {
	typed = strings.TrimRight(typed, "\r\n")
	switch {
	case strings.HasPrefix(typed, "@@"):
		return secret.NewString(typed[1:]), nil
	case strings.HasPrefix(typed, "@"):
		return ofFile(typed[1:])
	case strings.HasPrefix(strings.TrimSpace(typed), begins):
		return unfolded(strings.TrimSpace(typed))
	}
	return secret.NewString(typed), nil
}

func ofFile(name string) (secret.Text, error) {
	const help = "; type its name after @, or @@ where the value itself begins with @"
	if rest, ok := strings.CutPrefix(name, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return secret.Text{}, fmt.Errorf("%w%s", err, help)
		}
		name = filepath.Join(home, rest)
	}
	f, err := os.Open(name)
	if err != nil {
		return secret.Text{}, fmt.Errorf("the file cannot be read: %w%s", errors.Unwrap(err), help)
	}
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return secret.Text{}, fmt.Errorf("the file cannot be read: %w%s", err, help)
	}
	text := strings.TrimRight(string(b), "\r\n")
	switch {
	case text == "" || len(b) > most:
		return secret.Text{}, errors.New("the file is empty, or too large to be one value" + help)
	case strings.HasPrefix(text, begins):
		text += "\n" // OpenSSH reads no key without it
	}
	return secret.NewString(text), nil
}

// unfolded gives a key its lines back. A terminal that pastes turns line ends into spaces,
// one that types into nothing.
// Source: RFC 7468; bubbles, textinput: the sanitizer replaces newlines.
func unfolded(typed string) (secret.Text, error) {
	const help = "; type @FILE to have the key read from its file"
	head, body, ok := strings.Cut(strings.TrimPrefix(typed, begins), dashes)
	body, label, ended := strings.Cut(body, ends)
	if !ok || !ended || strings.TrimRight(label, " \r\n") != head+dashes {
		return secret.Text{}, errors.New("this is a part of a key" + help)
	}
	text := strings.Join(strings.Fields(body), "")
	if _, err := base64.StdEncoding.DecodeString(text); err != nil || text == "" {
		return secret.Text{}, errors.New("the key is not whole, or has more than a key in it" + help)
	}
	var b strings.Builder
	b.WriteString(begins + head + dashes + "\n")
	for len(text) > widest {
		b.WriteString(text[:widest] + "\n")
		text = text[widest:]
	}
	b.WriteString(text + "\n" + ends + head + dashes + "\n")
	return secret.NewString(b.String()), nil
}

// whole reports whether a line that was read without a terminal's help ends a value: a key
// goes on until its last line.
func whole(text string) bool {
	return !strings.HasPrefix(strings.TrimSpace(text), begins) || strings.Contains(text, ends)
}

// unseen reads a value that may have many lines without showing any of them. The terminal
// shows nothing from the first line to the last: between two reads of a line it would.
// It is the terminal's again as soon as nobody waits any more.
func (*Streams) unseen(ctx context.Context, f *os.File, text *string) error {
	was, err := xterm.MakeRaw(int(f.Fd()))
	if err != nil {
		return err
	}
	var typed string
	more := func() bool { return waiting(f) }
	err = cut(ctx, func() (err error) { typed, err = keys(f, more); return err })
	if err := errors.Join(err, xterm.Restore(int(f.Fd()), was)); err != nil {
		return err
	}
	*text = typed
	return nil
}

// The keys that mean something while nothing is shown.
const (
	interrupt = 0x03
	endOfText = 0x04
	backspace = 0x08
	killLine  = 0x15
	erase     = 0x7f
)

// keys reads keys to the end of the value. Interrupting and the end of the input are both
// the end of the asking. A line behind which more waits is not the last one: it was pasted
// with what follows, which would be shown and taken for answers.
func keys(r io.Reader, more func() bool) (string, error) {
	var text []byte
	one := make([]byte, 1)
	for {
		n, err := r.Read(one)
		switch {
		case n == 0 && err != nil:
			return "", err
		case n == 0:
		case one[0] == interrupt, one[0] == endOfText && len(text) == 0:
			return "", io.EOF
		case one[0] == '\r', one[0] == '\n':
			if whole(string(text)) && !more() {
				return string(text), nil
			}
			text = append(text, '\n')
		case one[0] == killLine:
			text = text[:0]
		case one[0] == backspace, one[0] == erase:
			_, size := utf8.DecodeLastRune(text)
			text = text[:len(text)-size]
		default:
			text = append(text, one[0])
		}
	}
}
