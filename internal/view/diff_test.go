package view

import "testing"

func TestDiffDoesNotWriteToTheTerminal(t *testing.T) {
	got := Diff(Style{}, "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a: \x1b[31m\r\n+a:\tb \u202e\n")
	if want := "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a: \\x1b[31m\n+a:\tb \\u202e\n"; got != want {
		t.Errorf("%q", got)
	}
}
