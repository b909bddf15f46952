package aws

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Looked up are management events of the last 90 days, in one region, by one attribute,
// fifty a page, newest first; two calls a second and region.
// Source: CloudTrail API reference, LookupEvents; CloudTrail user guide, "Working with
// CloudTrail event history".
const (
	trailKept  = 90 * 24 * time.Hour
	trailPage  = 50
	trailCalls = 2 // a second
)

// TrailEvent is one event of CloudTrail.
type TrailEvent struct {
	ID        string
	Name      string
	Region    string
	At        time.Time
	Delivered time.Time // from then on it is found
	Key       string    // access key id of the caller
	User      string    // as the list shows the caller: a session's name
	Role      string    // ARN of the role that was asked for
	Record    string    // the event as JSON
}

// assumed records a call of AssumeRole; x is nil for one that was refused. As AWS does,
// it tells of the new session's token in clear.
// Source: CloudTrail user guide, "CloudTrail record contents" and "userIdentity element";
// IAM user guide, "Logging IAM and AWS STS API calls with AWS CloudTrail".
func (s *Server) assumed(who caller, region, arn, name string, x *Session, at time.Time) {
	e := &TrailEvent{ID: s.uuid(), Name: "AssumeRole", Region: region, At: at, Delivered: at.Add(s.core.Delay("cloudtrail")), Role: arn}
	identity := map[string]any{"accountId": s.st.Account, "arn": s.arn(who)}
	switch {
	case who.key != nil:
		e.Key, e.User = who.key.ID, who.key.User
		identity["type"], identity["userName"] = "IAMUser", e.User
	case who.session.User != "":
		e.Key, e.User = who.session.ID, who.session.User
		identity["type"], identity["userName"] = "IAMUser", e.User
	default:
		e.Key, e.User = who.session.ID, who.session.Name
		identity["type"] = "AssumedRole"
		identity["sessionContext"] = map[string]any{
			"sessionIssuer": map[string]any{"type": "Role", "arn": s.roleARN(who.session.Role), "accountId": s.st.Account, "userName": who.session.Role},
			"attributes":    map[string]any{"creationDate": stamp(who.session.Issued), "mfaAuthenticated": "false"},
		}
	}
	identity["accessKeyId"] = e.Key
	record := map[string]any{
		"eventVersion": "1.08", "userIdentity": identity, "eventTime": stamp(at), "eventSource": "sts.amazonaws.com", "eventName": e.Name,
		"awsRegion": region, "requestParameters": map[string]any{"roleArn": arn, "roleSessionName": name}, "responseElements": nil,
		"eventID": e.ID, "readOnly": true, "eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": s.st.Account, "eventCategory": "Management",
		"resources": []any{map[string]any{"accountId": accountIn(arn), "type": "AWS::IAM::Role", "ARN": arn}},
	}
	if x == nil {
		record["errorCode"], record["errorMessage"] = "AccessDenied", "not authorized to perform: sts:AssumeRole"
	} else {
		record["responseElements"] = map[string]any{
			"credentials":     map[string]any{"accessKeyId": x.ID, "expiration": stamp(x.Expires), "sessionToken": x.Token},
			"assumedRoleUser": map[string]any{"assumedRoleId": "AROA:" + name, "arn": "arn:aws:sts::" + accountIn(arn) + ":assumed-role/" + arn[strings.LastIndexByte(arn, '/')+1:] + "/" + name},
		}
	}
	b, err := json.Marshal(record)
	if err != nil {
		panic(err) // it is plain data
	}
	e.Record = string(b)
	s.st.Trail = append(s.st.Trail, e)
}

func accountIn(arn string) string {
	if f := strings.SplitN(arn, ":", 6); len(f) == 6 {
		return f[4]
	}
	return ""
}

// lookupInput is the input of LookupEvents. Times are seconds since 1970.
type lookupInput struct {
	LookupAttributes []struct {
		AttributeKey   string
		AttributeValue string
	}
	StartTime, EndTime float64
	MaxResults         *int
	NextToken          string
}

func refused(code, message string) *fault { return &fault{http.StatusBadRequest, code, message} }

// lookupEvents serves the event history of the region that the request was signed for.
func (s *Server) lookupEvents(c *call) (reply, *fault) {
	now := s.core.Now()
	if s.st.Lookups == nil {
		s.st.Lookups = map[string][]time.Time{}
	}
	recent := slices.DeleteFunc(s.st.Lookups[c.region], func(t time.Time) bool { return now.Sub(t) >= time.Second })
	if len(recent) >= trailCalls {
		return nil, refused("ThrottlingException", "Rate exceeded")
	}
	s.st.Lookups[c.region] = append(recent, now)
	var in lookupInput
	if err := json.Unmarshal(c.body, &in); err != nil {
		return nil, refused("SerializationException", "the request is no JSON")
	}
	most := trailPage
	if in.MaxResults != nil {
		most = *in.MaxResults
	}
	start, end := moment(in.StartTime), moment(in.EndTime)
	switch {
	case len(in.LookupAttributes) > 1:
		return nil, refused("InvalidLookupAttributesException", "Only one lookup attribute is allowed")
	case most < 1 || most > trailPage:
		return nil, refused("InvalidMaxResultsException", "The max results must be between 1 and 50")
	case !start.IsZero() && !end.IsZero() && end.Before(start):
		return nil, refused("InvalidTimeRangeException", "The end time is before the start time")
	}
	var found []*TrailEvent
	for _, e := range slices.Backward(s.st.Trail) {
		switch {
		case e.Region != c.region || now.Before(e.Delivered) || now.Sub(e.At) > trailKept:
		case !start.IsZero() && e.At.Before(start) || !end.IsZero() && e.At.After(end):
		case len(in.LookupAttributes) == 1 && !e.has(in.LookupAttributes[0].AttributeKey, in.LookupAttributes[0].AttributeValue):
		default:
			found = append(found, e)
		}
	}
	slices.SortStableFunc(found, func(a, b *TrailEvent) int { return b.At.Compare(a.At) })
	if in.NextToken != "" {
		i := slices.IndexFunc(found, func(e *TrailEvent) bool { return e.ID == in.NextToken })
		if i < 0 {
			return nil, refused("InvalidNextTokenException", "The next token is not valid")
		}
		found = found[i:]
	}
	out := map[string]any{}
	if len(found) > most {
		out["NextToken"] = found[most].ID
		found = found[:most]
	}
	events := []any{}
	for _, e := range found {
		events = append(events, map[string]any{
			"EventId": e.ID, "EventName": e.Name, "ReadOnly": "true", "AccessKeyId": e.Key, "EventTime": e.At.Unix(), "EventSource": "sts.amazonaws.com",
			"Username": e.User, "Resources": []any{map[string]any{"ResourceType": "AWS::IAM::Role", "ResourceName": e.Role}}, "CloudTrailEvent": e.Record,
		})
	}
	out["Events"] = events
	return out, nil
}

func moment(seconds float64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(seconds * 1000))
}

func (e *TrailEvent) has(key, value string) bool {
	switch key {
	case "EventName":
		return e.Name == value
	case "EventId":
		return e.ID == value
	case "AccessKeyId":
		return e.Key == value
	case "Username":
		return e.User == value
	case "ResourceName":
		return e.Role == value
	case "EventSource":
		return value == "sts.amazonaws.com"
	}
	return false
}
