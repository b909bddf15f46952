package aws

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Parameter is a parameter of SSM's Parameter Store. A new version shows after the world's
// delay "ssm".
type Parameter struct {
	Name        string
	ARN         string
	Type        string // String, StringList, SecureString
	KeyID       string // of a SecureString
	Tier        string // Standard, Advanced
	DataType    string
	Description string
	Pattern     string
	Consumers   []string
	Versions    []ParameterVersion // oldest first, at most keptVersions
}

// ParameterVersion is one value a parameter has or had.
type ParameterVersion struct {
	Number int64
	Value  string
	By     string // ARN of who put it
	At     time.Time
	Shows  time.Time // from then on reads show it
	Labels []string
}

const (
	secureString = "SecureString"
	ownKey       = "alias/aws/ssm" // the account's default key
	standard     = "Standard"
	advanced     = "Advanced"

	// keptVersions is how many values a parameter keeps.
	// Source: Systems Manager user guide, "Working with parameter versions".
	keptVersions = 100
)

// parameterRequest is the union of the inputs of the served operations.
type parameterRequest struct {
	Name             string
	Value            string
	Type             string
	KeyId            string
	Tier             string
	DataType         string
	Description      string
	AllowedPattern   string
	Overwrite        bool
	WithDecryption   bool
	MaxResults       int
	NextToken        string
	ParameterFilters []parameterFilter
}

type parameterFilter struct {
	Key    string
	Option string // Equals, BeginsWith; "" for the first
	Values []string
}

func (f parameterFilter) passes(name string) bool {
	return f.Key == "Name" && slices.ContainsFunc(f.Values, func(v string) bool {
		return v == name || f.Option == "BeginsWith" && strings.HasPrefix(name, v)
	})
}

func parameterName(body []byte) string {
	var r parameterRequest
	if json.Unmarshal(body, &r) != nil {
		return ""
	}
	if r.Name == "" && len(r.ParameterFilters) > 0 {
		return strings.Join(r.ParameterFilters[0].Values, ",")
	}
	return r.Name
}

func invalid(message string) *fault {
	return &fault{http.StatusBadRequest, "ValidationException", message}
}

func (c *call) parameter() (parameterRequest, *fault) {
	var r parameterRequest
	if err := json.Unmarshal(c.body, &r); err != nil {
		return r, &fault{http.StatusBadRequest, "SerializationException", "the request body is not JSON"}
	}
	return r, nil
}

// seen gives the versions that show now, oldest first.
func (p *Parameter) seen(now time.Time) []ParameterVersion {
	return slices.DeleteFunc(slices.Clone(p.Versions), func(v ParameterVersion) bool { return now.Before(v.Shows) })
}

// describeParameters lists metadata, never a value. Only filters by name are served.
// Source: Systems Manager API reference, DescribeParameters.
func (s *Server) describeParameters(c *call) (reply, *fault) {
	r, f := c.parameter()
	if f != nil {
		return nil, f
	}
	var all []map[string]any
	for _, p := range s.parameters() {
		seen := p.seen(s.core.Now())
		if len(seen) == 0 || slices.ContainsFunc(r.ParameterFilters, func(f parameterFilter) bool { return !f.passes(p.Name) }) {
			continue
		}
		last := seen[len(seen)-1]
		m := p.described(last)
		m["ARN"] = p.ARN
		all = append(all, m)
	}
	at, _ := strconv.Atoi(r.NextToken)
	per := r.MaxResults
	if per == 0 {
		per = 10
	}
	out := map[string]any{"Parameters": []map[string]any{}}
	if at < len(all) {
		out["Parameters"] = all[at:min(at+per, len(all))]
	}
	if at+per < len(all) {
		out["NextToken"] = strconv.Itoa(at + per)
	}
	return out, nil
}

func (p *Parameter) described(v ParameterVersion) map[string]any {
	m := map[string]any{
		"Name": p.Name, "Type": p.Type, "Tier": p.Tier, "DataType": p.DataType,
		"Version": v.Number, "LastModifiedDate": v.At.Unix(), "LastModifiedUser": v.By, "Policies": []any{},
	}
	for k, x := range map[string]string{"KeyId": p.KeyID, "Description": p.Description, "AllowedPattern": p.Pattern} {
		if x != "" {
			m[k] = x
		}
	}
	return m
}

// getParameter reads the newest version, or the one of NAME:NUMBER or NAME:LABEL.
// Source: Systems Manager API reference, GetParameter.
func (s *Server) getParameter(c *call) (reply, *fault) {
	r, f := c.parameter()
	if f != nil {
		return nil, f
	}
	name, which, selected := strings.Cut(r.Name, ":")
	p := s.st.Parameters[name]
	seen := p.shown(s.core.Now())
	if len(seen) == 0 {
		return nil, &fault{http.StatusBadRequest, "ParameterNotFound", ""}
	}
	v := seen[len(seen)-1]
	if selected {
		i := slices.IndexFunc(seen, func(v ParameterVersion) bool {
			return strconv.FormatInt(v.Number, 10) == which || slices.Contains(v.Labels, which)
		})
		if i < 0 {
			return nil, &fault{http.StatusBadRequest, "ParameterVersionNotFound", "Systems Manager could not find version " + which + " of " + name + ". Verify the version and try again."}
		}
		v = seen[i]
	}
	m := map[string]any{
		"Name": p.Name, "ARN": p.ARN, "Type": p.Type, "DataType": p.DataType,
		"Version": v.Number, "LastModifiedDate": v.At.Unix(), "Value": p.value(v, r.WithDecryption),
	}
	if selected {
		m["Selector"] = ":" + which
	}
	return map[string]any{"Parameter": m}, nil
}

// shown is seen of a parameter that may not be there.
func (p *Parameter) shown(now time.Time) []ParameterVersion {
	if p == nil {
		return nil
	}
	return p.seen(now)
}

func (p *Parameter) value(v ParameterVersion, decrypted bool) string {
	if p.Type == secureString && !decrypted {
		return fmt.Sprintf("AQICAHg-version-%d-of-%s", v.Number, p.Name) // what is encrypted says nothing
	}
	return v.Value
}

// getParameterHistory gives every value that is kept.
// Source: Systems Manager API reference, GetParameterHistory.
func (s *Server) getParameterHistory(c *call) (reply, *fault) {
	r, f := c.parameter()
	if f != nil {
		return nil, f
	}
	p := s.st.Parameters[r.Name]
	seen := p.shown(s.core.Now())
	if len(seen) == 0 {
		return nil, &fault{http.StatusBadRequest, "ParameterNotFound", ""}
	}
	var all []map[string]any
	for _, v := range seen {
		m := p.described(v)
		m["Value"], m["Labels"] = p.value(v, r.WithDecryption), append([]string{}, v.Labels...)
		all = append(all, m)
	}
	return map[string]any{"Parameters": all}, nil
}

// putParameter makes a parameter, or its next version. What a request leaves out is not
// kept: the key becomes the account's own, the tier the account's default one, the description
// and the pattern are gone. The type stays, and an advanced parameter stays advanced.
// Source: Systems Manager API reference, PutParameter ("KeyId", "Tier", "Overwrite") and
// its errors.
func (s *Server) putParameter(c *call) (reply, *fault) {
	r, f := c.parameter()
	if f != nil {
		return nil, f
	}
	p := s.st.Parameters[r.Name]
	if f := r.refusal(p); f != nil {
		return nil, f
	}
	now, last := s.core.Now(), int64(0)
	if p == nil {
		p = &Parameter{Name: r.Name, ARN: s.parameterARN(r.Name), Type: r.Type, Tier: standard}
		s.st.Parameters[r.Name] = p
	} else {
		last = p.Versions[len(p.Versions)-1].Number
	}
	p.DataType, p.Description, p.Pattern = orDefault(r.DataType, "text"), r.Description, r.AllowedPattern
	if orDefault(r.Tier, s.st.Tier) == advanced {
		p.Tier = advanced
	}
	if p.Type == secureString {
		p.KeyID = orDefault(r.KeyId, ownKey)
	}
	p.Versions = append(p.Versions, ParameterVersion{Number: last + 1, Value: r.Value, By: s.arn(c.caller), At: now, Shows: now.Add(s.core.Delay("ssm"))})
	if len(p.Versions) > keptVersions {
		p.Versions = p.Versions[1:]
	}
	return map[string]any{"Version": last + 1, "Tier": p.Tier}, nil
}

// refusal is what a request to put is refused for; p is nil where there is no such parameter.
func (r parameterRequest) refusal(p *Parameter) *fault {
	is := func(code, message string) *fault { return &fault{http.StatusBadRequest, code, message} }
	limit := 4096
	if r.Tier == advanced || p != nil && p.Tier == advanced {
		limit = 8192
	}
	switch {
	case r.Name == "" || strings.ContainsAny(r.Name, ": "):
		return invalid("Parameter name: can't be empty and can include only letters, numbers and the symbols .-_/")
	case r.Value == "":
		return invalid("1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length greater than or equal to 1.")
	case len(r.Value) > limit:
		return invalid(fmt.Sprintf("Standard tier parameters support a maximum parameter value of %d characters.", limit))
	case p == nil && r.Type == "":
		return invalid("A parameter type is required when you create a parameter.")
	case p != nil && !r.Overwrite:
		return is("ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
	case p != nil && r.Type != "" && r.Type != p.Type:
		return is("HierarchyTypeMismatchException", "Parameter Store does not support changing a parameter type in a hierarchy.")
	case p != nil && p.Tier == advanced && r.Tier == standard:
		return invalid("This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the standard-parameter tier.")
	case p != nil && len(p.Versions) == keptVersions && len(p.Versions[0].Labels) > 0:
		return is("ParameterMaxVersionLimitExceeded", fmt.Sprintf("Version %d, the oldest version, can't be deleted because it has a label associated with it. Move the label to another version of the parameter, and try again.", p.Versions[0].Number))
	}
	if pattern, err := regexp.Compile(r.AllowedPattern); err != nil || !pattern.MatchString(r.Value) {
		return is("ParameterPatternMismatchException", "Parameter value, cannot be validated against allowedPattern: "+r.AllowedPattern)
	}
	return nil
}

func (s *Server) parameterARN(name string) string {
	return fmt.Sprintf("arn:aws:ssm:%s:%s:parameter/%s", s.st.Region, s.st.Account, strings.TrimPrefix(name, "/"))
}

// parameters are all of them, by name.
func (s *Server) parameters() []*Parameter {
	var out []*Parameter
	for _, p := range s.st.Parameters {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b *Parameter) int { return strings.Compare(a.Name, b.Name) })
	return out
}
