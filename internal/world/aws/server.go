package aws

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/firebreak/firebreak/internal/world"
)

// Server is the provider. It is driven under the world's lock.
type Server struct {
	core world.Core
	st   *State
}

var (
	_ world.Provider   = (*Server)(nil)
	_ world.Pointing   = (*Server)(nil)
	_ world.Projecting = (*Server)(nil)
)

// Name implements world.Provider.
func (*Server) Name() string { return "aws" }

// call is a request after its protocol was taken off.
type call struct {
	service string // iam, sts, secretsmanager, cloudtrail, ssm
	action  string // "UpdateAssumeRolePolicy"
	form    url.Values
	body    []byte
	json    bool
	caller  caller
	region  string // for which it was signed
}

// targets are the JSON services, by what their targets begin with.
var targets = map[string]string{"secretsmanager": "secretsmanager", "AmazonSSM": "ssm", "CloudTrail_20131101": "cloudtrail"}

// understand names service and operation of a request. Query operations are told
// apart by their names: IAM and STS have none in common that we serve.
func understand(r *http.Request, body []byte) (call, bool) {
	sig, _ := parseSignature(r.Header.Get("Authorization"))
	if t := r.Header.Get("X-Amz-Target"); t != "" {
		prefix, op, _ := strings.Cut(t, ".")
		service, ok := targets[prefix]
		return call{service: orDefault(service, "secretsmanager"), action: op, body: body, json: true, region: sig.region}, ok
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("Action") == "" {
		return call{}, false
	}
	c := call{service: "iam", action: form.Get("Action"), form: form, body: body, region: sig.region}
	if form.Get("Version") == "2011-06-15" {
		c.service = "sts"
	}
	return c, true
}

// Describe implements world.Provider.
func (s *Server) Describe(r *http.Request, body []byte) world.Request {
	c, ok := understand(r, body)
	if !ok {
		return world.Request{Call: "aws unintelligible"}
	}
	op := s.operations()[c.service+" "+c.action]
	d := world.Request{Call: c.service + " " + c.action, Mutating: op.mutates, Object: c.object()}
	switch id := presentedID(r); {
	case s.st.Keys[id] != nil:
		d.Value = s.st.Keys[id].Secret
	case s.st.Sessions[id] != nil:
		d.Value = s.st.Sessions[id].Secret
	case c.form != nil:
		d.Value = c.form.Get("WebIdentityToken")
	}
	return d
}

func (c call) object() string {
	for _, k := range []string{"AccessKeyId", "RoleName", "RoleArn", "PolicySourceArn", "PolicyArn", "UserName", "OpenIDConnectProviderArn", "Url"} {
		if v := c.form.Get(k); v != "" {
			return v
		}
	}
	if c.service == "ssm" {
		return parameterName(c.body)
	}
	return secretID(c.body)
}

// operation is one served API operation. unsigned ones carry their own proof.
type operation struct {
	serve    func(*call) (reply, *fault)
	mutates  bool
	unsigned bool
}

func (s *Server) operations() map[string]operation {
	return map[string]operation{
		"iam GetRole":                             {serve: s.getRole},
		"iam ListRoles":                           {serve: s.listRoles},
		"iam GetPolicy":                           {serve: s.getPolicy},
		"iam GetPolicyVersion":                    {serve: s.getPolicyVersion},
		"iam ListRolePolicies":                    {serve: s.listRolePolicies},
		"iam GetRolePolicy":                       {serve: s.getRolePolicy},
		"iam ListAttachedRolePolicies":            {serve: s.listAttachedRolePolicies},
		"iam SimulatePrincipalPolicy":             {serve: s.simulate},
		"iam UpdateAssumeRolePolicy":              {serve: s.updateAssumeRolePolicy, mutates: true},
		"iam PutRolePolicy":                       {serve: s.putRolePolicy, mutates: true},
		"iam PutRolePermissionsBoundary":          {serve: s.putRolePermissionsBoundary, mutates: true},
		"iam DeleteRolePermissionsBoundary":       {serve: s.deleteRolePermissionsBoundary, mutates: true},
		"iam DeleteRolePolicy":                    {serve: s.deleteRolePolicy, mutates: true},
		"iam GetOpenIDConnectProvider":            {serve: s.getProvider},
		"iam CreateOpenIDConnectProvider":         {serve: s.createProvider, mutates: true},
		"iam DeleteOpenIDConnectProvider":         {serve: s.deleteProvider, mutates: true},
		"iam GetUser":                             {serve: s.getUser},
		"iam GetUserPolicy":                       {serve: s.getUserPolicy},
		"iam PutUserPolicy":                       {serve: s.putUserPolicy, mutates: true},
		"iam ListAccessKeys":                      {serve: s.listAccessKeys},
		"iam GetAccessKeyLastUsed":                {serve: s.getAccessKeyLastUsed},
		"iam CreateAccessKey":                     {serve: s.createAccessKey, mutates: true},
		"iam UpdateAccessKey":                     {serve: s.updateAccessKey, mutates: true},
		"iam DeleteAccessKey":                     {serve: s.deleteAccessKey, mutates: true},
		"sts GetCallerIdentity":                   {serve: s.getCallerIdentity},
		"sts GetSessionToken":                     {serve: s.getSessionToken, mutates: true},
		"sts AssumeRole":                          {serve: s.assumeRole, mutates: true},
		"sts AssumeRoleWithWebIdentity":           {serve: s.assumeRoleWithWebIdentity, mutates: true, unsigned: true},
		"cloudtrail LookupEvents":                 {serve: s.lookupEvents},
		"secretsmanager GetSecretValue":           {serve: s.getSecretValue},
		"secretsmanager DescribeSecret":           {serve: s.describeSecret},
		"secretsmanager ListSecretVersionIds":     {serve: s.listSecretVersionIds},
		"secretsmanager PutSecretValue":           {serve: s.putSecretValue, mutates: true},
		"secretsmanager UpdateSecretVersionStage": {serve: s.updateSecretVersionStage, mutates: true},
		"ssm DescribeParameters":                  {serve: s.describeParameters},
		"ssm GetParameter":                        {serve: s.getParameter},
		"ssm GetParameterHistory":                 {serve: s.getParameterHistory},
		"ssm PutParameter":                        {serve: s.putParameter, mutates: true},
	}
}

// ServeHTTP implements http.Handler. It is called with the world's lock held.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client went away
	}
	w.Header().Set("Date", s.core.Now().UTC().Format(http.TimeFormat))
	sum := sha256.Sum256(append([]byte(r.Header.Get("Authorization")), body...))
	id := hex.EncodeToString(sum[:16])
	w.Header().Set("X-Amzn-Requestid", id)
	c, ok := understand(r, body)
	op, known := s.operations()[c.service+" "+c.action]
	if !ok || !known {
		c.fail(w, id, &fault{http.StatusBadRequest, "InvalidAction", "Could not find operation " + c.action})
		return
	}
	rep, f := s.answer(&c, op, r, bytes.Clone(body))
	if f != nil {
		c.fail(w, id, f)
		return
	}
	c.succeed(w, id, rep)
}

func (s *Server) answer(c *call, op operation, r *http.Request, body []byte) (reply, *fault) {
	if !op.unsigned {
		who, f := s.authenticate(r, body)
		if f != nil {
			return nil, f
		}
		c.caller = who
		if f := s.authorize(c); f != nil {
			if arn := c.form.Get("RoleArn"); c.action == "AssumeRole" && arn != "" {
				s.assumed(who, s.loggedIn(c), arn, c.form.Get("RoleSessionName"), nil, s.core.Now())
			}
			return nil, f
		}
	}
	return op.serve(c)
}
