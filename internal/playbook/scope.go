package playbook

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/plan"
)

// scope is what expressions in one place may name.
type scope struct {
	env    *cel.Env
	inputs []Input
	loop   string    // name of the loop's variable, "" outside
	kind   *cel.Type // its type
	fields []string  // every field an inventory object has, for hints
}

var (
	credentialType = cel.ObjectType("inventory.Credential")
	identityType   = cel.ObjectType("inventory.Identity")
)

// newScope declares the inventory and the playbook's inputs.
func newScope(inputs []Input) (*scope, error) {
	options := []cel.EnvOption{
		ext.NativeTypes(reflect.TypeFor[inventory.Inventory](), ext.ParseStructTag("json")),
		ext.Strings(),
		cel.Variable("inventory", cel.ObjectType("inventory.Inventory")),
	}
	for _, i := range inputs {
		options = append(options, cel.Variable("inputs."+i.Name, i.celType()))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("declare the names of playbook expressions: %w", err)
	}
	return &scope{env: env, inputs: inputs, fields: fieldNames(reflect.TypeFor[inventory.Inventory]())}, nil
}

// with gives a scope that also has a loop's variable.
func (s *scope) with(name string, kind *cel.Type) (*scope, error) {
	env, err := s.env.Extend(cel.Variable(name, kind))
	if err != nil {
		return nil, fmt.Errorf("declare loop variable %s: %w", name, err)
	}
	inner := *s
	inner.env, inner.loop, inner.kind = env, name, kind
	return &inner, nil
}

func (s *scope) inputNames() []string {
	var out []string
	for _, i := range s.inputs {
		out = append(out, i.Name)
	}
	return out
}

func (s *scope) input(name string) (Input, bool) {
	for _, i := range s.inputs {
		if i.Name == name {
			return i, true
		}
	}
	return Input{}, false
}

func (s *scope) names() []string {
	out := []string{"inventory"}
	for _, i := range s.inputs {
		out = append(out, "inputs."+i.Name)
	}
	if s.loop != "" {
		out = append(out, s.loop)
	}
	return out
}

// celType is the type expressions see. Timestamps are RFC 3339 text; timestamp(x)
// makes a time of one.
func (i Input) celType() *cel.Type {
	one := cel.StringType
	switch i.Type {
	case plan.Bool:
		one = cel.BoolType
	case plan.Int:
		one = cel.IntType
	case plan.List:
		return cel.ListType(cel.StringType)
	case plan.Map:
		return cel.MapType(cel.StringType, cel.StringType)
	}
	if i.List {
		return cel.ListType(one)
	}
	return one
}

// typeName says a CEL type in the words of the documentation.
func typeName(t *cel.Type) string {
	switch {
	case t == nil:
		return "unknown"
	case t.IsExactType(credentialType):
		return "a credential"
	case t.IsExactType(identityType):
		return "an identity"
	case t.Kind() == cel.ListKind && len(t.Parameters()) == 1:
		return "a list"
	}
	switch t.Kind() {
	case cel.StringKind:
		return "a string"
	case cel.IntKind:
		return "a number"
	case cel.BoolKind:
		return "true or false"
	case cel.MapKind:
		return "a map"
	}
	return "a " + strings.ToLower(strings.TrimPrefix(t.String(), "inventory."))
}

// fieldNames lists the JSON names of every field below a struct, sorted.
func fieldNames(t reflect.Type) []string {
	seen := map[reflect.Type]bool{}
	var out []string
	var walk func(reflect.Type)
	walk = func(t reflect.Type) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || seen[t] {
			return
		}
		seen[t] = true
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			out = append(out, name)
			walk(t.Field(i).Type)
		}
	}
	walk(t)
	slices.Sort(out)
	return slices.Compact(out)
}
