package counterpart

import (
	"encoding/json"
	"encoding/xml"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/firebreak/firebreak/internal/tally"
)

// awsException is an error code that no operation of a service declares, because
// every operation may answer it. One that nothing needs any more fails the tests of
// adapters/aws.
type awsException struct {
	service string
	code    string
	why     string // its source
}

var awsExceptions = []awsException{
	{"iam", "AccessDenied", "IAM user guide, \"Troubleshoot access denied error messages\": of every operation; the reference's common errors call it AccessDeniedException"},
	{"iam", "InvalidClientTokenId", "IAM API reference, \"Common Errors\""},
	{"iam", "SignatureDoesNotMatch", "the same: signing is checked before the operation is looked at"},
	{"sts", "AccessDenied", "STS API reference, AssumeRole: a trust policy that refuses; see IAM"},
	{"sts", "InvalidClientTokenId", "STS API reference, \"Common Errors\""},
	{"sts", "SignatureDoesNotMatch", "the same"},
	{"secretsmanager", "AccessDeniedException", "Secrets Manager API reference, \"Common Errors\""},
	{"secretsmanager", "UnrecognizedClientException", "the JSON services' word for an unknown access key id: the same"},
	{"secretsmanager", "InvalidSignatureException", "the JSON services' word for a wrong signature: \"Signature Version 4\", troubleshooting"},
	{"cloudtrail", "AccessDeniedException", "CloudTrail API reference, \"Common Errors\""},
	{"cloudtrail", "UnrecognizedClientException", "the same"},
	{"cloudtrail", "InvalidSignatureException", "see Secrets Manager"},
	{"cloudtrail", "ThrottlingException", "the same; LookupEvents, \"limited to two per second, per account, per Region\""},
	{"ssm", "UnrecognizedClientException", "as of Secrets Manager"},
	{"ssm", "InvalidSignatureException", "as of Secrets Manager"},
}

// refusal judges an error answer: its form, and that the operation declares its code.
func (c *awsCall) refusal(x exchange) {
	if x.status > 599 {
		c.say("status", "4xx or 5xx", strconv.Itoa(x.status))
	}
	if c.service.Metadata.Protocol == "json" {
		var body map[string]json.RawMessage
		if json.Unmarshal(x.got, &body) != nil || body["__type"] == nil {
			c.say("body", "an object with __type", string(x.got))
		}
	} else {
		c.xmlRefusal(x)
	}
	code, declared, err := sdkError(c.name, c.operation, x)
	if err != nil {
		c.say("body", "a refusal", err.Error())
	} else if !declared {
		c.say("code", "an error the operation declares", code)
	}
}

func (c *awsCall) xmlRefusal(x exchange) {
	var root element
	if err := xml.Unmarshal(x.got, &root); err != nil {
		c.say("body", "XML", err.Error())
		return
	}
	names, _ := root.members()
	if root.XMLName.Local != "ErrorResponse" || root.XMLName.Space != c.service.Metadata.Namespace || !slices.Equal(names, []string{"Error", "RequestId"}) {
		c.say("body", "ErrorResponse with Error and RequestId", short(string(x.got)))
		return
	}
	inside, _ := root.member("Error").members()
	if !slices.Equal(inside, []string{"Type", "Code", "Message"}) {
		c.say("/Error", "Type, Code and Message", strings.Join(inside, " "))
		return
	}
	if kind, _, _ := root.member("Error").member("Type").scalar(); (kind == "Sender") != (x.status < 500) {
		c.say("/Error/Type", "Sender below 500", kind)
	}
}

// judge gives what an exchange violates, exceptions aside.
func (m *Models) judge(x exchange) []violation {
	found := m.violations(x)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.exchanges++
	if x.status >= 400 {
		m.refusals++
	}
	c, _ := m.understand(x)
	m.operations[c.name+":"+c.operation]++
	return slices.DeleteFunc(found, m.except)
}

func (m *Models) except(v violation) bool {
	service, _, _ := strings.Cut(v.operation, ":")
	for i, x := range awsExceptions {
		if v.side == answer && v.member == "code" && x.service == service && x.code == v.has {
			m.excepted[i]++
			return true
		}
	}
	return false
}

// JudgedAWS runs tests, then tells the figures and fails when an exception was not
// needed. A run of some tests only is not judged, nor one without the models.
type JudgedAWS struct{ M interface{ Run() int } }

// Run runs the tests and gives the exit code.
func (j JudgedAWS) Run() int {
	code := j.M.Run()
	for _, name := range []string{"test.run", "test.skip", "test.list"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return code
		}
	}
	if modelled.m == nil {
		return code
	}
	if err := tally.Add(modelled.m.Figures()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	for _, x := range modelled.m.Unneeded() {
		fmt.Fprintf(os.Stderr, "no exchange needs the exception %s from AWS's service models; remove it\n", x)
		code = max(code, 1)
	}
	return code
}
