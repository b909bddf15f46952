package github

import (
	"net/http"
	"strconv"
)

// caches lists what readers see: an entry deleted a moment ago may still show.
func (s *Server) caches(r *http.Request) answer {
	q, now := r.URL.Query(), s.core.Now()
	list := []map[string]any{}
	for _, c := range s.state.Caches {
		if !c.Gone.IsZero() && !now.Before(c.Seen) || q.Get("key") != "" && q.Get("key") != c.Key || q.Get("ref") != "" && q.Get("ref") != c.Ref {
			continue
		}
		list = append(list, map[string]any{
			"id": c.ID, "key": c.Key, "ref": c.Ref, "version": "1", "size_in_bytes": c.Size,
			"created_at": stamp(c.Created), "last_accessed_at": stamp(c.Created),
		})
	}
	return listing(r, "actions_caches", list)
}

func (s *Server) deleteCache(r *http.Request) answer {
	id, err := strconv.ParseInt(r.PathValue("cache"), 10, 64)
	now := s.core.Now()
	for _, c := range s.state.Caches {
		if err != nil || c.ID != id || !c.Gone.IsZero() {
			continue
		}
		c.Gone, c.Seen = now, now.Add(s.core.Delay("github cache"))
		if c.Reappears > 0 {
			c.Reappears--
			c.Back = now.Add(c.After)
		}
		return empty(http.StatusNoContent)
	}
	return fail(http.StatusNotFound, "Not Found")
}
