package playbook

import (
	"github.com/firebreak/firebreak/internal/plan"
)

// node is one JSON Schema; keys are keywords.
type node = map[string]any

// Schema describes playbook files to an editor: keys, actions and their inputs, with
// what each is for. It is made from the catalogue alone and the same every time.
//
// It says of a file what can be said without reading its expressions; Parse says the
// rest. What Parse accepts the schema accepts too. The dialect is draft 7, the newest
// that the YAML language server of editors reads. Source: yaml-language-server README,
// "Supports JSON Schema 7 and below".
func Schema(c Catalogue) map[string]any {
	s := sketch{specs: c.Specs()}
	return node{
		"$schema":              "http://json-schema.org/draft-07/schema#",
		"$id":                  "urn:firebreak:playbook-file:1",
		"title":                "A firebreak playbook",
		"type":                 "object",
		"additionalProperties": false,
		"required":             []any{"version", "playbook", "steps"},
		"properties": node{
			"version":     node{"const": Version, "description": "Version of the playbook language."},
			"playbook":    like(slug.String(), "The playbook's name."),
			"title":       said("string", "One line for people."),
			"description": said("string", "More of it."),
			"partial":     like(`\S`, "What this playbook leaves to a further plan of the same incident, in a sentence."),
			"inputs":      s.inputs(),
			"gates":       s.gates(),
			"steps":       s.steps(),
		},
		"definitions": s.definitions(),
	}
}

// sketch makes the parts that depend on what can be done.
type sketch struct{ specs []plan.Spec }

func (s sketch) inputs() node {
	types := anyList(inputTypes())
	return node{
		"type": "object", "description": "What the responder gives. repository, workflow and since are handed on by themselves to actions that need them.",
		"additionalProperties": false,
		"patternProperties": node{identifier.String(): node{
			"type": "object", "additionalProperties": false, "required": []any{"type"},
			"properties": node{
				"type": node{"description": "The input's type; in brackets a list of it.", "anyOf": []any{
					node{"enum": types}, node{"type": "array", "items": node{"enum": types}, "minItems": 1, "maxItems": 1},
				}},
				"required": said("boolean", "It has to be given."),
				"default":  node{"description": "The value when it is not given.", "type": []any{"string", "boolean", "integer", "array"}, "items": node{"type": []any{"string", "boolean", "integer"}}},
				"doc":      said("string", "What it is, for whoever gives it."),
			},
			"allOf": []any{
				node{"if": node{"required": []any{"required"}, "properties": node{"required": node{"const": true}}}, "then": node{"not": node{"required": []any{"default"}}}},
				defaults(plan.Bool, node{"type": "boolean"}), defaults(plan.Int, node{"type": "integer"}), defaults(plan.String, node{"type": "string"}),
				defaults(plan.Repository, form(plan.Repository, false)), defaults(plan.Workflow, form(plan.Workflow, false)), defaults(plan.Timestamp, form(plan.Timestamp, false)),
			},
		}},
	}
}

// defaults says what the default of an input of type t looks like.
func defaults(t plan.Type, is node) node {
	return node{"if": node{"required": []any{"type"}, "properties": node{"type": node{"const": string(t)}}}, "then": node{"properties": node{"default": is}}}
}

func (s sketch) gates() node {
	return node{
		"type": "object", "description": "Conditions of your own: a name, and what somebody has to confirm.",
		"propertyNames":        node{"pattern": slug.String(), "not": node{"enum": anyList(gateNames())}},
		"additionalProperties": node{"type": "string"},
	}
}

// aims are the seven steps in words.
var aims = map[plan.Step]string{
	plan.Disable:    "Stop the workflow: no new run, and none that goes on.",
	plan.Revoke:     "End cloud sessions and the trust that gives them.",
	plan.Rotate:     "Replace the static secrets within reach.",
	plan.Invalidate: "End registry tokens and publish credentials.",
	plan.Rebuild:    "Build what is published again, on a clean runner.",
	plan.Review:     "Look through logs, caches, artifacts and destinations.",
	plan.Restore:    "Open the workflow again, once its boundary is fixed.",
}

func (s sketch) steps() node {
	properties := node{}
	for _, step := range responseSteps() {
		properties[string(step)] = node{"type": "array", "items": node{"$ref": "#/definitions/task"}, "description": aims[step]}
	}
	return node{"type": "object", "description": "The seven steps, in the order of reading. What must wait waits at gates.", "additionalProperties": false, "minProperties": 1, "properties": properties}
}

func (s sketch) definitions() node {
	out := node{"task": s.task(), "verify": s.verify()}
	for _, spec := range s.specs {
		properties := node{}
		for _, f := range spec.Inputs {
			n := form(f.Type, true)
			n["description"] = f.Doc
			properties[f.Name] = n
		}
		out[spec.Name] = node{"type": []any{"object", "null"}, "additionalProperties": false, "properties": properties}
	}
	return out
}

func (s sketch) task() node {
	own := like(slug.String(), "")
	return node{
		"type": "object", "additionalProperties": false,
		"properties": node{
			"id":     like(taskID.String(), "So that later tasks can name its outputs. In a loop each element has its own: a task takes those of the element whose inputs it shares."),
			"for":    node{"type": "string", "pattern": `^\s*[a-z][a-z0-9_]*\s* in `, "not": node{"pattern": `\$\{\{|^\s*(inventory|inputs|tasks)\s* in `}, "description": "NAME in EXPRESSION: once for each element of a list."},
			"when":   said("string", "An expression; only where it is true."),
			"gate":   node{"description": "Gates that hold this back: firebreak's own, or the playbook's.", "anyOf": []any{node{"enum": anyList(gateNames())}, own, node{"type": "array", "items": node{"anyOf": []any{node{"enum": anyList(gateNames())}, own}}}}},
			"use":    s.use("The action.", func(plan.Spec) bool { return true }),
			"with":   node{"type": []any{"object", "null"}, "description": "The action's inputs."},
			"rotate": whole("The whole life of a credential: kill the old value, mint, deliver, test, destroy the old."),
			"manual": node{"type": "object", "description": "Something a person does.", "additionalProperties": false, "required": []any{"instructions"}, "properties": node{
				"instructions": said("string", "Exactly what to do."), "link": said("string", "The page to do it on."), "verify": node{"$ref": "#/definitions/verify"},
			}},
			"notify": said("string", "A message for people."),
		},
		"oneOf":        []any{needs("use"), needs("rotate"), needs("manual"), needs("notify")},
		"dependencies": node{"with": []any{"use"}, "id": []any{"use"}},
		"allOf":        s.withs(func(plan.Spec) bool { return true }),
	}
}

func (s sketch) verify() node {
	reads := func(spec plan.Spec) bool { return spec.Effect == plan.Read }
	return node{
		"type": "object", "description": "An action whose reading says when the task is done.", "additionalProperties": false, "required": []any{"use"},
		"properties": node{"use": s.use("The action; one that only reads.", reads), "with": node{"type": []any{"object", "null"}}},
		"allOf":      s.withs(reads),
	}
}

// use lists actions with what they do, as editors show it beside each.
func (s sketch) use(about string, which func(plan.Spec) bool) node {
	var names, summaries []any
	for _, spec := range s.specs {
		if which(spec) {
			names, summaries = append(names, spec.Name), append(summaries, spec.Summary)
		}
	}
	return node{"description": about, "type": "string", "enum": names, "enumDescriptions": summaries}
}

// withs binds with to the inputs of the action that use names.
func (s sketch) withs(which func(plan.Spec) bool) []any {
	var out []any
	for _, spec := range s.specs {
		if !which(spec) {
			continue
		}
		named := node{"use": node{"const": spec.Name}}
		out = append(out, node{"if": node{"required": []any{"use"}, "properties": named}, "then": node{"properties": node{"with": node{"$ref": "#/definitions/" + spec.Name}}}})
		var must []any
		for _, f := range spec.Inputs {
			if f.Required && !supplied[f.Name] {
				must = append(must, f.Name)
			}
		}
		if len(must) == 0 {
			continue
		}
		// What a loop is over may give inputs by itself.
		out = append(out, node{
			"if":   node{"required": []any{"use"}, "properties": named, "not": node{"required": []any{"for"}}},
			"then": node{"required": []any{"with"}, "properties": node{"with": node{"type": "object", "required": must}}},
		})
	}
	return out
}

// supplied are inputs that may come from elsewhere than with; see scope.supplies.
var supplied = map[string]bool{
	"repository": true, "workflow": true, "since": true, "account": true, "role": true, "mount": true, "address": true, "user": true, "id": true,
}

// form is what a value of type t looks like in a file, with an expression in it where
// that is allowed.
func form(t plan.Type, expression bool) node {
	or := func(pattern string) node {
		if expression {
			pattern += `|\$\{\{`
		}
		return node{"type": "string", "pattern": pattern}
	}
	either := func(n node) node {
		if !expression {
			return n
		}
		return node{"anyOf": []any{n, whole("")}}
	}
	switch t {
	case plan.Bool:
		return either(node{"type": "boolean"})
	case plan.Int:
		return either(node{"type": "integer"})
	case plan.List:
		return either(node{"type": "array", "items": node{"type": "string"}})
	case plan.Map:
		return either(node{"type": "object", "additionalProperties": node{"type": "string"}})
	case plan.Secret:
		return whole("")
	case plan.Repository:
		return or(repositoryText.String())
	case plan.Workflow:
		return or(`^([A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+/)?\.github/workflows/[^/\s]+\.ya?ml$`)
	case plan.Timestamp:
		return or(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$`)
	}
	return node{"type": "string"}
}

// whole is a value that is exactly one expression.
func whole(about string) node {
	n := node{"type": "string", "pattern": `^\$\{\{[\s\S]*\}\}$`}
	if about != "" {
		n["description"] = about
	}
	return n
}

func said(kind, about string) node { return node{"type": kind, "description": about} }

func like(pattern, about string) node {
	n := node{"type": "string", "pattern": pattern}
	if about != "" {
		n["description"] = about
	}
	return n
}

func needs(key string) node { return node{"required": []any{key}} }

func anyList(words []string) []any {
	var out []any
	for _, w := range words {
		out = append(out, w)
	}
	return out
}
