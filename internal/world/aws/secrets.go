package aws

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// secretRequest is the union of the inputs of the served operations.
type secretRequest struct {
	SecretId            string
	VersionId           string
	VersionStage        string
	VersionStages       []string
	ClientRequestToken  string
	SecretString        string
	MoveToVersionId     string
	RemoveFromVersionId string
}

func secretID(body []byte) string {
	var r secretRequest
	if json.Unmarshal(body, &r) != nil {
		return ""
	}
	return r.SecretId
}

func (s *Server) secret(c *call) (*Secret, secretRequest, *fault) {
	var r secretRequest
	if err := json.Unmarshal(c.body, &r); err != nil {
		return nil, r, &fault{http.StatusBadRequest, "InvalidRequestException", "the request body is not JSON"}
	}
	for _, x := range s.st.Secrets {
		if r.SecretId == x.Name || r.SecretId == x.ARN {
			return x, r, nil
		}
	}
	return nil, r, &fault{http.StatusBadRequest, "ResourceNotFoundException", "Secrets Manager can't find the specified secret."}
}

func (s *Server) getSecretValue(c *call) (reply, *fault) {
	x, r, f := s.secret(c)
	if f != nil {
		return nil, f
	}
	id, v := x.staged(orDefault(r.VersionStage, current))
	if r.VersionId != "" {
		id, v = r.VersionId, x.Versions[r.VersionId]
	}
	if v == nil {
		return nil, &fault{http.StatusBadRequest, "ResourceNotFoundException", "Secrets Manager can't find the specified secret value."}
	}
	return map[string]any{"ARN": x.ARN, "Name": x.Name, "VersionId": id, "SecretString": v.Value, "VersionStages": v.Stages, "CreatedDate": v.Created.Unix()}, nil
}

func (s *Server) describeSecret(c *call) (reply, *fault) {
	x, _, f := s.secret(c)
	if f != nil {
		return nil, f
	}
	stages := map[string][]string{}
	for id, v := range x.Versions {
		if len(v.Stages) > 0 {
			stages[id] = v.Stages
		}
	}
	return map[string]any{"ARN": x.ARN, "Name": x.Name, "VersionIdsToStages": stages}, nil
}

func (s *Server) listSecretVersionIds(c *call) (reply, *fault) {
	x, _, f := s.secret(c)
	if f != nil {
		return nil, f
	}
	var all []map[string]any
	for _, id := range x.Order {
		v := x.Versions[id]
		all = append(all, map[string]any{"VersionId": id, "VersionStages": v.Stages, "CreatedDate": v.Created.Unix()})
	}
	return map[string]any{"ARN": x.ARN, "Name": x.Name, "Versions": all}, nil
}

// putSecretValue: the token is the version's id. The same token with the same
// value does nothing, with another value it is refused.
// Source: Secrets Manager API reference, PutSecretValue, "ClientRequestToken".
func (s *Server) putSecretValue(c *call) (reply, *fault) {
	x, r, f := s.secret(c)
	if f != nil {
		return nil, f
	}
	if n := len(r.ClientRequestToken); n < 32 || n > 64 {
		return nil, &fault{http.StatusBadRequest, "InvalidParameterException", "ClientRequestToken must be 32 to 64 characters long."}
	}
	if old := x.Versions[r.ClientRequestToken]; old != nil {
		if old.Value != r.SecretString {
			return nil, &fault{http.StatusBadRequest, "ResourceExistsException", "A resource with the ID you requested already exists."}
		}
		return map[string]any{"ARN": x.ARN, "Name": x.Name, "VersionId": r.ClientRequestToken, "VersionStages": old.Stages}, nil
	}
	stages := r.VersionStages
	if len(stages) == 0 {
		stages = []string{current}
	}
	x.Versions[r.ClientRequestToken] = &Version{Value: r.SecretString, Created: s.core.Now()}
	x.Order = append(x.Order, r.ClientRequestToken)
	for _, st := range stages {
		x.move(st, r.ClientRequestToken)
	}
	return map[string]any{"ARN": x.ARN, "Name": x.Name, "VersionId": r.ClientRequestToken, "VersionStages": stages}, nil
}

// move takes a stage from whichever version has it. What was AWSCURRENT becomes AWSPREVIOUS.
func (x *Secret) move(stage, to string) {
	from, _ := x.staged(stage)
	x.strip(stage)
	x.Versions[to].Stages = append(x.Versions[to].Stages, stage)
	slices.Sort(x.Versions[to].Stages)
	if stage == current && from != "" && from != to {
		x.move(previous, from)
	}
}

func (x *Secret) strip(stage string) {
	for _, v := range x.Versions {
		v.Stages = slices.DeleteFunc(v.Stages, func(s string) bool { return s == stage })
	}
}

func (s *Server) updateSecretVersionStage(c *call) (reply, *fault) {
	x, r, f := s.secret(c)
	if f != nil {
		return nil, f
	}
	invalid := func(m string) (reply, *fault) {
		return nil, &fault{http.StatusBadRequest, "InvalidParameterException", m}
	}
	holder, _ := x.staged(r.VersionStage)
	switch {
	case r.MoveToVersionId != "" && x.Versions[r.MoveToVersionId] == nil:
		return invalid("The version to move the label to does not exist.")
	case holder != "" && r.RemoveFromVersionId != holder:
		return invalid("The parameter RemoveFromVersionId must name the version " + strings.ToLower(r.VersionStage) + " is attached to.")
	case r.MoveToVersionId == "" && r.VersionStage == current:
		return invalid("AWSCURRENT must stay attached to a version.")
	case r.MoveToVersionId == "":
		x.strip(r.VersionStage)
	default:
		x.move(r.VersionStage, r.MoveToVersionId)
	}
	return map[string]any{"ARN": x.ARN, "Name": x.Name}, nil
}
