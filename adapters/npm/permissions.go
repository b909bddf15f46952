package npm

import (
	"fmt"

	"github.com/firebreak/firebreak/internal/snapshot"
)

// The permissions that specs name.
const (
	permitWrite    = "a token of the same user that is not read-only"
	permitPassword = "the user's password, and a one-time password where there is a second factor"
)

// permitted says for each permission whether our own token has it at a user: whose it
// is (me) and whether it is read-only is the registry's word. A token that its list does
// not show, such as one of a login, tells nothing.
// Source: npm docs, "About access tokens": a read-only token changes nothing.
func (p *Provider) permitted(user, me string, tokens []token) []snapshot.Permission {
	write := snapshot.Permission{Provider: "npm", Name: permitWrite, On: user, Granted: "unknown", Why: "firebreak's token is not in the user's list of tokens, so its kind is not known"}
	ours := 0
	for _, t := range tokens {
		if !t.shows(p.c.token) {
			continue
		}
		if ours++; ours > 1 {
			write.Granted, write.Why = "unknown", "more than one token in the list may be firebreak's"
			break
		}
		write.Granted, write.Why = "yes", "firebreak's token is not read-only"
		if t.ReadOnly {
			write.Granted, write.Why = "no", "firebreak's token is read-only ("+t.told()+"); put one that is not into your own .npmrc"
		}
	}
	if me != user {
		write.Granted, write.Why = "no", fmt.Sprintf("firebreak's token is of %s, and npm lets nobody change another user's tokens; log in as %s", me, user)
	}
	return []snapshot.Permission{write, {Provider: "npm", Name: permitPassword, On: user, Granted: "unknown", Why: "it is asked for when a token is made, not before"}}
}
