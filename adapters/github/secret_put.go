package github

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/crypto/nacl/box"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// secretPut stores a new value in a secret: of a repository, an environment or an
// organization, for workflows, Dependabot or Codespaces.
//
// A put to an organization replaces who may read the secret too. It resends what the
// plan was made from, and where that is not so any more nothing is sent: somebody
// who shared the secret with more repositories would get the new value there.
//
// GitHub never shows a value again, so a put cannot be taken back and its proof is
// the time of the last change: newer than before the call, and not older than the
// call's own intent on GitHub's clock.
type secretPut struct{ *Provider }

const largest = 48 << 10 // bytes. Source: GitHub REST reference, "Create or update a repository secret"

// Spec implements adapters.Action.
func (secretPut) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.secret.put", Summary: "Store a new value in a secret of a repository, an environment or an organization.", Target: "secret",
		Inputs: []plan.Field{
			{Name: "repository", Type: plan.Repository, Required: true, Doc: "the repository, owner/name"},
			{Name: "scope", Type: plan.String, Doc: "repository (default), environment/NAME, organization, dependabot, dependabot-organization, codespaces or codespaces-organization"},
			{Name: "name", Type: plan.String, Required: true, Doc: "the secret's name"},
			{Name: "value", Type: plan.Secret, Required: true, Doc: "the new value, at most 48 KB"},
		},
		Effect: plan.Irreversible, Role: plan.Deliver, Lost: plan.ResendSafe, Proof: plan.P1,
		Settle: plan.Duration(5 * time.Second), Permissions: []string{
			"secrets=write", "environments=write", "organization_secrets=write", "dependabot_secrets=write", "organization_dependabot_secrets=write",
			"codespaces_secrets=write", "organization_codespaces_secrets=write",
		},
		Source: `GitHub REST reference, "Create or update a repository secret", "... an environment secret", "... an organization secret", also of Dependabot and Codespaces`,
	}
}

// Needs implements adapters.Needing: of the permissions the one for this scope.
func (secretPut) Needs(in adapters.Inputs) []string {
	p, err := placeOf(scopeOf(in.Text("scope")))
	if err != nil {
		return nil
	}
	return []string{p.permission() + "=write"}
}

// putImage is what a put relies on. When the secret last changed is no part of it:
// a value somebody else put in meanwhile is replaced all the same.
type putImage struct {
	Scope  string `json:"scope"`
	Name   string `json:"name"`
	Exists bool   `json:"exists"`
	// Of an organization's secret: who may read it.
	Visibility string  `json:"visibility,omitempty"`
	Selected   []int64 `json:"selected,omitempty"`
}

// reaches says who else gets the new value.
func (i putImage) reaches(organization string) string {
	switch i.Visibility {
	case "selected":
		return fmt.Sprintf("it is shared, and %d repositories of %s get the new value at once", len(i.Selected), organization)
	case "private":
		return "it is shared, and every private repository of " + organization + " gets the new value at once"
	case "all":
		return "it is shared, and every repository of " + organization + " gets the new value at once"
	}
	return "it is shared, with whom could not be read"
}

func (i putImage) sharing() sharing { return sharing{i.Visibility, i.Selected} }

// putBefore goes with a call: the change it must be newer than.
type putBefore struct {
	Updated time.Time `json:"updated,omitzero"`
}

// Plan implements adapters.Action. A put is always wanted: what is stored cannot be compared.
func (secretPut) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	r, err := repository(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	image := putImage{Scope: scopeOf(in.Text("scope")), Name: strings.ToUpper(in.Text("name"))}
	if image.Name == "" {
		return plan.Change{}, errors.New("input name is missing; give the secret's name")
	}
	p, err := placeOf(image.Scope)
	if err != nil {
		return plan.Change{}, err
	}
	var before putBefore
	for _, x := range r.Secrets {
		if x.Scope == image.Scope && x.Name == image.Name {
			image.Exists, before.Updated = true, x.Updated
			image.Visibility, image.Selected = x.Visibility, x.Selected
		}
	}
	if p.shared && !image.Exists {
		return plan.Change{}, fmt.Errorf("%s has no %s secret %s that reaches %s, and firebreak makes none: it cannot know who may read it", owner(r.FullName), image.Scope, image.Name, r.FullName)
	}
	c := plan.Change{
		Target: plan.Target{Provider: "github", Kind: "secret", ID: targetOf(p, r.FullName) + "/" + image.Scope + "/" + image.Name, Name: image.Name},
		Before: plan.Image(image),
		Calls:  []plan.Call{putCall(r.FullName, image, before)},
		Breaks: "whoever still uses the old value of " + image.Name,
	}
	if p.shared {
		c.Breaks += "; " + image.reaches(owner(r.FullName))
	}
	if p.shared && image.Visibility == "" {
		c.Calls, c.Assisted = nil, unshared(r.FullName, p, image)
	}
	return c, nil
}

// targetOf is the repository, or the organization whose secret it is.
func targetOf(p place, repository string) string {
	if p.shared {
		return owner(repository)
	}
	return repository
}

// unshared is what a person does where firebreak could not read who may read a
// secret: a put of ours might share it with everybody, or with nobody.
func unshared(repository string, p place, image putImage) *plan.Assisted {
	return &plan.Assisted{Instructions: fmt.Sprintf(
		"Put the new value into %s's %s secret %s and leave its repository access as it is. firebreak may not: it could not read who may read the secret, which a change replaces; with %s=read and %s=write it does this itself.",
		owner(repository), image.Scope, image.Name, p.permission(), p.permission(),
	)}
}

func putCall(repository string, image putImage, before putBefore) plan.Call {
	c := plan.Call{
		Key: "put " + image.Scope + " " + image.Name, Verb: "put", Object: repository + "/" + image.Scope + "/" + image.Name,
		Args:   map[string]string{"repository": repository, "scope": image.Scope, "name": image.Name},
		Before: plan.Image(before),
	}
	image.sharing().args(c.Args)
	return c
}

func scopeOf(text string) string {
	if text == "" {
		return "repository"
	}
	return text
}

// Apply implements adapters.Action. The key to seal with is read anew each time,
// so an answer 422 (the key changed meanwhile) is worth another attempt.
func (a secretPut) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	refused := func(err error) adapters.Result {
		return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Detail: adapters.Cause(err)}}
	}
	value := valueOf(t)
	if value.Empty() {
		return refused(errors.New("the new value is not there; it was not sent"))
	}
	if len(value.Reveal()) > largest {
		return refused(errors.New("the new value is longer than the 48 KB GitHub stores; it was not sent"))
	}
	p, err := placeOf(c.Args["scope"])
	if err != nil {
		return refused(err)
	}
	with, err := sharingOf(c.Args)
	if err == nil && p.shared && with.Visibility == "" {
		err = errors.New("who may read the organization's secret is not known; it was not sent")
	}
	if err != nil {
		return refused(err)
	}
	var key publicKey
	if _, err := get(ctx, a.reads, p.at(c.Args["repository"], "public-key"), &key); err != nil {
		r := refused(fmt.Errorf("read the key to seal with: %w", err))
		var limited *Limited
		if r.Temporary = status(err) == 0 || status(err) >= 500; errors.As(err, &limited) {
			r.RetryAfter = plan.Duration(limited.After)
		}
		return r
	}
	body, err := key.seal(value)
	if err != nil {
		return refused(err)
	}
	body.share(with)
	o, code := a.send(ctx, http.MethodPut, p.at(c.Args["repository"], c.Args["name"]), body, nil)
	if code == http.StatusUnprocessableEntity {
		o.Temporary, o.RetryAfter = true, plan.Duration(time.Second)
	}
	return adapters.Result{Outcome: o}
}

// valueOf is what to store. The id of a key pair is no secret and comes as a plain
// output of the mint, although its copy lies among the secrets.
func valueOf(t adapters.Task) secret.Text {
	if v := t.Secrets["value"]; !v.Empty() {
		return v
	}
	return secret.NewString(t.Text("value"))
}

type publicKey struct {
	ID  string `json:"key_id"`
	Key string `json:"key"`
}

type sealedSecret struct {
	Value string `json:"encrypted_value"`
	KeyID string `json:"key_id"`
	// Of an organization's secret. v62 leaves an empty list of repositories out.
	Visibility string   `json:"visibility,omitempty"`
	Selected   *[]int64 `json:"selected_repository_ids,omitempty"`
}

func (b *sealedSecret) share(s sharing) {
	b.Visibility = s.Visibility
	if s.Visibility == "selected" {
		ids := append([]int64{}, s.Selected...)
		b.Selected = &ids
	}
}

// seal encrypts a value to GitHub's key as libsodium's crypto_box_seal does.
// Source: GitHub REST reference, "Encrypting secrets for the REST API".
func (k publicKey) seal(v secret.Text) (sealedSecret, error) {
	raw, err := base64.StdEncoding.DecodeString(k.Key)
	if err != nil || len(raw) != 32 || k.ID == "" {
		return sealedSecret{}, errors.New("the key GitHub gave to seal with is not one; nothing was sent")
	}
	b, err := box.SealAnonymous(nil, []byte(v.Reveal()), (*[32]byte)(raw), rand.Reader)
	if err != nil {
		return sealedSecret{}, errors.New("the value could not be sealed; nothing was sent")
	}
	return sealedSecret{Value: base64.StdEncoding.EncodeToString(b), KeyID: k.ID}, nil
}

// Settle implements adapters.Action.
func (a secretPut) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	now, skew, err := a.look(ctx, t)
	if err != nil {
		return unsettled(err)
	}
	if now.newer(c, t.Asked(c), skew) {
		return plan.Settlement{Happened: "yes"}
	}
	return t.Absent(c, a.Spec().Settle, "the secret has not changed since the call")
}

// Verify implements adapters.Action.
func (a secretPut) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	now, skew, err := a.look(ctx, t)
	if err != nil {
		return unread("read when "+t.Text("name")+" last changed", err)
	}
	image := putImage{
		Scope: scopeOf(t.Text("scope")), Name: strings.ToUpper(t.Text("name")), Exists: now.exists,
		Visibility: now.sharing.Visibility, Selected: now.sharing.Selected,
	}
	next := putCall(t.Text("repository"), image, putBefore{now.updated})
	r := plan.Reading{State: plan.Broken, Proof: plan.P1, Before: plan.Image(image), Server: now.server}
	asked, last := sent(t, next.Key)
	if changed := reshared(t.Action, now.sharing); changed != "" {
		r.Final, r.Detail = true, changed
		return r
	}
	switch {
	case t.Action.Assisted != nil:
		if now.exists && !now.updated.Before(t.Began.Add(skew-2*time.Second)) {
			r.State, r.Detail = plan.Held, "changed at "+now.updated.UTC().Format(time.RFC3339)
		} else {
			r.Detail = "the secret has not changed since the response began"
		}
	case last != nil && now.newer(last.Call, asked, skew):
		r.State, r.Detail = plan.Held, "changed at "+now.updated.UTC().Format(time.RFC3339)
	case last != nil && t.Now.Sub(t.Answered(next)) < a.Spec().Settle.D():
		r.Wait, r.Detail = a.Spec().Settle-plan.Duration(t.Now.Sub(t.Answered(next))), "the new value does not show yet"
	default:
		r.Next, r.Detail = []plan.Call{next}, "the secret has not changed since the response wanted it to"
	}
	return r
}

// reshared says how the sharing of an organization's secret differs from what the
// plan was made from; "" when it does not. A person decides: sending the new value
// would hand it to whoever came to be among the readers, or take back what an owner
// has narrowed meanwhile.
func reshared(a plan.Action, now sharing) string {
	var image putImage
	if len(a.Before) == 0 || json.Unmarshal(a.Before, &image) != nil || image.Visibility == "" || image.sharing().equal(now) {
		return ""
	}
	return fmt.Sprintf("who may read the secret has changed: it was %s when this was planned and is %s; set it back, or plan again", image.sharing(), now)
}

// stored is what can be seen of a secret.
type stored struct {
	exists  bool
	sharing sharing
	updated time.Time
	server  time.Time
}

// newer says whether the secret changed because of a call, or after it.
// GitHub's times have whole seconds, and so has the measured difference of clocks.
func (s stored) newer(c plan.Call, asked time.Time, skew time.Duration) bool {
	var before putBefore
	if len(c.Before) > 0 && json.Unmarshal(c.Before, &before) != nil || asked.IsZero() {
		return false
	}
	return s.exists && s.updated.After(before.Updated) && !s.updated.Before(asked.Add(skew-2*time.Second))
}

// look reads the secret and measures how far GitHub's clock is from ours.
func (a secretPut) look(ctx context.Context, t adapters.Task) (s stored, skew time.Duration, err error) {
	p, err := placeOf(scopeOf(t.Text("scope")))
	if err != nil {
		return s, 0, err
	}
	repository, name := t.Text("repository"), strings.ToUpper(t.Text("name"))
	var w secretWire
	s.server, err = get(ctx, a.reads, p.at(repository, name), &w)
	if status(err) == http.StatusNotFound {
		// Told apart from a repository we may not see by a read that does not depend on the secret.
		var key publicKey
		s.server, err = get(ctx, a.reads, p.at(repository, "public-key"), &key)
		return s, a.skew(s.server), err
	}
	switch {
	case err != nil:
		return s, 0, err
	case w.Updated.IsZero():
		return s, 0, errors.New("GitHub's answer does not say when the secret last changed")
	case p.shared && w.Visibility == "":
		return s, 0, errors.New("GitHub's answer does not say who may read the secret")
	}
	s.exists, s.updated = true, w.Updated
	if p.shared {
		s.sharing.Visibility = w.Visibility
	}
	if s.sharing.Visibility == "selected" {
		s.sharing.Selected, err = selected(ctx, a.reads, p, repository, name)
	}
	return s, a.skew(s.server), err
}

func (p *Provider) skew(server time.Time) time.Duration {
	if server.IsZero() {
		return 0
	}
	return server.Sub(p.wire.Now())
}
