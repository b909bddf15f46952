package counterpart

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// violation is one place at which an exchange differs from the description.
type violation struct {
	operation string // "GET /repos/{owner}/{repo}"
	side      string // "we send" or "the world answers"
	member    string // JSON pointer, parameter or "status"
	wants     string // what the description says
	has       string // what was there
}

func (v violation) String() string {
	return fmt.Sprintf("%s: %s %s: the description: %s; here: %s", v.operation, v.side, v.member, v.wants, v.has)
}

const (
	request = "we send"
	answer  = "the world answers"
)

// violations judges one exchange: what must be there is there, what is there is
// known to the description.
func (d *Description) violations(x exchange) []violation {
	route, params, err := d.routes.FindRoute(x.request)
	if err != nil {
		return []violation{{x.request.Method + " " + x.request.URL.Path, request, "address", "no such operation", err.Error()}}
	}
	v := violation{operation: x.request.Method + " " + route.Path}
	options := &openapi3filter.Options{
		MultiError: true, IncludeResponseStatus: true, SkipSettingDefaults: true, RejectWhenRequestBodyNotSpecified: true,
		AuthenticationFunc:      openapi3filter.NoopAuthenticationFunc,
		SchemaValidationOptions: d.doc.GetSchemaValidationOptions(),
	}
	if x.sent != nil {
		x.request.Body = io.NopCloser(bytes.NewReader(x.sent))
	}
	in := &openapi3filter.RequestValidationInput{Request: x.request, PathParams: params, Route: route, Options: options}
	var out []violation
	v.side = request
	out = append(out, v.of(openapi3filter.ValidateRequest(x.request.Context(), in))...)
	out = append(out, v.strange(x, route)...)
	v.side = answer
	if route.Operation.Responses.Status(x.status) == nil {
		v.member, v.wants, v.has = "status", "one of "+strings.Join(statuses(route), " "), fmt.Sprint(x.status)
		out = append(out, v)
		return append(out, d.refusal(v, x)...)
	}
	err = openapi3filter.ValidateResponse(x.request.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: x.status, Header: x.header, Body: io.NopCloser(bytes.NewReader(x.got)), Options: options,
	})
	out = append(out, v.of(err)...)
	if media := route.Operation.Responses.Status(x.status).Value.Content.Get("application/json"); media != nil {
		out = append(out, v.extra(media.Schema, x.got)...)
	} else if len(x.got) > 0 && len(route.Operation.Responses.Status(x.status).Value.Content) == 0 {
		v.member, v.wants, v.has = "body", "none", short(string(x.got))
		out = append(out, v)
	}
	return out
}

// refusal holds the body of an answer whose status the operation does not list
// against the schema all refusals share.
func (d *Description) refusal(v violation, x exchange) []violation {
	if x.status < http.StatusBadRequest {
		return nil
	}
	basic := d.doc.Components.Schemas["basic-error"]
	var body any
	if err := json.Unmarshal(x.got, &body); err != nil {
		v.member, v.wants, v.has = "body", "a basic-error", short(string(x.got))
		return []violation{v}
	}
	return append(v.of(basic.Value.VisitJSON(body, openapi3.MultiErrors(), openapi3.VisitAsResponse())), v.extra(basic, x.got)...)
}

// of takes the library's tree of errors apart.
func (v violation) of(err error) []violation {
	switch e := err.(type) { //nolint:errorlint // the tree is walked node by node
	case nil:
		return nil
	case openapi3.MultiError:
		var out []violation
		for _, x := range e {
			out = append(out, v.of(x)...)
		}
		return out
	case *openapi3filter.RequestError:
		if e.Parameter != nil {
			v.member = e.Parameter.In + " parameter " + e.Parameter.Name
		}
		if e.Err == nil {
			v.wants = e.Reason
			return []violation{v}
		}
		return v.of(e.Err)
	case *openapi3filter.ResponseError:
		if e.Err == nil {
			v.member, v.wants = "answer", e.Reason
			return []violation{v}
		}
		return v.of(e.Err)
	case *openapi3.SchemaError:
		return []violation{v.schema(e)}
	}
	v.wants = err.Error()
	return []violation{v}
}

func (v violation) schema(e *openapi3.SchemaError) violation {
	if at := e.JSONPointer(); len(at) > 0 {
		v.member = strings.TrimSpace(v.member + " /" + strings.Join(at, "/"))
	}
	v.wants = e.Reason
	if e.Schema != nil && e.Schema.Type != nil {
		v.wants += " (" + strings.Join(e.Schema.Type.Slice(), " or ") + strings.TrimRight(" "+e.Schema.Format, " ") + ")"
	}
	if e.Origin != nil && e.SchemaField != "properties" {
		v.wants += ": " + strings.Join(strings.Fields(short(e.Origin.Error())), " ")
	}
	b, err := json.Marshal(e.Value)
	if err != nil {
		b = []byte(err.Error())
	}
	v.has = short(string(b))
	return v
}

// strange lists query parameters and members of the body that the operation does not have.
func (v violation) strange(x exchange, route *routers.Route) []violation {
	var out []violation
	all := slices.Concat(route.PathItem.Parameters, route.Operation.Parameters)
	for name, values := range x.request.URL.Query() {
		if !slices.ContainsFunc(all, func(p *openapi3.ParameterRef) bool { return p.Value.In == "query" && p.Value.Name == name }) {
			v.member, v.wants, v.has = "query parameter "+name, "no such parameter", strings.Join(values, ",")
			out = append(out, v)
		}
	}
	if route.Operation.RequestBody != nil {
		if media := route.Operation.RequestBody.Value.Content.Get("application/json"); media != nil && len(x.sent) > 0 {
			out = append(out, v.extra(media.Schema, x.sent)...)
		}
	}
	return out
}

func statuses(route *routers.Route) []string {
	var out []string
	for code := range route.Operation.Responses.Map() {
		out = append(out, code)
	}
	slices.Sort(out)
	return out
}

// absolute is what GitHub's format "uri" means.
func absolute(s string) error {
	if u, err := url.Parse(s); err != nil || !u.IsAbs() {
		return errors.New("not an absolute address")
	}
	return nil
}

func short(s string) string {
	const most = 200
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}
