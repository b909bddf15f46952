package world

import (
	"context"
	"net"
	"net/http"
	"time"
)

// Pointing is implemented by providers that say which environment variables point
// a client at them. url is "http://127.0.0.1:PORT"; dir is a folder of the world
// in which the provider may keep a client's configuration file (an .npmrc).
type Pointing interface {
	Environment(url, dir string) (map[string]string, error)
}

// Projecting is implemented by providers that say what stands, ids aside: the
// projection in which a killed and resumed incident must end equal to one never
// killed (invariant I5). Keys are stable names ("credential NPM_TOKEN", "consumer
// publish", "workflow acme/shop/.github/workflows/ci.yml"), values are states
// ("dead", "alive", "working", "broken", "disabled"). It is called with the
// world's lock held.
type Projecting interface {
	Project(now time.Time) map[string]string
}

// Speaking is implemented by providers whose protocol is not HTTP. Speak serves one
// connection and hands each request to h, which holds, breaks, counts and logs it as any
// other; h panics with http.ErrAbortHandler where the connection is to be cut.
type Speaking interface {
	Speak(ctx context.Context, c net.Conn, h http.Handler)
}

// Limiting is implemented by providers that refuse in their own words what is over a
// rate limit. It is called with the world's lock held; the Date header is set.
type Limiting interface {
	Limited(w http.ResponseWriter, r *http.Request, body []byte, why Overrun)
}
