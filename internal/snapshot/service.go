package snapshot

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Service is a declared HTTP service as one set of variables sees it: the keys of one
// user, project or tenant there.
type Service struct {
	Name    string            `json:"name"` // as under http: in firebreak.yaml
	Address string            `json:"address"`
	Vars    map[string]string `json:"vars,omitempty"`
	// Listed: the service's declaration has a list, and Keys is what it gave.
	Listed bool         `json:"listed,omitempty"`
	Keys   []ServiceKey `json:"keys,omitempty"`
}

// ServiceKey is a key by its id.
type ServiceKey struct {
	ID      string    `json:"id"`
	Hint    string    `json:"hint,omitempty"` // the characters of the value which the service shows
	Created time.Time `json:"created,omitzero"`
}

// Key tells one service's listing from another.
func (s Service) Key() string {
	parts := []string{s.Name}
	for _, k := range slices.Sorted(maps.Keys(s.Vars)) {
		parts = append(parts, k+"="+s.Vars[k])
	}
	return strings.Join(parts, " ")
}

func sortServices(list []Service) {
	by(list, Service.Key)
	for i := range list {
		by(list[i].Keys, func(k ServiceKey) string { return k.ID })
	}
}

func serviceFacts(s *Service) facts {
	f := facts{}
	for _, k := range s.Keys {
		f.add("key", "http:"+s.Key(), k.ID, k.Hint)
	}
	return f
}
