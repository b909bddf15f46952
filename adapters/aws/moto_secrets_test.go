package aws

import (
	"context"
	"fmt"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/adaptertest"
	"github.com/firebreak/firebreak/internal/counterpart"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/tally"
)

func TestMotoSecrets(t *testing.T) {
	m := newMoto(t)
	m.scope.Stores = make([]adapters.Selector, 1)
	const value = `{"ID":"AKIANEW0000000000001","SECRET":"a-new-canary-secret-3f9d2"}`
	current := func(t *testing.T, id, stage string) string {
		in := &secretsmanager.GetSecretValueInput{SecretId: &id}
		if stage != "" {
			in.VersionStage = &stage
		}
		out, e := m.c.secrets.GetSecretValue(context.WithoutCancel(t.Context()), in)
		must(t, e)
		return *out.SecretString
	}
	s := m.suite(secretPutName, func(t *testing.T) func() bool {
		m.n++
		id := fmt.Sprintf("ci/deployer-%d", m.n)
		must(t, err(m.c.secrets.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &id, SecretString: sdk.String("old"), ClientRequestToken: sdk.String("00000000-0000-5000-8000-000000000000")})))
		m.inputs["account"], m.inputs["id"] = plan.Value{Literal: "prod"}, plan.Value{Literal: id}
		m.scope.Stores[0] = adapters.Selector{Name: "aws.secretsmanager", With: map[string]string{"account": "prod", "id": id}}
		return func() bool { return current(t, id, currentStage) == value }
	})
	m.inputs["id"] = plan.Value{Literal: "x"}
	m.values["value.ID"] = "AKIANEW0000000000001"
	m.secrets["value.SECRET"] = secret.NewString("a-new-canary-secret-3f9d2")
	s.Quirks.Blind = true
	adaptertest.Run(t, s)
	counterpart.Proved(t, secretPutName, counterpart.Moto5, "it passes the conformance suite: the new value is the current one")
	id, first := m.inputs["id"].Literal.(string), sdk.String("00000000-0000-5000-8000-000000000000")
	now, e := m.c.secrets.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: &id, SecretString: sdk.String("newer"), ClientRequestToken: sdk.String("00000000-0000-5000-8000-000000000001")})
	must(t, e)
	must(t, err(m.c.secrets.UpdateSecretVersionStage(t.Context(), &secretsmanager.UpdateSecretVersionStageInput{SecretId: &id, VersionStage: sdk.String(currentStage), MoveToVersionId: first, RemoveFromVersionId: now.VersionId})))
	if with, without := current(t, id, currentStage), current(t, id, ""); with != "old" || without != "newer" {
		t.Errorf("after the label was moved back moto gives %q for it and %q without one; if both are right now, take the limit off", with, without)
	}
	tally.Note(t, "aws at moto 5.2.1: a secret's new value is the current one; a reader that names no stage is not proved")
}

// The label is gone afterwards: nobody gets the old value by it.
func TestMotoSecretsForget(t *testing.T) {
	m := newMoto(t)
	m.scope.Stores = make([]adapters.Selector, 1)
	first, second := sdk.String("00000000-0000-5000-8000-000000000000"), sdk.String("00000000-0000-5000-8000-000000000001")
	previous := func(id string) error {
		_, e := m.c.secrets.GetSecretValue(context.WithoutCancel(t.Context()), &secretsmanager.GetSecretValueInput{SecretId: &id, VersionStage: sdk.String(previousStage)})
		return e
	}
	s := m.suite(secretForgetName, func(t *testing.T) func() bool {
		m.n++
		id := fmt.Sprintf("ci/forgetting-%d", m.n)
		must(t, err(m.c.secrets.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &id, SecretString: sdk.String("old"), ClientRequestToken: first})))
		must(t, err(m.c.secrets.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: &id, SecretString: sdk.String("new"), ClientRequestToken: second})))
		must(t, previous(id))
		m.inputs["account"], m.inputs["id"] = plan.Value{Literal: "prod"}, plan.Value{Literal: id}
		m.scope.Stores[0] = adapters.Selector{Name: "aws.secretsmanager", With: map[string]string{"account": "prod", "id": id}}
		return func() bool { return previous(id) != nil }
	})
	m.inputs["id"] = plan.Value{Literal: "x"}
	adaptertest.Run(t, s)
	counterpart.Proved(t, secretForgetName, counterpart.Moto5, "it passes the conformance suite: no version is found by the label AWSPREVIOUS")
}
