package aws

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
)

// throttles are the codes of a request that was turned away before it did
// anything. Source: aws-sdk-go-v2, aws/retry, DefaultThrottleErrorCodes.
var throttles = []string{
	"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException", "RequestThrottled",
	"TooManyRequestsException", "RequestLimitExceeded", "SlowDown", "EC2ThrottledException",
}

// judged says what became of a mutating call. permission is what it needs.
func judged(m middleware.Metadata, err error, permission string, now time.Time) plan.Outcome {
	if err == nil {
		o := plan.Outcome{State: plan.Done}
		o.Request, _ = awsmiddleware.GetRequestIDMetadata(m)
		return o
	}
	resp, id := answered(err)
	if resp == nil {
		return adapters.Classify(nil, cause(err), now)
	}
	o := adapters.Classify(resp, err, now)
	o.Request = id
	switch c := code(err); {
	case slices.Contains(throttles, c) && resp.StatusCode < 500:
		o.State, o.Temporary = plan.Refused, true
		if after, ok := adapters.RetryAfter(resp, now); ok {
			o.RetryAfter = plan.Duration(after)
		}
	case c == "AccessDenied" || c == "AccessDeniedException":
		o.Permission = permission
	}
	if resp.StatusCode >= 300 {
		o.Detail = explain(err)
	}
	return o
}

// code is the provider's error code, "" when it did not answer with one.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// explain is an error for a person: the provider's code and words where it
// answered, the cause where it did not.
func explain(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return strings.TrimSuffix(api.ErrorCode()+": "+api.ErrorMessage(), ": ")
	}
	if resp, _ := answered(err); resp != nil {
		return "answered " + resp.Status + ", which could not be read"
	}
	var op *smithy.OperationError
	if errors.As(err, &op) {
		return op.Operation() + ": " + adapters.Cause(cause(err))
	}
	return adapters.Cause(err)
}

// status is what a call was answered with; 0 for no answer, and 429 for a limit, of
// which AWS tells with 400 too.
func status(err error) int {
	resp, _ := answered(err)
	switch {
	case resp == nil:
		return 0
	case slices.Contains(throttles, code(err)):
		return http.StatusTooManyRequests
	}
	return resp.StatusCode
}

// answered gives the answer an error came with; nil when there was none. The SDK
// makes up a response with status 0 for a request that got no answer.
func answered(err error) (resp *http.Response, id string) {
	var re *awshttp.ResponseError
	if errors.As(err, &re) && re.Response != nil && re.Response.StatusCode > 0 {
		return re.Response.Response, re.RequestID
	}
	return nil, ""
}

// cause is the transport's own error where there is one.
func cause(err error) error {
	var send *smithyhttp.RequestSendError
	var op *smithy.OperationError
	switch {
	case errors.As(err, &send):
		return send.Err
	case errors.As(err, &op):
		return op.Unwrap()
	}
	return err
}

// unreachable is a call that was never sent, because its client could not be made.
func unreachable(err error) adapters.Result {
	return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Detail: explain(err)}}
}

// readOnlyAction is what Apply of an action without calls says.
func readOnlyAction(name string) adapters.Result {
	return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Detail: name + " only reads; there is nothing to send"}}
}
