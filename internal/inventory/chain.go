package inventory

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/snapshot"
)

// RoleBeyond is the kind of a role that sessions of a role here have assumed or could, and
// that nobody can cut off from here: of an account the configuration does not name, or one
// that could not be read.
const RoleBeyond = "aws.role_beyond"

// chain adds the roles that sessions of the identities can become, and those that these
// can in turn.
func (b *builder) chain(s *snapshot.Snapshot) {
	if s == nil {
		return
	}
	from := map[string][]snapshot.Chain{}
	known, read, undoes := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, a := range s.AWS {
		known[a.ID] = true
		for _, r := range a.Roles {
			read[r.ARN] = true
			undoes[r.ARN] = slices.ContainsFunc(r.May, func(call string) bool { return strings.HasPrefix(call, "iam:") })
		}
		if a.Chaining != nil {
			for _, x := range a.Chaining.Links {
				from[x.From] = append(from[x.From], x)
			}
		}
	}
	var queue []string
	for _, i := range b.identities {
		if i.ARN != "" {
			queue = append(queue, i.ARN)
		}
	}
	slices.Sort(queue)
	into := map[string][]snapshot.Chain{}
	for n := 0; n < len(queue); n++ {
		for _, x := range from[queue[n]] {
			i := b.byARN(x.To)
			i.ChainedFrom = append(i.ChainedFrom, x.From)
			into[x.To] = append(into[x.To], x)
			if !read[x.To] && len(i.ReachedBy) == 0 {
				i.Kind = RoleBeyond
				b.beyond[x.To] = !known[account(x.To)]
			}
			if !slices.Contains(queue, x.To) {
				queue = append(queue, x.To)
			}
		}
	}
	for again := true; again; {
		again = false
		for _, arn := range queue {
			again = b.becomes(b.identities[b.arns[arn]], into[arn]) || again
		}
	}
	for _, arn := range queue {
		i := b.identities[b.arns[arn]]
		i.UndoesDenial = undoes[arn]
		i.ChainedFrom = sorted(i.ChainedFrom)
		if len(i.ChainedFrom) == 0 {
			i.ChainedFrom = nil
		}
	}
}

// becomes says whether a role that no workflow becomes by itself is reached through
// another; true where that is news.
func (b *builder) becomes(i *Identity, ways []snapshot.Chain) bool {
	if len(i.ReachedBy) > 0 || i.Verdict == "reachable" || len(ways) == 0 {
		return false
	}
	for _, x := range ways {
		f := b.identities[b.arns[x.From]]
		if f.Verdict == "reachable" {
			i.Verdict, i.Witness = "reachable", chaining(x, f.Role)
			return true
		}
	}
	f := b.identities[b.arns[ways[0].From]]
	was := i.Verdict
	i.Verdict = "not evaluable: " + chaining(ways[0], f.Role) + ", and of " + f.Role + " it is not known that a workflow becomes it"
	return was != i.Verdict
}

// chaining says how one role leads to another.
func chaining(x snapshot.Chain, role string) string {
	var how []string
	if x.Could != "" {
		how = append(how, x.Could)
	}
	if x.Seen > 0 {
		how = append(how, fmt.Sprintf("CloudTrail has them doing so %d times, the last at %s (event %s)", x.Seen, x.Last.UTC().Format(time.RFC3339), x.Event))
		if x.Seen == 1 {
			how[len(how)-1] = fmt.Sprintf("CloudTrail has one doing so at %s (event %s)", x.Last.UTC().Format(time.RFC3339), x.Event)
		}
	}
	return "sessions of role " + role + " can become it: " + strings.Join(how, "; ")
}

// account is the account id in an ARN.
func account(arn string) string {
	if f := strings.SplitN(arn, ":", 6); len(f) == 6 {
		return f[4]
	}
	return ""
}

// passed explains an identity that is reached through others alone.
func (b *builder) passed(i *Identity) string {
	var names []string
	for _, arn := range i.ChainedFrom {
		names = append(names, b.identities[b.arns[arn]].Role)
	}
	who := "nobody is named who answers for it"
	if i.Owner != "" {
		who = i.Owner + " answers for it"
	}
	out := i.Name + " is a role that sessions of " + spoken(names) + " can become; " + who + "."
	if i.Kind == RoleBeyond {
		why := "could not be read"
		if b.beyond[i.ARN] {
			why = "is in account " + account(i.ARN) + ", which firebreak.yaml does not name"
		}
		out = strings.TrimSuffix(out, ".") + ". It " + why + ", so that it is not cut off from here."
	}
	return out
}

// Chained gives the identities that some of them lead to, one through another, with those.
func Chained(all []Identity, reached func(Identity) bool) []Identity {
	in := map[string]bool{}
	for _, i := range all {
		if reached(i) {
			in[i.ID] = true
		}
	}
	arns := map[string]string{}
	for _, i := range all {
		arns[i.ARN] = i.ID
	}
	for again := true; again; {
		again = false
		for _, i := range all {
			if !in[i.ID] && slices.ContainsFunc(i.ChainedFrom, func(arn string) bool { return in[arns[arn]] }) {
				in[i.ID], again = true, true
			}
		}
	}
	out := []Identity{}
	for _, i := range all {
		if in[i.ID] {
			out = append(out, i)
		}
	}
	return out
}
