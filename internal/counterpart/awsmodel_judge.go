package counterpart

import (
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// awsCall is what a request turned out to be.
type awsCall struct {
	name      string // of the service
	service   *awsService
	operation string
	found     []violation
	v         violation // begins each that is found
}

func (c *awsCall) say(member, wants, has string) {
	v := c.v
	v.member, v.wants, v.has = member, wants, short(has)
	c.found = append(c.found, v)
}

// understand finds service and operation of a request; a call without a service is
// told as a violation.
func (m *Models) understand(x exchange) (*awsCall, value) {
	c := &awsCall{v: violation{operation: x.request.Method + " " + x.request.URL.Path, side: request}}
	if x.request.Method != http.MethodPost || x.request.URL.Path != "/" || x.request.URL.RawQuery != "" {
		c.say("address", "POST / without a query, as all three protocols", x.request.URL.RequestURI())
	}
	kind := x.request.Header.Get("Content-Type")
	if target := x.request.Header.Get("X-Amz-Target"); target != "" {
		prefix, op := target, ""
		if i := strings.LastIndexByte(target, '.'); i >= 0 {
			prefix, op = target[:i], target[i+1:]
		}
		for name, s := range m.services {
			if s.targeted(prefix) {
				c.name, c.service, c.operation = name, s, op
				if want := "application/x-amz-json-" + s.Metadata.JSONVersion; kind != want {
					c.say("Content-Type", want, kind)
				}
			}
		}
		return c, document{x.sent}
	}
	all, err := url.ParseQuery(string(x.sent))
	if err != nil {
		c.say("body", "a form", err.Error())
	}
	for name, s := range m.services {
		if s.Metadata.Protocol == "query" && s.Metadata.APIVersion == all.Get("Version") {
			c.name, c.service, c.operation = name, s, all.Get("Action")
		}
	}
	if !strings.HasPrefix(kind, "application/x-www-form-urlencoded") {
		c.say("Content-Type", "application/x-www-form-urlencoded", kind)
	}
	all.Del("Action")
	all.Del("Version")
	return c, form{all: all}
}

// targeted reports whether a target is the service's: the SDK writes the name of the
// service's shape alone, the older models have its namespace in front of it.
// Source: Smithy documentation, "AWS JSON 1.1 protocol", X-Amz-Target.
func (s *awsService) targeted(prefix string) bool {
	return s.Metadata.Protocol == "json" && (s.Metadata.TargetPrefix == prefix || strings.HasSuffix(s.Metadata.TargetPrefix, "."+prefix))
}

// violations judges one exchange.
func (m *Models) violations(x exchange) []violation {
	c, sent := m.understand(x)
	if c.service == nil || !m.Has(c.name, c.operation) {
		c.say("operation", "one of a service we know", c.operation)
		return c.found
	}
	c.v.operation = c.name + ":" + c.operation
	op := c.service.Operations[c.operation]
	words := sdkTypes(c.name, c.operation)
	if op.Input != nil {
		c.walk("", c.service.resolve(op.Input), sent, words.input)
	} else if names, _ := sent.members(); len(names) > 0 {
		c.say("", "no input", strings.Join(names, " "))
	}
	c.v.side = answer
	switch {
	case x.status >= http.StatusBadRequest:
		c.refusal(x)
	case x.status != http.StatusOK:
		c.say("status", "200", strconv.Itoa(x.status))
	case c.service.Metadata.Protocol == "json":
		c.json(x, op.Output, words.output)
	default:
		c.xml(x, op.Output, words.output)
	}
	return c.found
}

func (c *awsCall) json(x exchange, output *shape, words reflect.Type) {
	if output == nil {
		if s := strings.TrimSpace(string(x.got)); s != "" && s != "{}" {
			c.say("body", "none", s)
		}
		return
	}
	c.walk("", c.service.resolve(output), document{x.got}, words)
}

func (c *awsCall) xml(x exchange, output *shape, words reflect.Type) {
	var root element
	if err := xml.Unmarshal(x.got, &root); err != nil {
		c.say("body", "XML", err.Error())
		return
	}
	if want := (xml.Name{Space: c.service.Metadata.Namespace, Local: c.operation + "Response"}); root.XMLName != want {
		c.say("body", fmt.Sprint(want), fmt.Sprint(root.XMLName))
	}
	names, trouble := root.members()
	want := []string{"ResponseMetadata"}
	output = c.service.resolve(output)
	if output != nil {
		want = append(want, output.ResultWrapper)
	}
	slices.Sort(names)
	slices.Sort(want)
	if trouble != "" || !slices.Equal(names, want) {
		c.say("body", strings.Join(want, " and "), trouble+" "+strings.Join(names, " "))
		return
	}
	if output != nil {
		c.walk("", output, root.member(output.ResultWrapper), words)
	}
}

// walk compares a value with its shape. words is the SDK's type of it, nil where it
// has none: it knows the words of an enumeration.
func (c *awsCall) walk(at string, s *shape, v value, words reflect.Type) {
	for words != nil && words.Kind() == reflect.Pointer {
		words = words.Elem()
	}
	switch s.Type {
	case "structure":
		c.structure(at, s, v, words)
	case "list":
		items, trouble := v.items()
		if trouble != "" {
			c.say(at, "a list", trouble)
		}
		for i, x := range items {
			c.walk(fmt.Sprintf("%s/%d", at, i), c.service.resolve(s.Member), x, below(words, reflect.Slice))
		}
	case "map":
		all, trouble := v.entries()
		if trouble != "" {
			c.say(at, "a map", trouble)
		}
		for k, x := range all {
			c.walk(at+"/"+k, c.service.resolve(s.Value), x, below(words, reflect.Map))
		}
	default:
		text, kind, trouble := v.scalar()
		if trouble == "" {
			trouble = mismatch(s.Type, text, kind)
		}
		if trouble != "" {
			c.say(at, s.Type+" or string, as the model says", trouble+": "+text)
		} else if known := enumeration(words); len(known) > 0 && !slices.Contains(known, text) {
			c.say(at, "one of "+strings.Join(known, " "), text)
		}
	}
}

func (c *awsCall) structure(at string, s *shape, v value, words reflect.Type) {
	names, trouble := v.members()
	if trouble != "" {
		c.say(at, "a structure", trouble)
		return
	}
	for _, r := range s.lacking(names) {
		c.say(at+"/"+r, "required", "nothing")
	}
	for _, n := range names {
		m := s.Members[n]
		if m == nil {
			c.say(at+"/"+n, "no such member", n)
			continue
		}
		var field reflect.Type
		if words != nil && words.Kind() == reflect.Struct {
			if f, ok := words.FieldByName(n); ok {
				field = f.Type
			}
		}
		c.walk(at+"/"+n, c.service.resolve(m), v.member(n), field)
	}
}

func below(t reflect.Type, kind reflect.Kind) reflect.Type {
	if t == nil || t.Kind() != kind {
		return nil
	}
	return t.Elem()
}

// mismatch says how a scalar is not of its type; "" when it is.
func mismatch(want, text, kind string) string {
	ok := map[string]string{"": "string", "string": "string", "blob": "string", "integer": "number", "long": "number", "timestamp": "number", "boolean": "boolean"}
	if kind != "" && kind != ok[want] {
		return "a JSON " + kind
	}
	var err error
	switch {
	case want == "integer" || want == "long":
		_, err = strconv.ParseInt(text, 10, 64)
	case want == "boolean":
		if text != "true" && text != "false" {
			return "no boolean"
		}
	case want == "blob":
		_, err = base64.StdEncoding.DecodeString(text)
	case want == "timestamp" && kind == "number":
		err = json.Unmarshal([]byte(text), new(float64))
	case want == "timestamp":
		_, err = time.Parse(time.RFC3339, text)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}
