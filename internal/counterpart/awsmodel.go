package counterpart

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// Models are AWS's own models of the services we speak to. What passes a transport of
// Over is held against them: the request that is sent, and the answer to it. Which
// errors an operation declares and which words an enumeration has is asked of the SDK,
// which is made of the same models in full. It may be used concurrently.
type Models struct {
	services map[string]*awsService // by name: "iam"

	mu         sync.Mutex
	exchanges  int
	refusals   int
	operations map[string]int
	excepted   map[int]int // by place in the list of exceptions
}

// awsService is one model file.
// Source: npm aws-sdk, apis/*.min.json. Members without a type are strings.
type awsService struct {
	Metadata struct {
		APIVersion   string `json:"apiVersion"`
		Protocol     string `json:"protocol"` // query or json
		JSONVersion  string `json:"jsonVersion"`
		TargetPrefix string `json:"targetPrefix"`
		Namespace    string `json:"xmlNamespace"`
	} `json:"metadata"`
	Operations map[string]struct {
		Input  *shape `json:"input"`
		Output *shape `json:"output"`
	} `json:"operations"`
	Shapes map[string]*shape `json:"shapes"`
}

// shape is the type of a value: structure, list, map, or a scalar.
type shape struct {
	Ref           string            `json:"shape"`
	Type          string            `json:"type"`
	Required      []string          `json:"required"`
	Members       map[string]*shape `json:"members"`
	Member        *shape            `json:"member"` // of a list
	Value         *shape            `json:"value"`  // of a map
	ResultWrapper string            `json:"resultWrapper"`
}

// awsFiles are the models by service name.
var awsFiles = map[string]string{
	"iam": "iam-2010-05-08.json", "sts": "sts-2011-06-15.json", "secretsmanager": "secretsmanager-2017-10-17.json",
	"cloudtrail": "cloudtrail-2013-11-01.json",
	"ssm":        "ssm-2014-11-06.json",
}

// modelled is loaded once a test binary.
var modelled = struct {
	sync.Mutex
	m *Models
}{}

// AWS gives the models; the test ends where they are not installed.
func AWS(t testing.TB) *Models {
	t.Helper()
	m, err := loadAWS()
	if os.IsNotExist(err) {
		Missing(t, "AWS's service models", err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// AWSWhereInstalled is AWS, or nil where they are not installed and need not be: Over
// of nil holds nothing against anything.
func AWSWhereInstalled(t testing.TB) *Models {
	t.Helper()
	if m, err := loadAWS(); err == nil || Required() || !os.IsNotExist(err) {
		if err != nil {
			t.Fatalf("AWS's service models are required here: %v; run make counterparts", err)
		}
		return m
	}
	return nil
}

func loadAWS() (*Models, error) {
	modelled.Lock()
	defer modelled.Unlock()
	if modelled.m != nil {
		return modelled.m, nil
	}
	m := &Models{services: map[string]*awsService{}, operations: map[string]int{}, excepted: map[int]int{}}
	for name, file := range awsFiles {
		b, err := os.ReadFile(filepath.Join(Installed("aws"), file))
		if err != nil {
			return nil, err
		}
		s := &awsService{}
		if err := json.Unmarshal(b, s); err != nil {
			return nil, fmt.Errorf("read AWS's model of %s: %w", name, err)
		}
		m.services[name] = s
	}
	modelled.m = m
	return m, nil
}

// Has reports whether a service has an operation.
func (m *Models) Has(service, operation string) bool {
	s := m.services[service]
	if s == nil {
		return false
	}
	_, ok := s.Operations[operation]
	return ok
}

// Over gives a transport that passes requests on to next, and fails t at every
// violation of the models, each once.
func (m *Models) Over(t testing.TB, next http.RoundTripper) http.RoundTripper {
	if m == nil {
		return next
	}
	return &awsWatched{m: m, t: t, next: next, told: map[string]bool{}}
}

// Figures says how much was held against the models so far.
func (m *Models) Figures() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, k := range m.excepted {
		n += k
	}
	return fmt.Sprintf("%d exchanges, %d of them refusals, of %d operations held against AWS's service models; %d met one of %d exceptions",
		m.exchanges, m.refusals, len(m.operations), n, len(awsExceptions))
}

// Seen lists the operations that were held against the models, "iam:GetRole", sorted.
func (m *Models) Seen() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.operations))
}

// Unneeded lists the exceptions that no exchange needed.
func (m *Models) Unneeded() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for i, x := range awsExceptions {
		if m.excepted[i] == 0 {
			out = append(out, x.code+" of "+x.service)
		}
	}
	return out
}

// resolve follows references to named shapes.
func (s *awsService) resolve(x *shape) *shape {
	for x != nil && x.Ref != "" {
		named := *s.Shapes[x.Ref]
		if x.ResultWrapper != "" {
			named.ResultWrapper = x.ResultWrapper
		}
		x = &named
	}
	return x
}

// lacking are the required members that a value does not have.
func (x *shape) lacking(has []string) []string {
	return slices.DeleteFunc(slices.Clone(x.Required), func(r string) bool { return slices.Contains(has, r) })
}
