package snapshot

import (
	"slices"
	"time"
)

// Chaining is what the sessions of an account's surveyed roles may have become: other
// roles, of this account or another, and what those may have become in turn.
type Chaining struct {
	// Since is from when on CloudTrail was asked who assumed what; zero where it was not.
	Since time.Time `json:"since,omitzero"`
	// Regions are those whose CloudTrail answered.
	Regions []string `json:"regions,omitempty"`
	// Links have a From that is a role of this account.
	Links []Chain `json:"links"`
}

// Chain says that sessions of one role could assume another, or that they did.
type Chain struct {
	From string `json:"from"` // ARN of the role whose session asks
	To   string `json:"to"`   // ARN of the role that is assumed
	// Could says why the trust policy of To lets From in; "" where nothing read shows that it does.
	Could string `json:"could,omitempty"`
	// Seen is how many times CloudTrail has From assuming To, the last one as Event.
	Seen  int       `json:"seen,omitempty"`
	First time.Time `json:"first,omitzero"` // of those seen
	Last  time.Time `json:"last,omitzero"`
	Event string    `json:"event,omitempty"` // CloudTrail's id of the last
}

func (c Chain) key() string { return c.From + " " + c.To }

// chainings joins two looks. What one of them saw happen did happen; what was let in is as
// the later look has it.
func chainings(a, b *Chaining) *Chaining {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	out := &Chaining{Since: b.Since, Regions: b.Regions}
	if b.Since.IsZero() || !a.Since.IsZero() && a.Since.Before(b.Since) && len(a.Regions) >= len(b.Regions) {
		out.Since, out.Regions = a.Since, a.Regions
	}
	asked := map[string]bool{}
	for _, x := range b.Links {
		asked[x.From] = true
	}
	out.Links = slices.Clone(b.Links)
	for _, was := range a.Links {
		i := slices.IndexFunc(out.Links, func(x Chain) bool { return x.key() == was.key() })
		switch {
		case i >= 0 && was.Seen > out.Links[i].Seen:
			out.Links[i].Seen, out.Links[i].First, out.Links[i].Last, out.Links[i].Event = was.Seen, was.First, was.Last, was.Event
		case i < 0 && asked[was.From] && was.Seen > 0:
			was.Could = ""
			out.Links = append(out.Links, was)
		case i < 0 && !asked[was.From]:
			out.Links = append(out.Links, was)
		}
	}
	return out
}

func sortChaining(c *Chaining) {
	if c == nil {
		return
	}
	slices.Sort(c.Regions)
	by(c.Links, Chain.key)
}

// chainChanges are the ways from role to role that are there at one time only, where both
// looks were for them.
func chainChanges(a, b *Account) []Change {
	if a == nil || b == nil || a.Chaining == nil || b.Chaining == nil {
		return nil
	}
	return differ(a.Chaining, b.Chaining, nil, func(c *Chaining) facts {
		f := facts{}
		for _, x := range c.Links {
			f.add("role-chain", "aws:"+b.ID, x.From+" -> "+x.To, x.Could)
		}
		return f
	})
}
