package aws

import (
	"errors"
	"net/http"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// AWS tells of a limit with 400 as often as with 429: both may pass.
func TestStatusOfAnAnswer(t *testing.T) {
	for _, c := range []struct {
		code         string
		answer, want int
	}{
		{"Throttling", 400, 429}, {"TooManyRequestsException", 429, 429}, {"AccessDenied", 403, 403}, {"ServiceUnavailable", 503, 503}, {"", 0, 0},
	} {
		err := errors.New("no answer")
		if c.answer > 0 {
			err = &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{
				Response: &smithyhttp.Response{Response: &http.Response{StatusCode: c.answer}}, Err: &smithy.GenericAPIError{Code: c.code},
			}}
		}
		if got := status(err); got != c.want {
			t.Errorf("%s with %d: %d, want %d", c.code, c.answer, got, c.want)
		}
	}
}
