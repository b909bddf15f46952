package term

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

func TestLinesWaitForThePrompt(t *testing.T) {
	var b bytes.Buffer
	s := NewScreen(&b, true)
	write := func(text string) {
		if _, err := io.WriteString(s, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Status("busy"); err != nil {
		t.Fatal(err)
	}
	write("one\n")
	release, err := s.Hold()
	if err != nil {
		t.Fatal(err)
	}
	write("two\n")
	if strings.Contains(b.String(), "two") {
		t.Error("a line was written into a prompt")
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if want := "busy" + eraseLine + "one\nbusy" + eraseLine + "two\nbusy"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}
