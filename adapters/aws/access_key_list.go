package aws

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go/middleware"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// noMetadata stands where a call had no answer to take metadata from.
var noMetadata middleware.Metadata

// listed are a user's keys at one moment.
type listed struct {
	account *account
	keys    []snapshot.AccessKey
	at      time.Time     // provider's clock
	skew    time.Duration // provider's clock minus ours, at least
}

func (p *Provider) listKeys(ctx context.Context, t adapters.Task) (listed, error) {
	a, err := task{t}.account(p)
	if err != nil {
		return listed{}, err
	}
	c, err := a.reader(ctx)
	if err != nil {
		return listed{}, err
	}
	keys, at, err := c.keys(ctx, t.Text("user"))
	l := listed{account: a, keys: keys, at: at}
	if !at.IsZero() {
		l.skew = at.Sub(p.wire.Now())
	}
	return l, err
}

// deleteKey sends one DeleteAccessKey. A key that is not there (deleted before, by
// us or by somebody else: NoSuchEntity) is what was wished; the next reading looks.
func (p *Provider) deleteKey(ctx context.Context, t adapters.Task, id string) adapters.Result {
	a, err := task{t}.account(p)
	if err != nil {
		return unreachable(err)
	}
	w, err := a.writer(ctx, "DeleteAccessKey")
	if err != nil {
		return unreachable(err)
	}
	out, err := w.iam.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: aws.String(t.Text("user")), AccessKeyId: aws.String(id)})
	if code(err) == "NoSuchEntity" {
		return adapters.Result{Outcome: plan.Outcome{State: plan.Done, Detail: explain(err)}}
	}
	if err != nil {
		return adapters.Result{Outcome: judged(noMetadata, err, "iam:DeleteAccessKey on user "+t.Text("user"), t.Now)}
	}
	return adapters.Result{Outcome: judged(out.ResultMetadata, nil, "", t.Now)}
}
