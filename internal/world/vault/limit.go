package vault

import (
	"net/http"
	"strings"

	"github.com/firebreak/firebreak/internal/world"
)

// Limited implements world.Limiting. Source: Vault API, /sys/quotas/rate-limit.
func (*Server) Limited(w http.ResponseWriter, r *http.Request, _ []byte, why world.Overrun) {
	why.Headers(w.Header())
	refuse(w, why.Status, "request path \""+strings.TrimPrefix(r.URL.Path, "/v1/")+"\": rate limit quota exceeded")
}
