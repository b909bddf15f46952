package aws

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// secretPut makes a new version of a Secrets Manager secret the current one. The
// version's id is ours, so a lost call is found again. The old value stays as
// AWSPREVIOUS: it is worthless once its credential is dead.
type secretPut struct{ p *Provider }

const (
	secretPutName = "aws.secretsmanager.put"
	currentStage  = "AWSCURRENT"
)

// Spec implements adapters.Action.
func (secretPut) Spec() plan.Spec {
	return plan.Spec{
		Name: secretPutName, Summary: "Put a new value into a Secrets Manager secret.",
		Target: "secret", Inputs: []plan.Field{
			{Name: "account", Type: plan.String, Doc: "Account name in firebreak.yaml; may be left out where there is one."},
			{Name: "id", Type: plan.String, Required: true, Doc: "Name or ARN of the secret."},
			{Name: "value", Type: plan.Secret, Doc: "The new value; or value.<NAME> for each member of a JSON object, which then holds exactly these."},
			{Name: "key", Type: plan.String, Doc: "Member of a JSON object that holds the value; the object then holds nothing else."},
		},
		Effect: plan.Irreversible, Role: plan.Deliver, Lost: plan.Detectable, Proof: plan.P2, Settle: propagation,
		Permissions: []string{"secretsmanager:DescribeSecret", "secretsmanager:PutSecretValue"},
		Source:      "Secrets Manager API reference, PutSecretValue, \"ClientRequestToken\"",
	}
}

// putImage is the before-image: which version is current.
type putImage struct {
	ARN     string `json:"arn"`
	Current string `json:"current"`
}

// Plan implements adapters.Action.
func (secretPut) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	x, err := findSecret(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	before := putImage{x.ARN, staged(x, currentStage)}
	return plan.Change{
		Target: plan.Target{Provider: "aws", Kind: "secret", ID: x.ARN, Name: x.ID}, Before: plan.Image(before),
		Calls:  []plan.Call{putSecret(before, "", nil, "")},
		Breaks: "whoever reads " + x.ID + " gets the new value; clients may keep the old one in memory for an hour",
	}, nil
}

func findSecret(in adapters.Inputs, s *snapshot.Snapshot) (snapshot.AWSSecret, error) {
	id := in.Text("id")
	for _, acc := range s.AWS {
		if name := in.Text("account"); name != "" && name != acc.Name {
			continue
		}
		for _, x := range acc.Secrets {
			if x.ID == id || x.ARN == id {
				return x, nil
			}
		}
	}
	with := map[string]string{"id": id}
	if name := in.Text("account"); name != "" {
		with["account"] = name
	}
	return snapshot.AWSSecret{}, &adapters.Missing{What: "secret " + id, Scope: adapters.Scope{Stores: []adapters.Selector{{Name: "aws.secretsmanager", With: with}}}}
}

// putSecret is the call that makes version token current. The token follows from
// what is there, from the incident (by when it began), from which attempt this is
// and from the plain inputs (a new key's id), so that a call sent again is the same call, and another value another version.
func putSecret(before putImage, incident string, history []plan.Attempt, plain string) plan.Call {
	seed := strings.Join([]string{secretPutName, before.ARN, before.Current, incident, strconv.Itoa(len(history)), plain}, "\n")
	sum := sha256.Sum256([]byte(seed))
	h := hex.EncodeToString(sum[:])
	token := h[:8] + "-" + h[8:12] + "-5" + h[13:16] + "-8" + h[17:20] + "-" + h[20:32]
	return plan.Call{
		Key: "put", Verb: "put", Object: before.ARN,
		Args: map[string]string{"token": token, "plain": plain}, Before: plan.Image(before),
	}
}

// plain is what is not secret of the values: the new key's id. A version counts as
// ours only for the values it was made of.
func plain(t adapters.Task) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(t.Inputs)) {
		if v, ok := t.Inputs[k].(string); ok && strings.HasPrefix(k, "value.") {
			parts = append(parts, k+"="+v)
		}
	}
	return strings.Join(parts, "&")
}

// Apply implements adapters.Action.
func (s secretPut) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	value, err := payload(t)
	if err != nil {
		return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Detail: err.Error()}}
	}
	a, err := task{t}.account(s.p)
	if err != nil {
		return unreachable(err)
	}
	w, err := a.writer(ctx, "secretsmanager.PutSecretValue")
	if err != nil {
		return unreachable(err)
	}
	out, err := w.secrets.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{
		SecretId: aws.String(c.Object), ClientRequestToken: aws.String(c.Args["token"]),
		SecretString: aws.String(value.Reveal()), VersionStages: []string{currentStage},
	})
	if err != nil {
		return adapters.Result{Outcome: judged(noMetadata, err, "secretsmanager:PutSecretValue on "+c.Object, t.Now)}
	}
	o := judged(out.ResultMetadata, nil, "", t.Now)
	if aws.ToString(out.VersionId) != c.Args["token"] {
		o.State, o.Detail = plan.Unknown, "the answer does not name the version that was put"
	}
	return adapters.Result{Outcome: o}
}

// payload is the new value: as it is, or a JSON object of its parts.
func payload(t adapters.Task) (secret.Text, error) {
	object := map[string]string{}
	for name, v := range t.Secrets {
		if key, ok := strings.CutPrefix(name, "value."); ok {
			object[key] = v.Reveal()
		}
	}
	for name, v := range t.Inputs {
		if key, ok := strings.CutPrefix(name, "value."); ok {
			object[key], _ = v.(string)
		}
	}
	value := t.Secrets["value"]
	if key := t.Text("key"); key != "" && !value.Empty() {
		object[key] = value.Reveal()
	}
	if len(object) == 0 && value.Empty() {
		return value, fmt.Errorf("the new value is not at hand; mint it again or paste it")
	}
	if len(object) == 0 {
		return value, nil
	}
	for name, v := range object {
		if v == "" {
			return secret.Text{}, fmt.Errorf("the new value's part %s is not at hand; mint it again or paste it", name)
		}
	}
	b, err := json.Marshal(object)
	if err != nil {
		return secret.Text{}, fmt.Errorf("build the secret's JSON: %w", err)
	}
	return secret.New(b), nil
}

// Settle implements adapters.Action: the call happened if its version exists.
func (s secretPut) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	x, _, err := s.read(ctx, t)
	if err != nil {
		return plan.Settlement{Happened: "unknown", Detail: explain(err)}
	}
	if _, ok := x.Versions[c.Args["token"]]; ok {
		return plan.Settlement{Happened: "yes"}
	}
	return t.Absent(c, task{t}.settle(), "version "+c.Args["token"]+" does not exist")
}

func (s secretPut) read(ctx context.Context, t adapters.Task) (snapshot.AWSSecret, plan.Reading, error) {
	a, err := task{t}.account(s.p)
	if err != nil {
		return snapshot.AWSSecret{}, plan.Reading{}, err
	}
	c, err := a.reader(ctx)
	if err != nil {
		return snapshot.AWSSecret{}, plan.Reading{}, err
	}
	x, at, err := c.versions(ctx, t.Text("id"))
	return x, plan.Reading{State: plan.Broken, Server: at}, err
}

// Verify implements adapters.Action.
func (s secretPut) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	x, r, err := s.read(ctx, t)
	if err != nil {
		return unread(ctx, "describe secret "+t.Text("id"), err)
	}
	before := putImage{x.ARN, staged(x, currentStage)}
	r.Before = plan.Image(before)
	for i := len(t.History) - 1; i >= 0; i-- {
		a := t.History[i]
		if happened(&a) && !a.Superseded && a.Call.Args["plain"] == plain(t) && a.Call.Args["token"] == before.Current {
			r.State, r.Proof = plan.Held, plan.P1
			return r
		}
	}
	r.Next = []plan.Call{putSecret(before, text(t.Began), t.History, plain(t))}
	r.Detail = "the current version of " + t.Text("id") + " is not the one with the new value"
	return r
}
