package aws

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"slices"
	"strings"
)

// reply is what an operation answers: a node for the query protocol, any JSON
// value for Secrets Manager and SSM, nil for nothing but metadata.
type reply any

// fault is an error answer.
// Source: IAM and STS API references, "Common Errors"; Secrets Manager and Systems Manager API references.
type fault struct {
	status  int
	code    string
	message string
}

func noSuchEntity(what string) *fault {
	return &fault{http.StatusNotFound, "NoSuchEntity", what + " cannot be found."}
}

func denied(message string) *fault { return &fault{http.StatusForbidden, "AccessDenied", message} }

// node is an XML element: text, or children.
type node struct {
	name     string
	text     string
	children []node
}

func leaf(name, text string) node             { return node{name: name, text: text} }
func tree(name string, children ...node) node { return node{name: name, children: children} }

func (n node) write(b *strings.Builder) {
	b.WriteString("<" + n.name + ">")
	if n.text != "" {
		if err := xml.EscapeText(b, []byte(n.text)); err != nil {
			panic(err) // a strings.Builder does not fail
		}
	}
	for _, c := range n.children {
		c.write(b)
	}
	b.WriteString("</" + n.name + ">")
}

func (c *call) namespace() string {
	if c.service == "sts" {
		return "https://sts.amazonaws.com/doc/2011-06-15/"
	}
	return "https://iam.amazonaws.com/doc/2010-05-08/"
}

func (c *call) succeed(w http.ResponseWriter, id string, rep reply) {
	if c.json {
		c.sendJSON(w, http.StatusOK, rep)
		return
	}
	var b strings.Builder
	b.WriteString("<" + c.action + `Response xmlns="` + c.namespace() + `">`)
	if n, ok := rep.([]node); ok {
		tree(c.action+"Result", n...).write(&b)
	}
	tree("ResponseMetadata", leaf("RequestId", id)).write(&b)
	b.WriteString("</" + c.action + "Response>")
	send(w, http.StatusOK, "text/xml", b.String())
}

func (c *call) fail(w http.ResponseWriter, id string, f *fault) {
	if c.json {
		code := f.code
		if code == "AccessDenied" {
			code = "AccessDeniedException"
		}
		if slices.Contains([]string{"InvalidClientTokenId", "SignatureDoesNotMatch"}, code) {
			// The JSON services name the same refusals differently.
			code = map[string]string{"InvalidClientTokenId": "UnrecognizedClientException", "SignatureDoesNotMatch": "InvalidSignatureException"}[code]
		}
		c.sendJSON(w, http.StatusBadRequest, map[string]string{"__type": code, "Message": f.message})
		return
	}
	kind := "Sender"
	if f.status >= 500 {
		kind = "Receiver"
	}
	var b strings.Builder
	b.WriteString(`<ErrorResponse xmlns="` + c.namespace() + `">`)
	tree("Error", leaf("Type", kind), leaf("Code", f.code), leaf("Message", f.message)).write(&b)
	leaf("RequestId", id).write(&b)
	b.WriteString("</ErrorResponse>")
	send(w, f.status, "text/xml", b.String())
}

func (c *call) sendJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // replies are plain data
	}
	send(w, status, "application/x-amz-json-1.1", string(b))
}

func send(w http.ResponseWriter, status int, kind, body string) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	io.WriteString(w, body) //nolint:errcheck // a client that went away gets no answer
}
