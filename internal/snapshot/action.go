package snapshot

// ActionRef is the commit at which a tag or branch of an action stood when it was
// looked up. Pinning takes commits from here alone, and a later survey in which the
// same tag stands elsewhere shows that somebody moved it.
type ActionRef struct {
	Uses string `json:"uses"` // the action's repository, "owner/name", without a path in it
	Ref  string `json:"ref"`  // the tag or branch, as workflows write it behind the @
	SHA  string `json:"sha"`  // the commit, 40 hex digits; of an annotated tag what it points at
}

// Key tells one entry from another.
func (a ActionRef) Key() string { return a.Uses + "@" + a.Ref }
