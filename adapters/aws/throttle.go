package aws

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/firebreak/firebreak/adapters"
)

// slowed recognizes AWS's limits, which are codes in the body of a 400 and name no
// time, beside the usual ones.
// Source: AWS SDKs and tools reference, "Retry behavior"; IAM API, Common Errors.
func slowed(resp *http.Response, now time.Time) (adapters.Limit, error) {
	if l, err := adapters.Told(resp, now); err != nil || l.Name != "" {
		return l, err
	}
	if resp.StatusCode != http.StatusBadRequest { // a 5xx may have done something, whatever it says
		return adapters.Limit{}, nil
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return adapters.Limit{}, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(b))
	for _, code := range throttles {
		if strings.Contains(string(b), "<Code>"+code+"</Code>") || strings.Contains(string(b), `"`+code+`"`) || strings.HasPrefix(resp.Header.Get("X-Amzn-Errortype"), code) {
			return adapters.Limit{Name: "secondary"}, nil
		}
	}
	return adapters.Limit{}, nil
}
