package aws

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// parameterPut puts a new value into a parameter of SSM's Parameter Store. A call has no
// token of its own: which version it was put onto is in the intent, and ours is found
// again by its value, or by its number and by who put it. The old values stay in the
// parameter's history.
type parameterPut struct{ p *Provider }

const (
	parameterPutName   = "aws.ssm.put"
	readParameter      = "ssm:GetParameter"
	putParameterPermit = "ssm:PutParameter"
	historyPermission  = "ssm:GetParameterHistory"
	secureString       = "SecureString"
	// compared is how many versions are compared for ours after a lost answer.
	compared = 20
)

// Spec implements adapters.Action.
func (parameterPut) Spec() plan.Spec {
	return plan.Spec{
		Name: parameterPutName, Summary: "Put a new value into a parameter of SSM's Parameter Store.",
		Target: "parameter", Inputs: []plan.Field{
			{Name: "account", Type: plan.String, Doc: "Account name in firebreak.yaml; may be left out where there is one."},
			{Name: "id", Type: plan.String, Required: true, Doc: "Name of the parameter, as /ci/deployer."},
			{Name: "value", Type: plan.Secret, Doc: "The new value; or value.<NAME> for each member of a JSON object, which then holds exactly these."},
			{Name: "key", Type: plan.String, Doc: "Member of a JSON object that holds the value; the object then holds nothing else."},
		},
		Outputs: []plan.Field{{Name: "version", Type: plan.String, Doc: "Version that holds the value."}},
		Effect:  plan.Irreversible, Role: plan.Deliver, Lost: plan.Detectable, Proof: plan.P2, Settle: propagation,
		Permissions: []string{"ssm:DescribeParameters", readParameter, putParameterPermit},
		Source:      "Systems Manager API reference, PutParameter, DescribeParameters, GetParameter",
	}
}

// Needs implements adapters.Needing: where the value may not be read it is known by its
// version's number.
func (p parameterPut) Needs(adapters.Inputs) []string {
	return slices.DeleteFunc(slices.Clone(p.Spec().Permissions), func(name string) bool { return name == readParameter })
}

var _ adapters.Needing = parameterPut{}

// parameterImage is the before-image: the version that is put onto, and what a call that
// leaves it out would change.
type parameterImage struct {
	Version     int64  `json:"version"` // 0: there is none
	Type        string `json:"type,omitempty"`
	KeyID       string `json:"key_id,omitempty"`
	Tier        string `json:"tier,omitempty"`
	DataType    string `json:"data_type,omitempty"`
	Description string `json:"description,omitempty"`
	Pattern     string `json:"pattern,omitempty"`
}

func imageOf(x snapshot.AWSParameter) parameterImage {
	return parameterImage{x.Version, x.Type, x.KeyID, x.Tier, x.DataType, x.Description, x.Pattern}
}

// Plan implements adapters.Action.
func (parameterPut) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	x, account, err := findParameter(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	c := plan.Change{
		Target: plan.Target{Provider: "aws", Kind: "parameter", ID: parameterID(account, x.Name), Name: x.Name}, Before: plan.Image(imageOf(x)),
		Calls:  []plan.Call{putParameter(x, "")},
		Breaks: "whoever reads " + x.Name + " gets the new value; whoever names a version or a label of it gets the old one still",
	}
	gap := func(why string) { c.Gaps = append(c.Gaps, plan.Gap{What: "parameter " + x.Name, Why: why}) }
	if x.Version == 0 {
		gap("there is no parameter of this name, and it is made as a " + secureString + " with the account's own key; check its name and its region in firebreak.yaml")
		return c, nil
	}
	if x.Type != secureString {
		gap("it is of type " + x.Type + ", which is not encrypted and cannot be changed; make a " + secureString + " by another name for its readers")
	}
	gap("its history keeps the old values, and whoever has " + historyPermission + " reads them until a hundred newer versions were put; only deleting the parameter removes them, and then nobody reads it for half a minute")
	return c, nil
}

// putParameter is the call that puts the version after the one that is there. plain is
// what is not secret of the value.
func putParameter(x snapshot.AWSParameter, plain string) plan.Call {
	version := strconv.FormatInt(x.Version, 10)
	return plan.Call{
		Key: "put on version " + version, Verb: "put", Object: x.Name,
		Args: map[string]string{"plain": plain}, Before: plan.Image(imageOf(x)),
	}
}

// Apply implements adapters.Action. If a newer version appeared since, nothing is sent.
func (p parameterPut) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	value, err := payload(t)
	if err != nil {
		return unsent(err.Error(), false)
	}
	var before parameterImage
	if err := json.Unmarshal(c.Before, &before); err != nil {
		return unsent("the call does not say which version it is put onto", false)
	}
	a, err := task{t}.account(p.p)
	if err != nil {
		return unreachable(err)
	}
	w, err := a.writer(ctx, "AmazonSSM.PutParameter")
	if err != nil {
		return unreachable(err)
	}
	if found, err := p.newer(ctx, a, c.Object, before.Version); err != nil {
		return unsent("nothing was sent, because "+c.Object+" could not be read: "+explain(err), true)
	} else if found > 0 {
		return unsent(fmt.Sprintf("nothing was sent: somebody put version %d of %s meanwhile", found, c.Object), true)
	}
	out, err := w.ssm.PutParameter(ctx, before.input(c.Object, value))
	if err != nil {
		o := judged(noMetadata, err, putParameterPermit+" on "+c.Object, t.Now)
		// Source: Systems Manager API reference, PutParameter, "TooManyUpdates": one update at a time.
		o.Temporary = o.Temporary || code(err) == "TooManyUpdates"
		return adapters.Result{Outcome: o}
	}
	o := judged(out.ResultMetadata, nil, "", t.Now)
	if out.Version <= before.Version {
		o.State, o.Detail = plan.Unknown, "the answer does not name the version that was put"
		return adapters.Result{Outcome: o}
	}
	o.Outputs = versionOutput(out.Version)
	if out.Version != before.Version+1 {
		o.Detail = fmt.Sprintf("ours is version %d: somebody else put onto version %d too", out.Version, before.Version)
	}
	return adapters.Result{Outcome: o}
}

// newer gives the version that is newer than the expected one, 0 for none. A read may
// still show an older one.
func (parameterPut) newer(ctx context.Context, a *account, name string, than int64) (int64, error) {
	c, err := a.reader(ctx)
	if err != nil {
		return 0, err
	}
	x, _, err := c.parameter(ctx, name)
	if err != nil || x.Version <= than {
		return 0, err
	}
	return x.Version, nil
}

// input is a request that keeps what is there. Policies are not sent: those there are
// stay, and ones sent again begin anew. A parameter that is not there is not put over
// one that somebody makes meanwhile.
// Source: Systems Manager API reference, PutParameter: "If you don't specify a key ID, the
// system uses the default key", "Tier", "All existing policies are preserved until you
// send new policies".
func (b parameterImage) input(name string, value secret.Text) *ssm.PutParameterInput {
	in := &ssm.PutParameterInput{
		Name: &name, Value: aws.String(value.Reveal()), Overwrite: aws.Bool(b.Version > 0), Type: types.ParameterType(b.Type), Tier: types.ParameterTier(b.Tier),
		DataType: some(b.DataType), Description: some(b.Description), AllowedPattern: some(b.Pattern),
	}
	if b.Version == 0 {
		in.Type = secureString
	}
	if in.Type == secureString {
		in.KeyId = some(b.KeyID)
	}
	return in
}

// some leaves out what is "".
func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func versionOutput(n int64) map[string]plan.Output {
	return map[string]plan.Output{"version": {Value: strconv.FormatInt(n, 10)}}
}

// unsent is a call that was not sent.
func unsent(why string, temporary bool) adapters.Result {
	return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Temporary: temporary, Detail: why}}
}

// Settle implements adapters.Action: the call happened if a version after the one that it
// was put onto has our value. Where values may not be read, who put the next version
// tells, as long as it is the newest.
func (p parameterPut) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	var before parameterImage
	if err := json.Unmarshal(c.Before, &before); err != nil {
		return plan.Settlement{Happened: "unknown", Detail: "the intent does not say which version it was put onto"}
	}
	k, x, _, err := p.read(ctx, t)
	if err != nil {
		return plan.Settlement{Happened: "unknown", Detail: explain(err)}
	}
	none := fmt.Sprintf("%s is at version %d, which it was put onto", x.Name, x.Version)
	if x.Version <= before.Version {
		s := t.Absent(c, task{t}.settle(), none)
		if s.Happened == "no" && x.Version < before.Version {
			s.Happened, s.Detail = "unknown", fmt.Sprintf("%s is at version %d, and the call was put onto version %d: it was deleted meanwhile", x.Name, x.Version, before.Version)
		}
		return s
	}
	if value, err := payload(t); err == nil {
		ours, err := p.find(ctx, k, x, before.Version, value)
		switch {
		case err == nil && ours > 0:
			return plan.Settlement{Happened: "yes", Outputs: versionOutput(ours)}
		case err == nil && x.Version-before.Version > compared:
			return plan.Settlement{Happened: "unknown", Detail: fmt.Sprintf("%s has %d newer versions, too many to compare", x.Name, x.Version-before.Version)}
		case err == nil:
			return t.Absent(c, task{t}.settle(), "the newer versions of "+x.Name+" are somebody else's")
		}
	}
	return p.byWhom(ctx, t, c, k, x, before.Version)
}

// find gives the version after before that has our value, 0 for none.
func (parameterPut) find(ctx context.Context, k clients, x snapshot.AWSParameter, before int64, value secret.Text) (int64, error) {
	for n := before + 1; n <= min(x.Version, before+compared); n++ {
		same, which, err := k.holds(ctx, x.Name, n, value)
		if err != nil {
			return 0, err
		}
		if same && which == n {
			return n, nil
		}
	}
	return 0, nil
}

// byWhom settles without a value: versions have one number after the other, so that the
// next one is ours or we put none.
func (parameterPut) byWhom(ctx context.Context, t adapters.Task, c plan.Call, k clients, x snapshot.AWSParameter, before int64) plan.Settlement {
	unknown := func(why string) plan.Settlement {
		return plan.Settlement{Happened: "unknown", Detail: fmt.Sprintf("version %d of %s may be ours: its value could not be compared, and %s", before+1, x.Name, why)}
	}
	if x.Version != before+1 {
		return unknown("there are newer ones")
	}
	switch mine, told, err := k.mine(ctx, x.By); {
	case err != nil:
		return unknown(explain(err))
	case !told:
		return unknown("AWS does not say who put it")
	case mine:
		return plan.Settlement{Happened: "yes", Outputs: versionOutput(x.Version)}
	}
	return t.Absent(c, task{t}.settle(), fmt.Sprintf("version %d was put by %s", x.Version, x.By))
}

func (p parameterPut) read(ctx context.Context, t adapters.Task) (clients, snapshot.AWSParameter, plan.Reading, error) {
	a, err := task{t}.account(p.p)
	if err != nil {
		return clients{}, snapshot.AWSParameter{}, plan.Reading{}, err
	}
	c, err := a.reader(ctx)
	if err != nil {
		return clients{}, snapshot.AWSParameter{}, plan.Reading{}, err
	}
	x, at, err := c.parameter(ctx, t.Text("id"))
	return c, x, plan.Reading{State: plan.Broken, Server: at}, err
}

// Verify implements adapters.Action: the newest version has the new value. Where it may
// not be read, the newest version is the one that was put.
func (p parameterPut) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	k, x, r, err := p.read(ctx, t)
	if err != nil {
		return unread(ctx, "describe parameter "+t.Text("id"), err)
	}
	r.Before = plan.Image(imageOf(x))
	held := func(detail string) plan.Reading {
		r.State, r.Proof, r.Outputs, r.Detail = plan.Held, plan.P1, versionOutput(x.Version), detail
		return r
	}
	put, since := p.last(t)
	if put > x.Version && t.Now.Sub(since) < (task{t}).settle().D() {
		r.Wait, r.Detail = task{t}.settle(), fmt.Sprintf("version %d of %s is not shown yet", put, x.Name)
		return r
	}
	if value, err := payload(t); err == nil && x.Version > 0 {
		same, which, err := k.holds(ctx, x.Name, 0, value)
		switch {
		case err == nil && same && which == x.Version:
			return held(fmt.Sprintf("version %d of %s has the new value", x.Version, x.Name))
		case err == nil && which != x.Version:
			r.Wait, r.Detail = task{t}.settle(), fmt.Sprintf("%s is shown at version %d and at version %d; look again", x.Name, x.Version, which)
			return r
		case err == nil:
			r.Next, r.Detail = []plan.Call{putParameter(x, plain(t))}, fmt.Sprintf("version %d of %s does not have the new value", x.Version, x.Name)
			return r
		case code(err) != "AccessDeniedException":
			return unread(ctx, "read parameter "+x.Name, err)
		}
	}
	if put > 0 && put == x.Version {
		return held(fmt.Sprintf("version %d of %s is the one that was put; its value may not be read (%s)", x.Version, x.Name, readParameter))
	}
	r.Next, r.Detail = []plan.Call{putParameter(x, plain(t))}, fmt.Sprintf("version %d of %s is not the one with the new value", x.Version, x.Name)
	return r
}

// last is the version that the newest attempt with these values put, 0 for none, and when
// it had been at the latest.
func (parameterPut) last(t adapters.Task) (version int64, at time.Time) {
	for i := len(t.History) - 1; i >= 0; i-- {
		a := &t.History[i]
		if !happened(a) || a.Superseded || a.Call.Args["plain"] != plain(t) {
			continue
		}
		text := ""
		if a.Outcome != nil {
			text = a.Outcome.Outputs["version"].Value
		}
		if a.Settlement != nil && text == "" {
			text = a.Settlement.Outputs["version"].Value
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err == nil {
			return n, t.Answered(a.Call)
		}
	}
	return 0, at
}
