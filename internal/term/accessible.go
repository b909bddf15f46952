package term

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/firebreak/firebreak/internal/secret"
)

// Accessible questions are plain lines, one after another, which a screen reader
// reads as they come. They are our own and not huh's: there the end of the input and
// an empty line stand for the first choice, and here that would be "go ahead".

func (s *Streams) chooseByNumber(ctx context.Context, title string, options []option) (string, error) {
	var b strings.Builder
	b.WriteString(title + "\n")
	for i, o := range options {
		fmt.Fprintf(&b, "%d. %s\n", i+1, o.label)
	}
	if err := s.show(b.String()); err != nil {
		return "", err
	}
	prompt := fmt.Sprintf("Enter a number between 1 and %d, or ? for where you are: ", len(options))
	for {
		text, err := s.prompted(ctx, prompt)
		if err != nil {
			return "", err
		}
		if text == "?" {
			return wordWhere, nil
		}
		if n, err := strconv.Atoi(text); err == nil && n >= 1 && n <= len(options) {
			return options[n-1].word, nil
		}
		prompt = fmt.Sprintf("Nothing was chosen. A number between 1 and %d: ", len(options))
	}
}

func (s *Streams) lineByLine(ctx context.Context, title string, want func(string) error) (string, error) {
	for {
		text, err := s.prompted(ctx, title+": ")
		if err != nil {
			return "", err
		}
		wrong := want(text)
		if wrong == nil {
			return text, nil
		}
		if err := s.show(wrong.Error() + "\n"); err != nil {
			return "", err
		}
	}
}

func (s *Streams) hiddenLine(ctx context.Context, title string, wrong func(string) error) (secret.Text, error) {
	f, ok := s.In.(*os.File)
	if !ok {
		return secret.Text{}, errors.New("a value that is not shown needs a terminal to be typed on")
	}
	for {
		if err := s.show(title + ": "); err != nil {
			return secret.Text{}, err
		}
		var text string
		if err := s.unseen(ctx, f, &text); err != nil {
			return secret.Text{}, left(err)
		}
		if err := s.show("\n"); err != nil {
			return secret.Text{}, err
		}
		why := wrong(text)
		if why == nil {
			return secret.NewString(strings.TrimRight(text, "\r\n")), nil
		}
		if err := s.show(why.Error() + "\n"); err != nil {
			return secret.Text{}, err
		}
	}
}

// prompted writes a prompt and reads the answer's line. The end of the input is
// ErrLeft, whatever stood before it.
func (s *Streams) prompted(ctx context.Context, prompt string) (string, error) {
	if err := s.show(prompt); err != nil {
		return "", err
	}
	var line string
	err := cut(ctx, func() (err error) { line, err = s.readLine(); return err })
	if err != nil {
		return "", left(err)
	}
	return strings.TrimSpace(line), nil
}

// readLine reads to the end of a line and no further: what comes behind it belongs
// to the next question.
func (s *Streams) readLine() (string, error) {
	var line []byte
	one := make([]byte, 1)
	for {
		n, err := s.In.Read(one)
		if n == 1 && one[0] == '\n' {
			return string(line), nil
		}
		if n == 1 {
			line = append(line, one[0])
		}
		if err != nil {
			return "", err
		}
	}
}

func left(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return ErrLeft
	}
	return fmt.Errorf("read from the terminal: %w", err)
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
