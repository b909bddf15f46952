package snapshot_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/firebreak/firebreak/internal/snapshot"
)

// A later look at something else of the same account or server forgets nothing of the
// earlier one, whatever list is ever added to them.
func TestALaterLookAtSomethingElseForgetsNothing(t *testing.T) {
	for name, list := range map[string]func(*snapshot.Snapshot) reflect.Value{
		"account": func(s *snapshot.Snapshot) reflect.Value {
			s.AWS = []snapshot.Account{{ID: "111122223333"}}
			return reflect.ValueOf(&s.AWS[0]).Elem()
		},
		"server": func(s *snapshot.Snapshot) reflect.Value {
			s.Vault = []snapshot.Vault{{Address: "https://vault.example"}}
			return reflect.ValueOf(&s.Vault[0]).Elem()
		},
	} {
		was, now := &snapshot.Snapshot{}, &snapshot.Snapshot{}
		x, lists := list(was), 0
		for i := range x.NumField() {
			if f := x.Field(i); f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Struct {
				f.Set(reflect.MakeSlice(f.Type(), 1, 1))
				lists++
			}
		}
		list(now)
		before, after := parts(t, was), parts(t, snapshot.Merge(was, now))
		if lists < 4 {
			t.Errorf("%s: only %d lists were filled", name, lists)
		}
		for part, v := range before[name] {
			if !slices.Equal(after[name][part], v) {
				t.Errorf("%s: %s was %s and is %s", name, part, v, after[name][part])
			}
		}
	}
}

// parts gives the members of the one account and the one server of a snapshot.
func parts(t *testing.T, s *snapshot.Snapshot) map[string]map[string]json.RawMessage {
	t.Helper()
	out := map[string]map[string]json.RawMessage{}
	for name, v := range map[string]any{"account": s.AWS, "server": s.Vault} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var all []map[string]json.RawMessage
		if err := json.Unmarshal(b, &all); err != nil {
			t.Fatal(err)
		}
		if len(all) == 1 {
			out[name] = all[0]
		}
	}
	return out
}
