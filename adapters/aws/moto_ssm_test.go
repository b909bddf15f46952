package aws

import (
	"context"
	"fmt"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/adaptertest"
	"github.com/firebreak/firebreak/internal/counterpart"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
)

func TestMotoParameters(t *testing.T) {
	m := newMoto(t)
	m.scope.Stores = make([]adapters.Selector, 1)
	const value = "a-new-canary-secret-3f9d2"
	s := m.suite(parameterPutName, func(t *testing.T) func() bool {
		m.n++
		name := fmt.Sprintf("/ci/deployer-%d", m.n)
		must(t, err(m.c.ssm.PutParameter(t.Context(), &ssm.PutParameterInput{Name: &name, Value: sdk.String("old"), Type: secureString, Tier: "Advanced", Description: sdk.String("ours"), AllowedPattern: sdk.String(".{3,}")})))
		was, _, e := m.c.parameter(t.Context(), name)
		must(t, e)
		m.inputs["account"], m.inputs["id"] = plan.Value{Literal: "prod"}, plan.Value{Literal: name}
		m.scope.Stores[0] = parameterScope(name)
		return func() bool {
			ctx := context.WithoutCancel(t.Context())
			same, version, e := m.c.holds(ctx, name, 0, secret.NewString(value))
			must(t, e)
			now, _, e := m.c.parameter(ctx, name)
			must(t, e)
			was.Version = now.Version
			if now != was {
				t.Errorf("was %+v\nis  %+v", was, now)
			}
			return same && version > 1
		}
	})
	m.inputs["id"] = plan.Value{Literal: "x"}
	m.secrets["value"] = secret.NewString(value)
	s.Quirks.Blind = true
	adaptertest.Run(t, s)
	counterpart.Proved(t, parameterPutName, counterpart.Moto5, "it passes the conformance suite: the newest version has the new value, and the rest is as it was")
}
