package aws

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const getCallerIdentity = "GetCallerIdentity"

// readOperations is everything firebreak reads at AWS. GetSecretValue is not on
// it: a version's id tells whether it is ours. A parameter's versions have only
// numbers, so that its value is read, compared with the new one and dropped.
var readOperations = map[string]bool{
	"GetOpenIDConnectProvider": true, "GetRole": true, "ListRoles": true, "ListRolePolicies": true, "GetRolePolicy": true, "ListAttachedRolePolicies": true, "GetPolicy": true, "GetPolicyVersion": true,
	"GetUser": true, "GetUserPolicy": true, "ListAccessKeys": true, "GetAccessKeyLastUsed": true,
	"SimulatePrincipalPolicy": true, getCallerIdentity: true,
	lookupEvents: true, "secretsmanager.DescribeSecret": true, "secretsmanager.ListSecretVersionIds": true,
	"AmazonSSM.DescribeParameters": true, "AmazonSSM.GetParameter": true,
}

// operation names a request's operation: the Action of the query protocol, or the
// target of JSON 1.1 with its service in front; "" when it has neither, or both.
// The body is read and put back.
// Source: AWS Query protocol and AWS JSON 1.1 protocol, Smithy documentation.
func operation(r *http.Request) string {
	target := r.Header.Get("X-Amz-Target")
	if r.Body == nil || r.Method != http.MethodPost || r.URL.RawQuery != "" {
		return ""
	}
	body, err := io.ReadAll(r.Body)
	if cerr := r.Body.Close(); err != nil || cerr != nil {
		return ""
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if target != "" {
		return target
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || len(form["Action"]) != 1 {
		return ""
	}
	return form.Get("Action")
}

func reads(r *http.Request) bool { return readOperations[operation(r)] }

// Mutates reports whether a request is none of the named reads. The method does
// not tell: AWS reads by POST.
func Mutates(r *http.Request) bool { return !reads(r) }

// authenticates lets through what the SDK's default chain sends to become
// somebody: role assumption, IAM Identity Center, instance and container metadata.
func authenticates(r *http.Request) bool {
	switch operation(r) {
	case "AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML":
		return true
	}
	path := r.URL.Path
	switch r.Method {
	case http.MethodGet, "":
		return strings.HasPrefix(path, "/federation/credentials") || strings.HasPrefix(path, "/latest/meta-data/") ||
			strings.HasPrefix(path, "/v2/credentials") || strings.HasPrefix(path, "/v1/credentials")
	case http.MethodPut:
		return path == "/latest/api/token"
	case http.MethodPost:
		return path == "/token" || path == "/v1/token"
	}
	return false
}
