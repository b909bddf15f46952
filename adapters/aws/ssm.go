package aws

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
)

const parameterStore = "aws.ssm"

// parameterID is a parameter as a plan's target: there may be none yet, and then it has
// no ARN.
func parameterID(account, name string) string { return account + ":" + name }

// parameter reads a parameter's metadata, never a value. A name that nothing has gives
// version 0. A page may be empty and another follow.
// Source: Systems Manager API reference, DescribeParameters.
func (c clients) parameter(ctx context.Context, name string) (snapshot.AWSParameter, time.Time, error) {
	x, at := snapshot.AWSParameter{Name: name}, time.Time{}
	in := &ssm.DescribeParametersInput{ParameterFilters: []types.ParameterStringFilter{{Key: aws.String("Name"), Option: aws.String("Equals"), Values: []string{name}}}}
	for p := ssm.NewDescribeParametersPaginator(c.ssm, in); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			return x, at, err
		}
		at = serverTime(page.ResultMetadata)
		if page.Parameters == nil {
			return x, at, fmt.Errorf("parameter %s: the answer lists nothing, not even no parameter", name)
		}
		for _, m := range page.Parameters {
			if aws.ToString(m.Name) != name {
				continue
			}
			x = snapshot.AWSParameter{
				Name: name, ARN: aws.ToString(m.ARN), Version: m.Version, Type: string(m.Type), KeyID: aws.ToString(m.KeyId), Tier: string(m.Tier),
				DataType: aws.ToString(m.DataType), Description: aws.ToString(m.Description), Pattern: aws.ToString(m.AllowedPattern), By: aws.ToString(m.LastModifiedUser),
			}
			if x.Version < 1 || x.Type == "" {
				return x, at, fmt.Errorf("parameter %s: the answer lacks its version or its type", name)
			}
		}
	}
	return x, at, nil
}

// holds reports whether a version has this value; version 0 asks for the newest. It
// gives the version that answered, 0 where there is none. What was read is dropped.
// Source: Systems Manager API reference, GetParameter, "Name": NAME:VERSION.
func (c clients) holds(ctx context.Context, name string, version int64, value secret.Text) (same bool, which int64, err error) {
	if version > 0 {
		name += ":" + strconv.FormatInt(version, 10)
	}
	out, err := c.ssm.GetParameter(ctx, &ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(true)})
	switch code(err) {
	case "ParameterNotFound", "ParameterVersionNotFound":
		return false, 0, nil
	}
	if err != nil {
		return false, 0, err
	}
	if out.Parameter == nil || out.Parameter.Value == nil || out.Parameter.Version < 1 {
		return false, 0, fmt.Errorf("parameter %s: the answer has no value or no version", name)
	}
	read := secret.NewString(*out.Parameter.Value)
	defer read.Wipe()
	return read.Equal(value), out.Parameter.Version, nil
}

// mine reports whether the newest version was put by us: AWS names who did. told is
// false where it does not.
// Source: Systems Manager API reference, ParameterMetadata, "LastModifiedUser".
func (c clients) mine(ctx context.Context, by string) (mine, told bool, err error) {
	if !strings.HasPrefix(by, "arn:") {
		return false, false, nil
	}
	us, err := c.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return false, false, err
	}
	return aws.ToString(us.Arn) == by, true, nil
}

// findParameter gives a parameter of the snapshot and the name of its account.
func findParameter(in adapters.Inputs, s *snapshot.Snapshot) (snapshot.AWSParameter, string, error) {
	id := in.Text("id")
	if strings.HasPrefix(id, "arn:") {
		return snapshot.AWSParameter{}, "", fmt.Errorf("%s is the ARN of a parameter, and one is put by its name: write the name, as /ci/deployer", id)
	}
	for _, acc := range s.AWS {
		if name := in.Text("account"); name != "" && name != acc.Name {
			continue
		}
		for _, x := range acc.Parameters {
			if x.Name == id {
				return x, acc.Name, nil
			}
		}
	}
	with := map[string]string{"id": id}
	if name := in.Text("account"); name != "" {
		with["account"] = name
	}
	return snapshot.AWSParameter{}, "", &adapters.Missing{What: "parameter " + id, Scope: adapters.Scope{Stores: []adapters.Selector{{Name: parameterStore, With: with}}}}
}
