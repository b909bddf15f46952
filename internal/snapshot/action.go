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

// IsCommit says whether a ref is a whole commit id, of either kind that git has.
func IsCommit(ref string) bool {
	if len(ref) != 40 && len(ref) != 64 {
		return false
	}
	for i := 0; i < len(ref); i++ {
		if c := ref[i] | 0x20; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
