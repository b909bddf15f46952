package world

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"time"
)

// core implements Core. Everything it does is buffered until commit.
type core struct {
	w     *World
	seed  int64
	ids   int64
	texts int64
	names map[string]string    // value → name
	ends  map[string]time.Time // name → when it stops or stopped working; zero: it works
	batch []Entry              // logged since the last commit
	dirty bool

	derive []func(value string) string
}

const firstID = 1000

func (c *core) Now() time.Time { return c.w.o.Clock.Now() }

func (c *core) Born(name, value string) {
	if value == "" {
		return
	}
	c.names[value], c.dirty = name, true
	c.Log(Entry{Kind: "born", Credential: name})
}

func (c *core) Dies(name string, at time.Time, why string) {
	c.Log(Entry{Kind: "dies", Credential: name, At: at, Detail: why})
}

func (c *core) Name(value string) string {
	if n := c.names[value]; n != "" {
		return n
	}
	for _, f := range c.derive {
		if known := f(value); known != "" {
			return c.names[known]
		}
	}
	return ""
}

func (c *core) Derive(f func(value string) string) { c.derive = append(c.derive, f) }

func (c *core) Log(e Entry) {
	e.Time = c.Now()
	c.batch = append(c.batch, e)
	switch {
	case e.Credential == "":
	case e.Kind == "born":
		c.ends[e.Credential], c.dirty = time.Time{}, true
	case e.Kind == "dies":
		c.ends[e.Credential], c.dirty = e.At, true
	}
}

func (c *core) Alive(name string) bool {
	end, born := c.ends[name]
	return born && (end.IsZero() || c.Now().Before(end))
}

func (c *core) ID() int64 {
	c.ids, c.dirty = c.ids+1, true
	return firstID + c.ids
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

func (c *core) Text(n int) string {
	c.dirty = true
	b := make([]byte, 0, n+sha256.Size)
	for len(b) < n {
		c.texts++
		for _, x := range sha256.Sum256(fmt.Appendf(nil, "world %d %d", c.seed, c.texts)) {
			b = append(b, letters[int(x)%len(letters)])
		}
	}
	return string(b[:n])
}

func (c *core) Delay(kind string) time.Duration { return c.w.o.Delays[kind] }

// drop forgets what seeding did.
func (c *core) drop() {
	c.batch, c.ids, c.texts, c.names, c.ends = nil, 0, 0, map[string]string{}, map[string]time.Time{}
}

func (c *core) restore(s *saved) {
	c.seed, c.ids, c.texts = s.Seed, s.IDs, s.Texts
	maps.Copy(c.names, s.Names)
	maps.Copy(c.ends, s.Ends)
}
