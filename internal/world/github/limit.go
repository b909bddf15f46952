package github

import (
	"net/http"

	"github.com/firebreak/firebreak/internal/world"
)

// limitPage is where GitHub explains its limits; clients tell the kinds apart by its
// anchors and by the headers.
const limitPage = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"

// Limited implements world.Limiting. Source: GitHub REST reference, "Rate limits for
// the REST API": both kinds come as 403 or 429; the secondary one may name no time.
func (s *Server) Limited(w http.ResponseWriter, r *http.Request, _ []byte, why world.Overrun) {
	s.base = origin(r)
	body := map[string]string{
		"message":           "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
		"documentation_url": limitPage + "#about-secondary-rate-limits",
	}
	if why.Primary {
		body = map[string]string{"message": "API rate limit exceeded for " + s.login(r) + ".", "documentation_url": limitPage}
		w.Header().Set("X-Ratelimit-Resource", "core")
	}
	why.Headers(w.Header())
	s.write(w, r, answer{status: why.Status, body: body})
}
