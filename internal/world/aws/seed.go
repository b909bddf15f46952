// Package aws is the world's AWS: IAM and STS in the query protocol, Secrets
// Manager and SSM's Parameter Store in JSON 1.1, on one endpoint, as the unmodified aws-sdk-go-v2 speaks
// them. Signatures are checked, trust and inline policies are evaluated, and what
// IAM enforces lags behind what it shows by the world's delay "iam" (reads by
// "iam read").
//
// Begin with Seed and New. The state struct is plain data on the world's disk.
// A role named in the seed dies when its trust refuses every stolen OIDC token
// and every session it ever issued is denied, both as enforced.
package aws

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/firebreak/firebreak/internal/world"
)

// Seed is an account before the incident. Values that are left out are made from
// the world's own pseudo-random sequence.
type Seed struct {
	Account   string       `json:"account" yaml:"account"` // twelve digits; "" for 111122223333
	Region    string       `json:"region" yaml:"region"`   // "" for us-east-1
	Profile   string       `json:"profile" yaml:"profile"` // name of the responder's profile in the files Environment writes; "" for ir-prod
	Responder SeedKey      `json:"responder" yaml:"responder"`
	Roles     []SeedRole   `json:"roles" yaml:"roles"`
	Users     []SeedUser   `json:"users" yaml:"users"`
	Secrets   []SeedSecret `json:"secrets" yaml:"secrets"`
	// Policies are the documents of managed policies, by ARN.
	Policies map[string]string `json:"policies" yaml:"policies"`
	// Foreign are the ARNs of roles in other accounts that let everybody in.
	Foreign []string `json:"foreign" yaml:"foreign"`
	// Parameters are those of SSM's Parameter Store.
	Parameters []SeedParameter `json:"parameters" yaml:"parameters"`
	// Tier is the default tier of parameters that are put without one; "" for Standard.
	Tier string `json:"parameter_tier" yaml:"parameter_tier"`
}

// SeedRole is a role with its trust policy and what its sessions may do.
type SeedRole struct {
	Name       string `json:"name" yaml:"name"`
	Credential string `json:"credential" yaml:"credential"` // name in the world's log; "" for "role:NAME"
	// Trust is the trust policy document as JSON text; "" for one that lets
	// repository Repository of GitHub Actions in on any ref.
	Trust      string            `json:"trust" yaml:"trust"`
	Repository string            `json:"repository" yaml:"repository"`
	Allows     []string          `json:"allows" yaml:"allows"` // "secretsmanager:GetSecretValue", "s3:*"
	Inline     map[string]string `json:"inline" yaml:"inline"`
	Attached   []string          `json:"attached" yaml:"attached"` // ARNs of the seed's policies
	// Sessions is how many sessions the attacker holds when the world begins, Tokens how many OIDC tokens.
	Sessions int `json:"sessions" yaml:"sessions"`
	Tokens   int `json:"tokens" yaml:"tokens"`
	// From is a role, named before this one, whose stolen session assumed it a quarter of an
	// hour before the world begins: that is how the attacker came by Sessions.
	From string `json:"from" yaml:"from"`
	// Subject is the tokens' sub claim; "" for repo:REPOSITORY:pull_request.
	Subject string `json:"subject" yaml:"subject"`
}

// SeedUser is an IAM user with its long-lived keys.
type SeedUser struct {
	Name   string    `json:"name" yaml:"name"`
	Allows []string  `json:"allows" yaml:"allows"`
	Keys   []SeedKey `json:"keys" yaml:"keys"`
}

// SeedKey is an access key. Credential is its name in the world's log.
type SeedKey struct {
	Credential string        `json:"credential" yaml:"credential"`
	ID         string        `json:"id" yaml:"id"`
	Secret     string        `json:"secret" yaml:"secret"`
	Status     string        `json:"status" yaml:"status"` // "" for Active
	Age        time.Duration `json:"age" yaml:"age"`       // before the world begins; 0 for 90 days
}

// SeedSecret is a Secrets Manager secret. Value may name a key pair of the seed:
// Pair gives user and the JSON names of id and secret.
type SeedSecret struct {
	Name      string    `json:"name" yaml:"name"`
	Value     string    `json:"value" yaml:"value"`
	Pair      *SeedPair `json:"pair" yaml:"pair"`
	Consumers []string  `json:"consumers" yaml:"consumers"` // who reads it; named in the projection
}

// SeedParameter is a parameter of SSM's Parameter Store. Value and Pair are as a secret's.
type SeedParameter struct {
	Name        string    `json:"name" yaml:"name"`
	Type        string    `json:"type" yaml:"type"` // "" for SecureString
	KeyID       string    `json:"key" yaml:"key"`   // of a SecureString; "" for the account's own
	Tier        string    `json:"tier" yaml:"tier"` // "" for Standard
	Description string    `json:"description" yaml:"description"`
	Pattern     string    `json:"pattern" yaml:"pattern"` // what a value has to match
	Value       string    `json:"value" yaml:"value"`
	Pair        *SeedPair `json:"pair" yaml:"pair"`
	Labels      []string  `json:"labels" yaml:"labels"` // on the first version
	Consumers   []string  `json:"consumers" yaml:"consumers"`
}

// SeedPair says that a secret holds the first key of a user, under these names.
type SeedPair struct {
	User   string `json:"user" yaml:"user"`
	ID     string `json:"id" yaml:"id"`
	Secret string `json:"secret" yaml:"secret"`
}

const (
	sessionSpan = time.Hour
	aYear       = 365 * 24 * time.Hour // how old roles and users are
)

// New makes the provider. core is the world it will be mounted in.
func New(core world.Core, seed Seed) (*Server, error) {
	st := &State{
		Account: orDefault(seed.Account, "111122223333"), Region: orDefault(seed.Region, "us-east-1"), Profile: orDefault(seed.Profile, "ir-prod"),
		Roles: map[string]*Role{}, Users: map[string]*User{}, Keys: map[string]*Key{}, Sessions: map[string]*Session{}, Secrets: map[string]*Secret{}, Parameters: map[string]*Parameter{}, Tier: orDefault(seed.Tier, standard), Foreign: seed.Foreign, Policies: seed.Policies,
	}
	s := &Server{core: core, st: st}
	s.plantProvider()
	seed.Responder.Credential = orDefault(seed.Responder.Credential, "aws:responder")
	since := core.Now().Add(-aYear).Truncate(time.Second)
	st.Users[responder] = &User{Name: responder, Allows: []string{"*"}, Inline: always(map[string]string{}), Created: since}
	st.Responder = s.plant(responder, seed.Responder).ID
	for _, u := range seed.Users {
		st.Users[u.Name] = &User{Name: u.Name, Allows: u.Allows, Inline: always(map[string]string{}), Created: since}
		for _, k := range u.Keys {
			s.plant(u.Name, k)
		}
	}
	for _, r := range seed.Roles {
		if err := s.plantRole(r); err != nil {
			return nil, err
		}
	}
	for _, x := range seed.Secrets {
		if err := s.plantSecret(x); err != nil {
			return nil, err
		}
	}
	for _, x := range seed.Parameters {
		if err := s.plantParameter(x); err != nil {
			return nil, err
		}
	}
	return s, nil
}

const responder = "firebreak-responder"

func (s *Server) plant(user string, k SeedKey) *Key {
	key := s.newKey(user)
	key.ID, key.Secret = orDefault(k.ID, key.ID), orDefault(k.Secret, key.Secret)
	key.Credential = orDefault(k.Credential, "key:"+key.ID)
	if k.Age == 0 {
		k.Age = 90 * 24 * time.Hour
	}
	key.Created = s.core.Now().Add(-k.Age).Truncate(time.Second)
	key.Status = always(orDefault(k.Status, active))
	s.st.Keys[key.ID] = key
	s.core.Born(key.Credential, key.Secret)
	return key
}

func (s *Server) plantRole(r SeedRole) error {
	if r.Trust == "" {
		r.Trust = looseTrust(s.st.Account, r.Repository)
	}
	if _, err := parsePolicy(r.Trust); err != nil {
		return fmt.Errorf("trust policy of role %s in the scenario: %w", r.Name, err)
	}
	if r.Inline == nil {
		r.Inline = map[string]string{}
	}
	role := &Role{
		Name: r.Name, Credential: orDefault(r.Credential, "role:"+r.Name), Trust: always(r.Trust), Inline: always(r.Inline), Boundary: always(""), Attached: r.Attached,
		Allows: r.Allows, Created: s.core.Now().Add(-aYear).Truncate(time.Second),
	}
	s.st.Roles[r.Name] = role
	for range r.Sessions {
		x := s.issue(role, "stolen", sessionSpan)
		if r.From == "" {
			continue
		}
		from := s.Sessions(r.From)
		if len(from) == 0 {
			return fmt.Errorf("role %s in the scenario is assumed from %s, of which no session is stolen", r.Name, r.From)
		}
		role.From, x.Issued = r.From, x.Issued.Add(-15*time.Minute)
		s.assumed(caller{session: s.st.Sessions[from[0].ID]}, s.st.Region, s.roleARN(r.Name), x.Name, x, x.Issued)
	}
	subject := orDefault(r.Subject, "repo:"+r.Repository+":pull_request")
	for range r.Tokens {
		t := Token(map[string]any{
			"iss": githubIssuer, "aud": "sts.amazonaws.com", "sub": subject, "repository": r.Repository,
			"jti": s.core.Text(16), "exp": s.core.Now().Add(24 * time.Hour).Unix(),
		})
		role.Stolen = append(role.Stolen, t)
		s.core.Born(role.Credential, t)
	}
	return nil
}

func (s *Server) plantSecret(x SeedSecret) error {
	value, err := s.paired(x.Value, x.Pair)
	if err != nil {
		return fmt.Errorf("secret %s in the scenario %w", x.Name, err)
	}
	id := s.uuid()
	s.st.Secrets[x.Name] = &Secret{
		Name: x.Name, ARN: fmt.Sprintf("arn:aws:secretsmanager:%s:%s:secret:%s-%s", s.st.Region, s.st.Account, x.Name, s.core.Text(6)),
		Consumers: x.Consumers, Order: []string{id},
		Versions: map[string]*Version{id: {Value: value, Stages: []string{current}, Created: s.core.Now()}},
	}
	return nil
}

// paired is a value of the seed, or the key pair it names.
func (s *Server) paired(value string, pair *SeedPair) (string, error) {
	if pair == nil {
		return value, nil
	}
	key := s.firstKey(pair.User)
	if key == nil {
		return "", fmt.Errorf("names user %s, who has no access key", pair.User)
	}
	b, err := json.Marshal(map[string]string{pair.ID: key.ID, pair.Secret: key.Secret})
	return string(b), err
}

func (s *Server) plantParameter(x SeedParameter) error {
	value, err := s.paired(x.Value, x.Pair)
	if err != nil {
		return fmt.Errorf("parameter %s in the scenario %w", x.Name, err)
	}
	p := &Parameter{
		Name: x.Name, ARN: s.parameterARN(x.Name), Type: orDefault(x.Type, secureString), Tier: orDefault(x.Tier, standard),
		DataType: "text", Description: x.Description, Pattern: x.Pattern, Consumers: x.Consumers,
		Versions: []ParameterVersion{{Number: 1, Value: value, By: s.userARN("platform"), At: s.core.Now().Add(-aYear).Truncate(time.Second), Labels: x.Labels}},
	}
	if p.Type == secureString {
		p.KeyID = orDefault(x.KeyID, ownKey)
	}
	s.st.Parameters[x.Name] = p
	return nil
}

func looseTrust(account, repository string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Sid":"GitHubActions","Effect":"Allow","Principal":{"Federated":"arn:aws:iam::%s:oidc-provider/%s"},`+
		`"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"%s:aud":"sts.amazonaws.com"},"StringLike":{"%s:sub":"repo:%s:*"}}}]}`,
		account, githubHost, githubHost, githubHost, repository)
}

func orDefault(v, d string) string {
	if v == "" {
		return d
	}
	return v
}
