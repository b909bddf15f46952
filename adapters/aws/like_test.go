package aws

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// A pattern in somebody's trust policy is made to be slow; it is judged at once.
func TestAPatternMadeToBeSlowIsNot(t *testing.T) {
	pattern, done := strings.Repeat("*?", 40)+"\x01", make(chan bool, 1)
	go func() { done <- like(pattern, "arn:aws:iam::111122223333:role/deploy") }()
	select {
	case matches := <-done:
		if matches {
			t.Error("it does not match")
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it is still being compared")
	}
}

// A condition with a variable in it may hold: which text it stands for is not known here.
func TestAVariableInAConditionMayHold(t *testing.T) {
	for value, want := range map[string]bool{
		"arn:aws:iam::${aws:PrincipalAccount}:role/deploy": true, "arn:aws:iam::111122223333:role/deploy": true, "arn:aws:iam::111122223333:role/docs": false,
	} {
		b, err := json.Marshal(map[string]any{"ArnLike": map[string]any{"aws:PrincipalArn": value}})
		if err != nil {
			t.Fatal(err)
		}
		if got := isFrom(b, "arn:aws:iam::111122223333:role/deploy"); got != want {
			t.Errorf("%s: %v, want %v", value, got, want)
		}
	}
}
