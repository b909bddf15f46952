package config

import (
	"maps"
	"slices"

	"github.com/firebreak/firebreak/internal/plan"
)

// node is one JSON Schema; keys are keywords.
type node = map[string]any

// Schema describes firebreak.yaml to an editor: every key, and every issuer and store
// with its settings. What Parse accepts the schema accepts too; Parse says the rest.
// The dialect is draft 7, as for playbooks.
func Schema(k Kinds) map[string]any {
	return node{
		"$schema": "http://json-schema.org/draft-07/schema#", "$id": "urn:firebreak:config-file:1", "title": "firebreak's configuration",
		"type": "object", "additionalProperties": false, "required": []any{"version"},
		"properties": node{
			"version": node{"const": 1, "description": "Version of the format."},
			"author":  said("string", "Who plans; may not approve."),
			"github": closed("Where a repository is named without an owner, and as whom to come.", node{
				"owner": said("string", "The account that is meant."),
				"app": closed("A GitHub App to come as.", node{
					"id": said("integer", "The App's id."), "installation": said("integer", "Its installation's id."), "key_file": said("string", "File of its private key."),
				}, "id", "installation", "key_file"),
			}),
			"aws": closed("AWS.", node{"accounts": each("Accounts, by a name of your own.", closed("", node{
				"id": like(accountID.String(), "Twelve digits, in quotes."), "profile": said("string", "The profile that reaches it."),
			}, "id"))}),
			"recipients":  texts(node{"type": "string"}, "SSH or age public keys, or files of them, to which new values are sealed."),
			"owners":      each("Who rotates, by name.", closed("", node{"contact": said("string", "Where they are reached.")})),
			"credentials": node{"type": []any{"array", "null"}, "description": "Secrets and what is known of them.", "items": credentialSchema(k)},
			"identities":  each("Cloud identities, by the name workflows use.", identitySchema()),
			"workflows":   each("Who answers for a workflow, by its file's name, its path, or owner/name/path.", closed("", node{"owner": said("string", "As declared under owners.")}, "owner")),
			"http":        each("Services nobody has written an adapter for, by a name of your own.", serviceSchema()),
			"confirm": closed("Who has to agree.", node{"irreversible": closed("To what cannot be taken back.", node{
				"approvals":       node{"type": "integer", "minimum": 0, "description": "How many signatures; 0: a typed confirmation."},
				"allowed_signers": said("string", "OpenSSH file of those who may sign."),
				"second_person":   said("boolean", "An override of a gate needs another person."),
			})}),
			"waits": node{"type": []any{"object", "null"}, "description": "Propagation waits that replace the provider's, by action or provider.", "additionalProperties": span("")},
		},
	}
}

func credentialSchema(k Kinds) node {
	secret := node{"type": "string", "pattern": secretName.String()}
	return node{
		"type": "object", "additionalProperties": false, "required": []any{"secret"},
		"properties": node{
			"secret":    texts(secret, "The name as workflows write it; a list of names that are one credential together."),
			"scope":     node{"description": "Only the secret found there.", "anyOf": []any{node{"enum": words(scopes())}, like("^environment/.", "")}},
			"issuer":    one("What makes and ends it.", k.Issuers),
			"stores":    node{"type": []any{"array", "null"}, "items": one("", k.Stores), "description": "Copies beyond the secret it was found in."},
			"authority": texts(node{"enum": words(plan.Authorities())}, "What it lets its holder do."),
			"systems":   texts(node{"type": "string"}, "What it opens, in the words people use."),
			"owner":     said("string", "Who rotates it, as declared under owners."),
			"rotation":  node{"enum": []any{"emergency", "overlap"}, "description": "emergency: the old value dies first. overlap: when the new one is tested."},
			"deadline":  span("With overlap: when the old value dies anyway."),
			"mints":     texts(node{"type": "string"}, "Names of what its holder can obtain."),
		},
		"if": node{"required": []any{"deadline"}}, "then": node{"required": []any{"rotation"}, "properties": node{"rotation": node{"const": "overlap"}}},
	}
}

// one is a system with its settings: exactly one key of kinds.
func one(about string, kinds map[string][]plan.Field) node {
	properties := node{}
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		settings := node{}
		for _, f := range kinds[name] {
			settings[f.Name] = node{"description": f.Doc}
		}
		properties[name] = node{"type": []any{"object", "null"}, "properties": settings, "additionalProperties": false}
	}
	return node{"type": "object", "description": about, "properties": properties, "additionalProperties": false, "minProperties": 1, "maxProperties": 1}
}

func identitySchema() node {
	properties := node{
		"authority": texts(node{"enum": words(plan.Authorities())}, "What it lets its holder do."), "owner": said("string", "Who mends it."),
		"systems": texts(node{"type": "string"}, "What it opens, in the words people use."),
		"mount":   said("string", "Where Vault's auth method is mounted."), "account": said("string", "The AWS account, by its name here."), "address": said("string", "The Vault it is of."),
	}
	var kinds []any
	for _, kind := range identityKinds() {
		properties[kind] = node{"type": "string"}
		kinds = append(kinds, node{"required": []any{kind}})
	}
	properties["aws.role"] = like(roleARN.String(), "The role's ARN.")
	return node{"type": "object", "properties": properties, "additionalProperties": false, "oneOf": kinds}
}

func serviceSchema() node {
	pointer := like("^(/|$)", "A JSON pointer into the answer.")
	code := node{"type": "array", "items": node{"type": "integer", "minimum": 100, "maximum": 599}}
	is := each("What pointers must lead to.", node{"type": "string"})
	request := func(about string, methods []string, more node, required ...string) node {
		properties, kinds := node{}, []any{}
		maps.Copy(properties, more)
		for _, m := range methods {
			properties[m] = like("^/", "The path below url.")
			kinds = append(kinds, node{"required": []any{m}})
		}
		n := closed(about, properties, required...)
		n["oneOf"] = kinds
		return n
	}
	return closed("", node{
		"url":  like("^https?://", "Where every path lies below."),
		"auth": closed("As whom firebreak comes.", node{"header": node{"type": "string"}, "scheme": node{"type": "string"}, "env": like(envName.String(), "The variable that holds the credential."), "own": said("string", "That credential's id in the list, or none.")}),
		"page": said("string", "Where people manage the keys."), "death": span("How long a destroyed key may go on working."),
		"list":    request("How the keys are listed.", harmless, node{"items": pointer, "id": pointer, "created": pointer, "hint": pointer, "next": pointer, "ok": code}, "id"),
		"mint":    request("How a key is made.", changing, node{"json": node{}, "id": pointer, "value": pointer, "ok": code}, "id", "value"),
		"destroy": request("How a key is ended.", changing, node{"json": node{}, "ok": code, "already": code}),
		"probe":   request("A read with the key itself.", harmless, node{"ok": code, "refused": code, "is": is}),
		"checks":  each("Reads with firebreak's own credential, for manual tasks.", request("", harmless, node{"ok": code, "is": is})),
	}, "url")
}

func span(about string) node { return like(`^(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+$|^0$`, about) }

// texts is a text or a list of texts.
func texts(item node, about string) node {
	return node{"description": about, "anyOf": []any{item, node{"type": "array", "items": item}}}
}

// each is a map of names to values of one form.
func each(about string, value node) node {
	return node{"type": "object", "description": about, "additionalProperties": value}
}

// closed is a map that has these keys and no others.
func closed(about string, properties node, required ...string) node {
	n := node{"type": "object", "properties": properties, "additionalProperties": false}
	if about != "" {
		n["description"] = about
	}
	if len(required) > 0 {
		n["required"] = words(required)
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

func words(all []string) []any {
	var out []any
	for _, w := range all {
		out = append(out, w)
	}
	return out
}
