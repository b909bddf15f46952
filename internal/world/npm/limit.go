package npm

import (
	"net/http"

	"github.com/firebreak/firebreak/internal/world"
)

// Limited implements world.Limiting.
func (*Registry) Limited(w http.ResponseWriter, _ *http.Request, _ []byte, why world.Overrun) {
	why.Headers(w.Header())
	refuse(w, why.Status, "you are making too many requests, slow down")
}
