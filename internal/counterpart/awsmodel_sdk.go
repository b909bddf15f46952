package counterpart

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// typed are the SDK's types of an operation's input and output; nil where there are none.
type typed struct{ input, output reflect.Type }

// sdkClient is the SDK's client of a service, which gets one canned answer and signs nothing.
func sdkClient(service string, x exchange) any {
	cfg := aws.Config{
		Region: "us-east-1", Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: aws.AnonymousCredentials{}, HTTPClient: canned(x),
		APIOptions: []func(*middleware.Stack) error{func(s *middleware.Stack) error {
			// The input is empty, the answer is what counts. An operation that requires nothing has no such step.
			s.Initialize.Remove("OperationInputValidation") //nolint:errcheck // the same
			return nil
		}},
	}
	switch service {
	case "iam":
		return iam.NewFromConfig(cfg)
	case "sts":
		return sts.NewFromConfig(cfg)
	case "cloudtrail":
		return cloudtrail.NewFromConfig(cfg)
	case "ssm":
		return ssm.NewFromConfig(cfg)
	}
	return secretsmanager.NewFromConfig(cfg)
}

// canned answers every request with one answer.
type canned exchange

// Do implements aws.HTTPClient.
func (c canned) Do(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: c.status, Status: fmt.Sprint(c.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: c.header.Clone(), Body: io.NopCloser(bytes.NewReader(c.got)), ContentLength: int64(len(c.got)), Request: r,
	}, nil
}

func sdkMethod(client any, operation string) (reflect.Value, bool) {
	m := reflect.ValueOf(client).MethodByName(operation)
	return m, m.IsValid() && m.Type().NumIn() >= 2
}

func sdkTypes(service, operation string) typed {
	m, ok := sdkMethod(sdkClient(service, exchange{}), operation)
	if !ok {
		return typed{}
	}
	return typed{m.Type().In(1), m.Type().Out(0)}
}

// sdkError is the error the SDK makes of an answer. declared says that the operation's
// model lists its code: the SDK has a type for it.
func sdkError(service, operation string, x exchange) (code string, declared bool, err error) {
	m, ok := sdkMethod(sdkClient(service, x), operation)
	if !ok {
		return "", false, fmt.Errorf("the SDK has no operation %s", operation)
	}
	out := m.Call([]reflect.Value{reflect.ValueOf(x.request.Context()), reflect.New(m.Type().In(1).Elem())})
	failure, _ := out[1].Interface().(error)
	var api smithy.APIError
	if !errors.As(failure, &api) {
		return "", false, fmt.Errorf("the SDK makes no refusal of it: %v", failure)
	}
	var generic *smithy.GenericAPIError
	return api.ErrorCode(), !errors.As(failure, &generic), nil
}

// enumeration gives the words an SDK type knows; none where it is no enumeration.
func enumeration(t reflect.Type) []string {
	if t == nil {
		return nil
	}
	m := reflect.Zero(t).MethodByName("Values")
	if !m.IsValid() {
		return nil
	}
	var out []string
	for all, i := m.Call(nil)[0], 0; i < all.Len(); i++ {
		out = append(out, all.Index(i).String())
	}
	return out
}
