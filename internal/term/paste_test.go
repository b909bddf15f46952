//go:build !race

package term

import (
	"encoding/json"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/secret"
)

// What has many lines and is no key arrives whole where lines are asked for one by one, or
// the rest would be shown and taken for answers.
func TestAValueOfManyLinesIsPastedPlainly(t *testing.T) {
	c, s := open(t, map[string]string{"ACCESSIBLE": "1"})
	s.Accessible = true
	sealed := ""
	p := &Person{IO: s, By: "alice", Seal: func(name string, v secret.Text) (string, error) {
		sealed = v.Reveal()
		return "sealed:" + name, nil
	}}
	got := ask(p, respond.Ask{ID: "old/x#1", Kind: respond.OldValue, Held: "old:ACCOUNT", Choices: []string{"value", "none", "pause"}})
	c.await("Paste the value")
	c.enter("1\r")
	c.await("not shown")
	c.enter("{\r  \"client_email\": \"ci@acme.example\",\r  \"private_key\": \"canary\"\r}\r")
	if a := <-got; a.reply.Answer.Choice != "value" {
		t.Fatalf("got %+v", a)
	}
	if !json.Valid([]byte(sealed)) || !strings.Contains(sealed, "canary") || strings.Contains(c.screen(), "canary") {
		t.Errorf("%d characters were sealed, whole %v", len(sealed), json.Valid([]byte(sealed)))
	}
}

// A private key has many lines, and a prompt one: pasted by a terminal that says that it
// pastes, or typed line by line by one that does not, the whole key arrives, none of it at
// the next question, and none of it on the screen.
func TestAKeyOfManyLinesIsPasted(t *testing.T) {
	key := privateKey(t)
	typed := strings.ReplaceAll(key, "\n", "\r")
	for name, x := range map[string]struct {
		keys       string
		accessible bool
	}{
		"pasted": {"\x1b[200~" + key + "\x1b[201~\r", false}, "typed": {typed, false}, "typed, accessible": {typed, true},
	} {
		t.Run(name, func(t *testing.T) {
			env := map[string]string{}
			if x.accessible {
				env["ACCESSIBLE"] = "1"
			}
			c, s := open(t, env)
			s.Accessible = x.accessible
			sealed := ""
			p := &Person{IO: s, By: "alice", Seal: func(name string, v secret.Text) (string, error) {
				sealed = v.Reveal()
				return "sealed:" + name, nil
			}}
			got := ask(p, respond.Ask{ID: "old/x#1", Kind: respond.OldValue, Held: "old:DEPLOY_KEY", Choices: []string{"value", "none", "pause"}})
			c.await("Paste the value")
			if x.accessible {
				c.enter("1\r")
			} else {
				c.enter("\r")
			}
			c.await("not shown")
			c.enter(x.keys)
			a := <-got
			if a.reply.Answer.Choice != "value" {
				t.Fatalf("got %+v", a)
			}
			if _, err := ssh.ParsePrivateKey([]byte(sealed)); err != nil {
				t.Errorf("what was sealed is no key: %v", err)
			}
			for _, line := range strings.Split(key, "\n")[1:3] {
				if strings.Contains(c.screen(), line[:20]) {
					t.Error("the key was drawn on the screen")
				}
			}
		})
	}
}
