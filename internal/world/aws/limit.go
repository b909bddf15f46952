package aws

import (
	"net/http"

	"github.com/firebreak/firebreak/internal/world"
)

// Limited implements world.Limiting: AWS throttles with a code in a 400, and names no
// time. Source: IAM API reference, "Common Errors"; Secrets Manager likewise.
func (*Server) Limited(w http.ResponseWriter, r *http.Request, body []byte, _ world.Overrun) {
	c, _ := understand(r, body)
	code := "Throttling"
	if c.json {
		code = "ThrottlingException"
	}
	c.fail(w, "throttled", &fault{http.StatusBadRequest, code, "Rate exceeded"})
}
