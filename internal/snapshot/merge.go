package snapshot

// Merge gives one snapshot of what a and b listed, a's objects replaced by b's
// where both listed the same repository, account, server or registry user: b is
// the later look. Neither is changed, but the result shares their data. Gaps are
// kept from both. Taken is the earlier of the two times, because the whole is no
// younger than its oldest part.
func Merge(a, b *Snapshot) *Snapshot {
	out := &Snapshot{Schema: Schema, Taken: a.Taken}
	if a.Taken.IsZero() || (!b.Taken.IsZero() && b.Taken.Before(a.Taken)) {
		out.Taken = b.Taken
	}
	out.Repositories = join(a.Repositories, b.Repositories, func(r Repository) string { return r.FullName })
	out.AWS = join(a.AWS, b.AWS, func(x Account) string { return x.ID })
	out.Vault = join(a.Vault, b.Vault, func(v Vault) string { return v.Address })
	out.NPM = join(a.NPM, b.NPM, func(r Registry) string { return r.Address + " " + r.User })
	out.Gaps = append(append(out.Gaps, a.Gaps...), b.Gaps...)
	Sort(out)
	return out
}

func join[T any](a, b []T, key func(T) string) []T {
	later := map[string]bool{}
	for _, x := range b {
		later[key(x)] = true
	}
	var out []T
	for _, x := range a {
		if !later[key(x)] {
			out = append(out, x)
		}
	}
	return append(out, b...)
}
