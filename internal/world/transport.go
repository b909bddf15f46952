package world

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"
)

// Transport gives an HTTP transport that reaches this world's own listeners and
// nothing else: no proxy of the environment, no name is ever looked up. What it
// refused to dial is kept for Refused.
func (w *World) Transport() *http.Transport {
	d := net.Dialer{Timeout: 10 * time.Second}
	return &http.Transport{
		Proxy:               nil,
		MaxIdleConnsPerHost: 8,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if !w.mine(network, address) {
				return nil, fmt.Errorf("a rehearsal reaches nothing but its own world; %s is not part of it", address)
			}
			return d.DialContext(ctx, network, address)
		},
	}
}

func (w *World) mine(network, address string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if network == "tcp" || network == "tcp4" {
		for _, a := range w.addresses {
			if a == address {
				return true
			}
		}
	}
	w.refused = append(w.refused, address)
	return false
}

// Refused lists every address a Transport of this world refused to dial.
func (w *World) Refused() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.refused)
}
