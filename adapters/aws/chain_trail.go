package aws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// Of each region the newest events are read, as many as may be asked for in half a minute:
// doors are waiting to be shut.
// Source: CloudTrail API reference, LookupEvents: "limited to two per second, per account,
// per Region", at most 50 events a page; CloudTrail user guide, "Working with CloudTrail
// event history": management events of the last 90 days, in the region they happened in.
const (
	lookupEvents = "CloudTrail_20131101.LookupEvents"
	trailPages   = 60
	trailPause   = 500 * time.Millisecond
	trailKept    = 90 * 24 * time.Hour
	// regionsAtOnce is how many are asked at one time: each has a limit of its own, and
	// what one endpoint serves for all is not to be flooded.
	regionsAtOnce = 4
	pageTries     = 4
)

// regions are those that every account of a partition has without asking for them: a
// thief chooses the region in which he asks for a session.
// Source: AWS account management guide, "Enable or disable AWS Regions in your account".
var regions = map[string][]string{
	"aws": {
		"ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1", "eu-central-1", "eu-north-1",
		"eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
	},
	"aws-us-gov": {"us-gov-east-1", "us-gov-west-1"},
	"aws-cn":     {"cn-north-1", "cn-northwest-1"},
}

// assumption is one session of a role that another role's session asked for and got.
type assumption struct {
	from, to, id string
	at           time.Time
}

// trail is what an account's CloudTrail tells of sessions that sessions asked for.
type trail struct {
	since   time.Time
	regions []string // those that answered
	events  []assumption
	gaps    []snapshot.Gap
}

// assumptions asks every region, each no faster than it allows.
func (a *account) assumptions(ctx context.Context, c clients, in string, since time.Time) trail {
	var out trail
	out.since = since
	if limit := a.p.wire.Now().Add(-trailKept); since.Before(limit) {
		out.gaps = append(out.gaps, snapshot.Gap{Provider: "aws", What: chainGap + a.name, Why: "CloudTrail keeps events of 90 days, and the exposure began before"})
	}
	all := slices.Clone(regions[in])
	if own := c.region; own != "" && !slices.Contains(all, own) {
		all = append(all, own)
	}
	type answer struct {
		events []assumption
		whole  bool
		err    error
	}
	answers := make([]answer, len(all))
	var wait sync.WaitGroup
	turn := make(chan struct{}, regionsAtOnce)
	for i, region := range all {
		wait.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			x := &answers[i]
			x.events, x.whole, x.err = c.lookup(ctx, a.p, region, since)
		})
	}
	wait.Wait()
	var short []string
	silent := map[string][]string{}
	for i, region := range all {
		x := answers[i]
		out.events = append(out.events, x.events...)
		if x.err != nil {
			why := explain(x.err)
			silent[why] = append(silent[why], region)
			continue
		}
		out.regions = append(out.regions, region)
		if !x.whole {
			short = append(short, region)
		}
	}
	for why, where := range silent {
		out.gaps = append(out.gaps, snapshot.Gap{Provider: "aws", What: chainGap + a.name, Why: "CloudTrail of " + strings.Join(where, ", ") + ": " + why})
	}
	if len(short) > 0 {
		out.gaps = append(out.gaps, snapshot.Gap{Provider: "aws", What: chainGap + a.name, Why: fmt.Sprintf("CloudTrail of %s has more than the %d newest events, which were read", strings.Join(short, ", "), trailPages*50)})
	}
	slices.SortFunc(out.gaps, func(x, y snapshot.Gap) int { return cmpText(x.Why, y.Why) })
	return out
}

// lookup reads one region, newest events first. whole is false where it stopped before since.
func (c clients) lookup(ctx context.Context, p *Provider, region string, since time.Time) (found []assumption, whole bool, err error) {
	in := &cloudtrail.LookupEventsInput{
		StartTime: aws.Time(since), MaxResults: aws.Int32(50),
		LookupAttributes: []types.LookupAttribute{{AttributeKey: types.LookupAttributeKeyEventName, AttributeValue: aws.String("AssumeRole")}},
	}
	for range trailPages {
		out, err := c.page(ctx, p, region, in)
		if err != nil {
			return found, false, err
		}
		for _, e := range out.Events {
			if x, ok := assumed(e); ok && !x.at.Before(since) {
				found = append(found, x)
			}
		}
		if in.NextToken = out.NextToken; aws.ToString(in.NextToken) == "" {
			return found, true, nil
		}
		if err := p.pause(ctx, trailPause); err != nil {
			return found, false, err
		}
	}
	return found, false, nil
}

// page asks for one page, again where that may help: the whole survey is not made anew for
// one region.
func (c clients) page(ctx context.Context, p *Provider, region string, in *cloudtrail.LookupEventsInput) (*cloudtrail.LookupEventsOutput, error) {
	for n := 1; ; n++ {
		out, err := c.trail.LookupEvents(ctx, in, func(o *cloudtrail.Options) { o.Region = region })
		if err == nil || n == pageTries || !adapters.Passing(status(err)) {
			return out, err
		}
		if cut := p.pause(ctx, time.Duration(n)*2*time.Second); cut != nil {
			return nil, errors.Join(err, cut)
		}
	}
}

func (p *Provider) pause(ctx context.Context, d time.Duration) error {
	if p.wire.Sleep == nil {
		return ctx.Err()
	}
	return p.wire.Sleep(ctx, d)
}

// assumed reads an event: who asked for which role, where he was a role's session and got
// it. The session's token, which stands in the event too, is not decoded.
// Source: CloudTrail user guide, "CloudTrail userIdentity element", sessionIssuer.
func assumed(e types.Event) (assumption, bool) {
	var r struct {
		Error    string `json:"errorCode"`
		Identity struct {
			Type    string `json:"type"`
			Context struct {
				Issuer struct {
					Type string `json:"type"`
					ARN  string `json:"arn"`
				} `json:"sessionIssuer"`
			} `json:"sessionContext"`
		} `json:"userIdentity"`
		Asked struct {
			Role string `json:"roleArn"`
		} `json:"requestParameters"`
	}
	if json.Unmarshal([]byte(aws.ToString(e.CloudTrailEvent)), &r) != nil || r.Error != "" || e.EventTime == nil {
		return assumption{}, false
	}
	issuer := r.Identity.Context.Issuer
	if r.Identity.Type != "AssumedRole" || issuer.Type != "Role" || !isRole(issuer.ARN) || !isRole(r.Asked.Role) {
		return assumption{}, false
	}
	return assumption{issuer.ARN, r.Asked.Role, aws.ToString(e.EventId), e.EventTime.UTC()}, true
}

func isRole(arn string) bool {
	return strings.HasPrefix(arn, "arn:") && accountOf(arn) != "" && strings.Contains(arn, ":role/")
}

// count adds an event into a link.
func count(c *snapshot.Chain, e assumption) {
	c.Seen++
	if c.First.IsZero() || e.at.Before(c.First) {
		c.First = e.at
	}
	if e.at.After(c.Last) || e.at.Equal(c.Last) && e.id > c.Event {
		c.Last, c.Event = e.at, e.id
	}
}
