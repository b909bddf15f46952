package aws

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// denySid begins the Sid of our statement. What follows is the moment it was
// written, by the provider's clock: 20060102T150405Z (a Sid takes letters and
// digits). Sessions from before that moment plus propagation must be revoked.
const (
	denySid   = "FirebreakDeny"
	sidLayout = "20060102T150405Z"
)

// doors are the operations through which a session of a role is had.
var doors = []string{"sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:TagSession"}

const samlDoor = "sts:AssumeRoleWithSAML"

// trust is a role's trust policy: whatever it holds is kept as it is.
type trust struct {
	members    map[string]json.RawMessage // all but Statement
	statements []json.RawMessage
}

type statement struct {
	Sid          string
	Effect       string
	Principal    json.RawMessage
	NotPrincipal json.RawMessage
	Action       words
	NotAction    json.RawMessage
	Condition    json.RawMessage
}

// words is one string or a list of them.
type words []string

// UnmarshalJSON implements json.Unmarshaler.
func (w *words) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*w = words{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(w))
}

func parseTrust(doc json.RawMessage) (trust, error) {
	var t trust
	if err := json.Unmarshal(doc, &t.members); err != nil {
		return t, fmt.Errorf("read trust policy: %w", err)
	}
	raw := bytes.TrimSpace(t.members["Statement"])
	delete(t.members, "Statement")
	if len(raw) > 0 && raw[0] == '{' {
		t.statements = []json.RawMessage{raw}
		return t, nil
	}
	if err := json.Unmarshal(raw, &t.statements); err != nil {
		return t, fmt.Errorf("read trust policy: %w", err)
	}
	return t, nil
}

// denied reports whether our statement stands, covers everybody the policy lets
// in, and has no condition; since is when it was written, zero when it does not say.
func (t trust) denied() (ok bool, since time.Time, err error) {
	want, err := t.deny("")
	if err != nil {
		return false, since, err
	}
	for _, raw := range t.statements {
		var st statement
		if err := json.Unmarshal(raw, &st); err != nil {
			return false, since, fmt.Errorf("read trust policy: %w", err)
		}
		stamp, ours := strings.CutPrefix(st.Sid, denySid)
		if !ours {
			continue
		}
		if at, perr := time.Parse(sidLayout, stamp); perr == nil {
			since = at
		}
		want["Sid"] = st.Sid
		ok = ok || sameJSON(raw, mustJSON(want))
	}
	return ok, since, nil
}

// shut gives the policy with our statement, written at the given moment (zero: not
// said). Every other statement stays.
func (t trust) shut(at time.Time) (json.RawMessage, error) {
	sid := denySid
	if !at.IsZero() {
		sid += at.UTC().Format(sidLayout)
	}
	deny, err := t.deny(sid)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	for k, v := range t.members {
		out[k] = v
	}
	var kept []json.RawMessage
	for _, raw := range t.statements {
		var st statement
		if err := json.Unmarshal(raw, &st); err != nil {
			return nil, fmt.Errorf("read trust policy: %w", err)
		}
		if !strings.HasPrefix(st.Sid, denySid) {
			kept = append(kept, raw)
		}
	}
	out["Statement"] = append(kept, mustJSON(deny))
	return mustJSON(out), nil
}

// deny is our statement for the principals the policy's Allow statements name; for
// everybody where one of them names nobody in particular.
func (t trust) deny(sid string) (map[string]any, error) {
	who := map[string][]string{}
	actions := slices.Clone(doors)
	everybody := false
	for _, raw := range t.statements {
		var st statement
		if err := json.Unmarshal(raw, &st); err != nil {
			return nil, fmt.Errorf("read trust policy: %w", err)
		}
		if st.Effect != "Allow" {
			continue
		}
		if slices.ContainsFunc(st.Action, func(a string) bool { return strings.EqualFold(a, samlDoor) }) && !slices.Contains(actions, samlDoor) {
			actions = append(actions, samlDoor)
		}
		var by map[string]words
		if len(st.NotPrincipal) > 0 || json.Unmarshal(st.Principal, &by) != nil {
			everybody = true
			continue
		}
		for _, kind := range []string{"AWS", "Federated"} {
			for _, p := range by[kind] {
				if p == "*" {
					everybody = true
				}
				if !slices.Contains(who[kind], p) {
					who[kind] = append(who[kind], p)
				}
			}
		}
	}
	slices.Sort(actions)
	d := map[string]any{"Sid": sid, "Effect": "Deny", "Action": actions, "Principal": "*"}
	if !everybody && len(who) > 0 {
		for _, list := range who {
			slices.Sort(list)
		}
		d["Principal"] = who
	}
	return d, nil
}

func mustJSON(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("aws: a policy is not plain data: %v", err))
	}
	return b
}

// canonical gives a document with sorted keys and without blanks.
func canonical(doc json.RawMessage) (json.RawMessage, error) {
	var v any
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("read policy document: %w", err)
	}
	return mustJSON(v), nil
}

func sameJSON(a, b json.RawMessage) bool {
	x, err1 := canonical(a)
	y, err2 := canonical(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}
