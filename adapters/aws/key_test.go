package aws

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	awsworld "github.com/firebreak/firebreak/internal/world/aws"
)

func held(kv ...string) map[string]secret.Text {
	m := map[string]secret.Text{}
	for i := 0; i < len(kv); i += 2 {
		m[kv[i]] = secret.NewString(kv[i+1])
	}
	return m
}

func TestOldKeyIsProbed(t *testing.T) {
	r := newRig(t)
	a := r.actor(keyDisableName, user())
	a.secrets = held("old.ID", oldID, "old.SECRET", oldSecret)
	if o := a.apply(a.only(a.want(plan.Broken))); o.State != plan.Done {
		t.Fatal(o.Outcome)
	}
	r.world.Clock.Advance(2 * delays["iam read"])
	if got := a.want(plan.Broken); len(got.Next) > 0 || !strings.Contains(got.Detail, "still authenticates") {
		t.Fatalf("IAM shows Inactive, the key still works: waiting helps, a call does not: %+v", got)
	}
	r.world.Clock.Advance(propagation.D())
	if got := a.want(plan.Held); got.Proof != plan.P3 {
		t.Fatalf("want P3, got %+v", got)
	}
	a.secrets = nil
	if got := a.want(plan.Held); got.Proof != plan.P1 {
		t.Fatalf("without the old value one look proves P1, got %+v", got)
	}
	if at, ok := r.dead("DEPLOY"); !ok || at.After(r.world.Clock.Now()) {
		t.Fatalf("dead in the world: %v %s", ok, at)
	}
}

func TestPastedValueOfAnotherKey(t *testing.T) {
	r := newRig(t)
	a := r.actor(keyDisableName, user())
	a.apply(a.only(a.want(plan.Broken)))
	r.world.Clock.Advance(2 * delays["iam read"])
	a.secrets = held("old", "not the secret of it")
	if got := a.want(plan.Unknown); !strings.Contains(got.Detail, "not the secret") {
		t.Fatalf("%+v", got)
	}
	a.secrets = held("old.ID", "AKIASOMEBODYELSE0001", "old.SECRET", oldSecret)
	if got := a.want(plan.Broken); len(got.Next) > 0 || len(got.Found) == 0 {
		t.Fatalf("the pasted key is not the planned one; a person decides: %+v", got)
	}
}

func TestTwinsAreNotGuessed(t *testing.T) {
	r := newRig(t)
	twins := literals("user", "twins")
	a := r.actor(keyDisableName, twins)
	if a.change.Assisted == nil || len(a.change.Calls) > 0 || len(a.change.Gaps) == 0 {
		t.Fatalf("two keys and no id: a person decides, got %+v", a.change)
	}
	if got := a.want(plan.Broken); len(got.Next) > 0 || len(got.Found) != 2 {
		t.Fatalf("%+v", got)
	}
	a.secrets = held("old.ID", "AKIATWIN000000000002")
	if c := a.only(a.want(plan.Broken)); c.Object != "AKIATWIN000000000002" {
		t.Fatalf("the pasted id says which: %+v", c)
	}
	declared := r.actor(keyDisableName, literals("user", "twins", "id", "AKIATWIN000000000001"))
	if c := declared.only(declared.want(plan.Broken)); c.Object != "AKIATWIN000000000001" {
		t.Fatalf("%+v", c)
	}

	mint := r.actor(keyMintName, twins)
	if len(mint.change.Gaps) == 0 {
		t.Fatal("a plan should say that there is no place for a third key")
	}
	if got := mint.want(plan.Broken); len(got.Next) > 0 || !strings.Contains(got.Detail, "AKIATWIN000000000001") {
		t.Fatalf("no key that is not ours is deleted to make place: %+v", got)
	}
	o := mint.apply(mint.change.Calls[0])
	if o.State != plan.Refused || !strings.Contains(o.Detail, "LimitExceeded") {
		t.Fatalf("%+v", o.Outcome)
	}
}

func TestMintTestDestroy(t *testing.T) {
	r := newRig(t)
	mint := r.actor(keyMintName, user())
	res := mint.apply(mint.only(mint.want(plan.Broken)))
	id, value := res.Outputs["id"].Value, res.Secrets["value"]
	if res.State != plan.Done || id == "" || value.Empty() {
		t.Fatalf("%+v", res)
	}

	try := r.actor(keyTestName, user())
	try.values, try.secrets = map[string]any{"id": id}, map[string]secret.Text{"value": value}
	if got := try.want(plan.Broken); got.Wait <= 0 || len(got.Next) > 0 || got.Final {
		t.Fatalf("a key that IAM does not know yet is waited for: %+v", got)
	}
	r.world.Clock.Advance(propagation.D())
	if got := try.want(plan.Held); got.Proof != plan.P3 {
		t.Fatalf("%+v", got)
	}
	mint.want(plan.Held)

	destroy := r.actor(keyDestroyName, literals("user", "deployer", "id", oldID))
	if got := destroy.want(plan.Broken); len(got.Next) > 0 {
		t.Fatalf("an active key is not deleted: %+v", got)
	}
	deactivate(r)
	destroy.hold()
	if o := destroy.apply(destroyCall("deployer", oldID)); o.State != plan.Done {
		t.Fatalf("deleting twice is no failure: %+v", o.Outcome)
	}
	wrong := r.actor(keyDestroyName, literals("user", "deployer", "id", id))
	if got := wrong.want(plan.Broken); !got.Final || len(got.Next) > 0 {
		t.Fatalf("the new key is never deleted: %+v", got)
	}
}

func TestOrphanIsRemovedAndMintedAnew(t *testing.T) {
	r := newRig(t)
	mint := r.actor(keyMintName, user())
	call := mint.only(mint.want(plan.Broken))
	mint.apply(call)
	// The process died before the value was sealed: the journal has the intent alone.
	mint.history[0].Outcome = &plan.Outcome{State: plan.Unknown}
	r.world.Clock.Advance(2 * delays["iam read"])
	s := mint.action.Settle(t.Context(), mint.task(), call)
	if s.Happened != "yes" || !s.Lost {
		t.Fatalf("%+v", s)
	}
	mint.history[0].Settlement = &s
	var verbs []string
	for range 6 {
		got := mint.verify()
		if got.State == plan.Held {
			break
		}
		c := mint.only(got)
		verbs = append(verbs, c.Verb)
		mint.apply(c)
		r.world.Clock.Advance(propagation.D())
	}
	if strings.Join(verbs, " ") != "disable-orphan delete-orphan mint" {
		t.Fatalf("got %v", verbs)
	}
	if r.aws.KeyWorks(oldID, oldSecret) != true {
		t.Fatal("the old key is another action's business")
	}
	keys, _, err := r.with(r.aws.Responder()).keys(t.Context(), "deployer")
	if err != nil || len(keys) != 2 {
		t.Fatalf("want the old and the new key, got %v %v", keys, err)
	}
}

func TestSupersededMintIsAnOrphan(t *testing.T) {
	r := newRig(t)
	mint := r.actor(keyMintName, user())
	mint.hold()
	mint.history[0].Superseded = true
	if c := mint.only(mint.want(plan.Broken)); c.Verb != "disable-orphan" {
		t.Fatalf("%+v", c)
	}
}

func TestLostValueOfAMintStartsOver(t *testing.T) {
	r := newRig(t)
	mint := r.actor(keyMintName, user())
	mint.hold()
	id := minted(mint.task())[0]
	mint.history[0].Settlement = &plan.Settlement{Happened: "yes", Lost: true, Outputs: mint.history[0].Outcome.Outputs}
	if c := mint.only(mint.want(plan.Broken)); c.Verb != "disable-orphan" || c.Object != id {
		t.Fatalf("%+v", c)
	}
}

// A key that appeared beside a lost answer, and that no settlement named, is not touched.
func TestUnnamedStrangerIsLeftAlone(t *testing.T) {
	r := newRig(t)
	mint := r.actor(keyMintName, user())
	call := mint.only(mint.want(plan.Broken))
	if _, err := r.with(r.aws.Responder()).iam.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("deployer")}); err != nil {
		t.Fatal(err)
	}
	r.world.Clock.Advance(propagation.D())
	mint.history = append(mint.history, plan.Attempt{Call: call, Number: 1, At: r.world.Clock.Now(), Settlement: &plan.Settlement{Happened: "yes", Lost: true, Detail: "a person said so"}})
	for _, c := range mint.want(plan.Broken).Next {
		t.Errorf("would send %s %s", c.Verb, c.Object)
	}
}

func TestNewKeySwitchedOffBySomebody(t *testing.T) {
	r := newRig(t)
	mint := r.actor(keyMintName, user())
	mint.hold()
	id := minted(mint.task())[0]
	if _, err := r.with(r.aws.Responder()).iam.UpdateAccessKey(t.Context(), &iam.UpdateAccessKeyInput{
		UserName: aws.String("deployer"), AccessKeyId: aws.String(id), Status: "Inactive",
	}); err != nil {
		t.Fatal(err)
	}
	r.world.Clock.Advance(propagation.D())
	if got := mint.want(plan.Broken); !got.Final {
		t.Fatalf("%+v", got)
	}
}

func TestSecretVersions(t *testing.T) {
	r := newRig(t)
	a := r.actor(secretPutName, literals("id", "ci/deployer"))
	a.values, a.secrets = map[string]any{"value.ID": "AKIANEW0000000000001"}, held("value.SECRET", "first")
	call := a.only(a.want(plan.Broken))
	if o := a.apply(call); o.State != plan.Done {
		t.Fatal(o.Outcome)
	}
	if o := a.apply(call); o.State != plan.Done {
		t.Fatalf("the same call again is the same version: %+v", o.Outcome)
	}
	a.want(plan.Held)
	if got := r.aws.Secret("ci/deployer"); got != `{"ID":"AKIANEW0000000000001","SECRET":"first"}` {
		t.Fatalf("got %s", got)
	}
	a.secrets = held("value.SECRET", "second")
	if o := a.apply(call); o.State != plan.Refused || !strings.Contains(o.Detail, "ResourceExistsException") {
		t.Fatalf("the same version with another value is refused: %+v", o.Outcome)
	}
	a.values = map[string]any{"value.ID": "AKIANEW0000000000002"}
	next := a.only(a.want(plan.Broken))
	if next.Args["token"] == call.Args["token"] {
		t.Fatal("another value is another version")
	}
	a.apply(next)
	a.want(plan.Held)
	a.values["value.ID"] = ""
	if o := a.apply(next); o.State != plan.Refused {
		t.Fatalf("half a pair is not put: %+v", o.Outcome)
	}
}

func TestStolenKeyOnlyAsksWhoItIs(t *testing.T) {
	r := newRig(t)
	a, err := r.p.account("prod", "")
	if err != nil {
		t.Fatal(err)
	}
	c, err := a.as(t.Context(), oldID, secret.NewString(oldSecret))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.iam.ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{}); err == nil || !strings.Contains(err.Error(), "was not sent") {
		t.Fatal("a probe may ask nothing else:", err)
	}
	if err := r.readsSecret(awsworld.Held{ID: oldID, Secret: oldSecret}); err != nil {
		t.Fatal(err)
	}
}
